"""Which code of the workspace belongs into the window, and in what order."""
