"""Folders of Hugging Face's transformers: from `config.json` and weights to a model whose inputs, outputs and cache have their usual names."""
