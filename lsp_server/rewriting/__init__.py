"""Code that a model writes anew: its answer read strictly, judged, and made the smallest edits. Knows no documents."""
