"""Tree ensembles of any library as ONNX: a neutral value, and what writes it. Public for plugins; NumPy, and ONNX's own package for small nodes."""

from converter.trees.ensemble import Comparison, Ensemble, decide, scores
from converter.trees.proving import are_led, led, rows_to_prove
from converter.trees.reaching import beside_splits
from converter.trees.sampling import Column, columns_of
from converter.trees.scoring import add_leaves, add_scores

__all__ = [
    "Column",
    "Comparison",
    "Ensemble",
    "add_leaves",
    "add_scores",
    "are_led",
    "beside_splits",
    "columns_of",
    "decide",
    "led",
    "rows_to_prove",
    "scores",
]
