"""Rows through a graph: Arrow columns become inputs, outputs become Arrow columns."""
