"""What a text says in its language: symbols, names, imports, skeletons. One text at a time; opens no file."""
