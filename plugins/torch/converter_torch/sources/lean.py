"""Large modules made without values, and given those of a checkpoint as they lie in its file: nothing is copied.

    class ─ weightless ─▶ module: parameters on the meta device, buffers and everything else real ─ assign ─▶ module with the file's tensors

Only parameters are left out, since a checkpoint has them all; a buffer that is computed when the module is made, and is not saved, stays what it is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.utils.weak import WeakIdKeyDictionary

META = torch.device("meta")


@contextlib.contextmanager
def weightless() -> Iterator[None]:
    """Let every parameter that a module registers lose its values: it is on the meta device."""
    register = nn.Module.register_parameter
    replaced: Any = WeakIdKeyDictionary()  # a parameter that two modules share stays one

    def register_without_values(self: nn.Module, name: str, param: nn.Parameter | None) -> None:
        register(self, name, param)
        if type(param) is nn.Parameter and param.device != META and not is_lazy(param):
            if param not in replaced:
                replaced[param] = nn.Parameter(param.detach().to(META), requires_grad=param.requires_grad)
            self._parameters[name] = replaced[param]

    nn.Module.register_parameter = register_without_values  # type: ignore[method-assign]
    try:
        yield
    finally:
        nn.Module.register_parameter = register  # type: ignore[method-assign]


def assign(module: nn.Module, weights: Mapping[str, torch.Tensor]) -> tuple[list[str], list[str]]:
    """Make the weights the module's own, in the dtypes that it has; return the keys that are missing and those that are unexpected."""
    wanted = module.state_dict()
    shared = _shared(module)
    cast = {key: value.to(wanted[key].dtype) if _differs(value, wanted.get(key)) else value for key, value in weights.items()}
    missing, unexpected = module.load_state_dict(cast, strict=False, assign=True)
    found = {name for name in wanted if name not in missing}
    for names in shared:
        if given := [name for name in names if name in found]:
            parameter = module.get_parameter(given[-1])
            for name in names:
                _set(module, name, parameter)
            found.update(names)
    return [key for key in missing if key not in found], unexpected


def is_whole(module: nn.Module) -> bool:
    """Tell whether no tensor of the module is without values, wherever it is kept."""
    return not any(tensor.device == META for part in module.modules() for tensor in _tensors(vars(part)))


def _shared(module: nn.Module) -> list[list[str]]:
    """Return the names of each parameter that has several."""
    names: dict[int, list[str]] = {}
    for name, parameter in module.named_parameters(remove_duplicate=False):
        names.setdefault(id(parameter), []).append(name)
    return [each for each in names.values() if len(each) > 1]


def _differs(value: Any, wanted: Any) -> bool:
    return isinstance(value, torch.Tensor) and isinstance(wanted, torch.Tensor) and value.dtype != wanted.dtype


def _set(module: nn.Module, name: str, parameter: nn.Parameter) -> None:
    owner, _, last = name.rpartition(".")
    setattr(module.get_submodule(owner), last, parameter)


def _tensors(value: Any, depth: int = 0) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
        return
    items: Iterable[Any] = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple | set) else ()
    if depth < _DEPTH:
        for item in items:
            yield from _tensors(item, depth + 1)


_DEPTH = 4
