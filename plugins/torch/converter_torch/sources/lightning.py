"""Checkpoints of Lightning: the hyper-parameters beside the weights are the arguments of the class that wrote them."""

from __future__ import annotations

import inspect
from argparse import Namespace
from collections.abc import Callable, Mapping
from inspect import Parameter
from typing import Any

HYPER_PARAMETERS = ("hyper_parameters", "hparams")
NAME = "hparams_name"


def arguments_from(extras: Mapping[str, Any], factory: Callable[..., Any]) -> dict[str, Any]:
    """Return the arguments that a checkpoint holds for a class: the hyper-parameters that it takes, or all in one where it takes them so.

    They are empty where the checkpoint has none.
    """
    held: Any = next((extras[key] for key in HYPER_PARAMETERS if key in extras), {})
    found = vars(held) if isinstance(held, Namespace) else held
    if not isinstance(found, Mapping) or not found:
        return {}
    try:
        parameters = inspect.signature(factory).parameters
    except (TypeError, ValueError):
        return {}
    whole = str(extras.get(NAME, ""))
    if whole in parameters and parameters[whole].kind is not Parameter.VAR_KEYWORD and whole not in found:
        return {whole: held}
    takes_any = any(each.kind is Parameter.VAR_KEYWORD for each in parameters.values())
    return {str(name): value for name, value in found.items() if takes_any or name in parameters}
