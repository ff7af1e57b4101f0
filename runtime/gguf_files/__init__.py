"""Models in GGUF files, as llama.cpp and Ollama keep them: their facts, words and weights in our own terms."""
