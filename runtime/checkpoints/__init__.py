"""Released checkpoints: which there are, how they come to this machine, and what is in them."""
