"""What is open in the editor: texts, positions, and how they change. Knows no model."""
