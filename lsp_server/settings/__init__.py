"""What users can set, where it comes from, and how it is told."""
