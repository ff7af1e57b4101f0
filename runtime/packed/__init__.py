"""Packed weights in a file: made once from a checkpoint, then mapped by every later load."""
