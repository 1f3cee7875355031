"""The lightgbm plugin of converter."""
