"""How the embedded model mellum2-nano is made and measured: data, tokenizer, training, evaluation."""
