"""Speed of the engine on this machine, alone or side by side with another implementation."""
