"""What a model's forward takes and returns, as a function from tensors to tensors."""
