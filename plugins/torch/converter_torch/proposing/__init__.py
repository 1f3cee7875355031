"""Inputs for a module that came without: read from its layers and its forward, proven by running it."""
