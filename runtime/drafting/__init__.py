"""Guessing tokens before the model says them, and having it check several at once. No guess changes what comes out."""
