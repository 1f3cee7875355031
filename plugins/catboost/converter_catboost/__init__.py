"""The catboost plugin of converter."""
