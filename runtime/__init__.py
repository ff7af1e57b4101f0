"""The model process and its client: token ids in, token ids out. Knows nothing of LSP or of repositories."""
