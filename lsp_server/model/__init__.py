"""Ways to a model: the protocol that the server needs, and the resident runtime behind it."""
