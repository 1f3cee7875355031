"""Arrays of any library: whose they are, where they lie, and how they pass without a copy."""
