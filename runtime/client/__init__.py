"""The torch-free half of the runtime: how a language server finds it, starts it and talks to it."""
