"""The benchmark of the context engine: real changes between two releases, with and without the repository's code."""
