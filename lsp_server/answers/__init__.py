"""From a request to an answer: what is known already, what is being written, what the model is asked."""
