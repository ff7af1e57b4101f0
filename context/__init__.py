"""What of a repository may stand in a prompt. Knows neither LSP nor the model."""
