"""Where candidates come from, one module for each kind of reason. Each ranks its own; none knows of the others."""
