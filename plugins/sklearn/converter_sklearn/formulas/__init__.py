"""Formulas that several families share, as arithmetic on values: distances, kernels, special functions."""
