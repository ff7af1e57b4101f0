"""What the user has changed, and what changes that asks for elsewhere."""
