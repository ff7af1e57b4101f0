"""Code actions that the model writes: fix, explain, document, test, refactor; listed at once, generated when chosen."""
