"""What a caller may give to an input: checks, literals, and values that are no dense tensor."""
