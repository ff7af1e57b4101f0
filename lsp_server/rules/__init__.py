"""Rules on plain text: what of a model's text is worth showing, and how much to ask for."""
