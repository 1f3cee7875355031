"""ONNX documents: what an exporter wrote becomes a graph that is valid, named, honest about its shapes, and the same bytes every time."""

from converter.graph.finishing import Graph, finish

__all__ = ["Graph", "finish"]
