"""Repository in, ranked text out. Knows neither LSP nor the model."""
