"""Values of parameters that are no inputs: `-O constants='{"use_cache": false, "scale": 0.5}'`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from converter.plugin import UsageError

OPTION = "constants"
_HINT = '-O constants=\'{"use_cache": false, "scale": 0.5}\''


def constants_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the constants by the names of their parameters; raises UsageError for a text that is no JSON object."""
    text = str(options.get(OPTION, ""))
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError as error:
        raise UsageError(f"-O constants is no JSON: {error}", hint=_HINT) from error
    if not isinstance(found, dict):
        raise UsageError(f"-O constants is a {type(found).__name__} and no object of names and values", hint=_HINT)
    return found
