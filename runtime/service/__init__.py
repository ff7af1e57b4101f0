"""The resident model process: one per user and model, serving many editor windows over a local socket."""
