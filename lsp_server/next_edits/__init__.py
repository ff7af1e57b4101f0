"""Next edits: what the user would change next, found, judged, kept up with typing, and offered once at a time."""
