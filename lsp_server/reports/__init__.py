"""What users and their tools are told: status, health, figures of what became of suggestions, logs."""
