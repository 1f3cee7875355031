"""The xgboost plugin of converter."""
