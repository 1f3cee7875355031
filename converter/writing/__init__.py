"""Graphs that are written node by node, for exporters that know what a model computes. Public for plugins.

document.py   the graph in the making: nodes and constants by their names, each once
values.py     arithmetic on its values, as NumPy writes it
flow.py       steps that are repeated, taken or left
inlining.py   graphs that others wrote
"""

from converter.writing.document import Document
from converter.writing.flow import either, in_chunks, loop
from converter.writing.inlining import inlined
from converter.writing.values import Value, Ways, side_by_side, stacked, with_ways

__all__ = ["Document", "Value", "Ways", "either", "in_chunks", "inlined", "loop", "side_by_side", "stacked", "with_ways"]
