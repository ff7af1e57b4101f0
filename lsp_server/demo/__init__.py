"""The demo: a small LSP client that types into the real server and shows what comes back."""
