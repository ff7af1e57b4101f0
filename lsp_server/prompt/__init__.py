"""Which text a model sees around the cursor and before it."""
