"""From an import to the files of the workspace that it means: names and small configuration files decide, no source."""
