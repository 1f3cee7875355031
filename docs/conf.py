"""Sphinx's settings; built offline with `make docs`."""

from __future__ import annotations

project = "converter"
author = "the converter authors"
copyright = "2026, the converter authors"  # noqa: A001 - Sphinx's name
extensions = ["myst_parser"]
html_theme = "furo"
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
