"""One module per LSP capability, named after the protocol's method."""
