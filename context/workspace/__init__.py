"""The files of a workspace: which there are, what they say, how they changed together. The only part that reads."""
