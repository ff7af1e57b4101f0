"""What must never leave the user's disk: secrets, ignored files, and what is no text worth reading."""
