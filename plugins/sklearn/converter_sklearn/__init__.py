"""The sklearn plugin of converter."""
