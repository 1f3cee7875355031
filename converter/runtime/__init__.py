"""Running ONNX graphs: a checked session over ONNX Runtime, on CUDA and the CPU, for arrays of any library."""

from converter.runtime.arrays.block import Block
from converter.runtime.binding.bound import Bound
from converter.runtime.opening.devices import Device, ProviderState, survey_providers
from converter.runtime.opening.placement import Node, Placement
from converter.runtime.opening.ports import Port
from converter.runtime.result import Result
from converter.runtime.session import Session

__all__ = ["Block", "Bound", "Device", "Node", "Placement", "Port", "ProviderState", "Result", "Session", "survey_providers"]
