"""What is where in the workspace, kept on disk: chunks by their words, symbols by their names."""
