"""Everything that a plugin may import from converter: the contract, the values, the errors, and a few helpers."""

from __future__ import annotations

import pluggy

from converter import protobuf
from converter.ctc import METADATA_KEY as CTC_METADATA
from converter.ctc import CtcAlphabet
from converter.errors import (
    ConverterError,
    ExportError,
    MissingInputs,
    MissingPackage,
    PluginError,
    SourceError,
    SourceNotFound,
    UnknownName,
    UnreadableSource,
    UnrecognisedSource,
    UntrustedSource,
    UsageError,
)
from converter.framework import Exporter, ExportRequest, Framework, LoadRequest, Match, Option, SourceModel
from converter.images import METADATA_KEY as IMAGE_METADATA
from converter.images import ImagePreparation
from converter.inputs import format_input, parse_inputs
from converter.pickles import Allowed, load_pickle, open_pickle
from converter.sizes import example_sizes
from converter.source import Source, import_attribute
from converter.specs import Axis, Dim, Domain, Input, Output, evaluate

hookimpl = pluggy.HookimplMarker("converter")

__all__ = [
    "CTC_METADATA",
    "IMAGE_METADATA",
    "Allowed",
    "Axis",
    "ConverterError",
    "CtcAlphabet",
    "Dim",
    "Domain",
    "ExportError",
    "ExportRequest",
    "Exporter",
    "Framework",
    "ImagePreparation",
    "Input",
    "LoadRequest",
    "Match",
    "MissingInputs",
    "MissingPackage",
    "Option",
    "Output",
    "PluginError",
    "Source",
    "SourceError",
    "SourceModel",
    "SourceNotFound",
    "UnknownName",
    "UnreadableSource",
    "UnrecognisedSource",
    "UntrustedSource",
    "UsageError",
    "evaluate",
    "example_sizes",
    "format_input",
    "hookimpl",
    "import_attribute",
    "load_pickle",
    "open_pickle",
    "parse_inputs",
    "protobuf",
]
