"""Running ONNX graphs: a checked session over ONNX Runtime, on CUDA and the CPU, for arrays of any library."""

from converter.runtime.block import Block
from converter.runtime.bound import Bound
from converter.runtime.devices import Device, ProviderState, survey_providers
from converter.runtime.placement import Node, Placement
from converter.runtime.ports import Port
from converter.runtime.result import Result
from converter.runtime.session import Session

__all__ = ["Block", "Bound", "Device", "Node", "Placement", "Port", "ProviderState", "Result", "Session", "survey_providers"]
