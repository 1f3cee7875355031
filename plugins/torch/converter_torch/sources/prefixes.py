"""What wrappers put before the keys of their weights, taken off: DataParallel, torch.compile, a LightningModule's `model.` or `net.`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch

from converter.plugin import SourceError

OPTION = "prefix"
Weights = Mapping[str, torch.Tensor]


def without_prefixes(weights: Weights) -> dict[str, torch.Tensor]:
    """Return the weights without what DataParallel (`module.`) and torch.compile (`_orig_mod.`) put before their keys."""
    bare = {key.replace("_orig_mod.", ""): value for key, value in weights.items()}
    while bare and all(key.startswith("module.") for key in bare):
        bare = under(bare, "module.")
    return bare


def fitting(weights: Weights, wanted: Iterable[str], *, name: str, prefix: str = "") -> tuple[Weights, str]:
    """Return the weights by the keys that a module wants, and a note where only those under a prefix are taken: `prefix`, or the one that fits alone.

    Raises SourceError where no key begins with `prefix`, and where several would fit.
    """
    keys = set(wanted)
    if prefix:
        taken = under(weights, prefix)
        if not taken:
            raise SourceError(f"no key of {name} begins with '{prefix}'", hint=f"its keys begin with: {', '.join(list(weights)[:3])}")
        return taken, _note(prefix, taken, weights)
    best = max(weights, without_prefixes(weights), key=lambda each: len(keys & each.keys()))
    if keys <= best.keys():
        return best, ""
    fit = [each for each in _candidates(best) if _counted(under(best, each)) == _counted(keys)]
    if len(fit) > 1:
        raise SourceError(f"the weights of {name} under {' and '.join(fit)} all fit", hint=f"-O prefix={fit[0]} takes those")
    if not fit:
        return best, ""
    taken = under(best, fit[0])
    return taken, _note(fit[0], taken, best)


def under(weights: Weights, prefix: str) -> dict[str, torch.Tensor]:
    """Return the weights whose keys begin with `prefix`, without it."""
    return {key.removeprefix(prefix): value for key, value in weights.items() if key.startswith(prefix)}


def _candidates(weights: Weights) -> list[str]:
    """Return everything before a dot that keys begin with, shortest first."""
    found = {".".join(parts[:end]) + "." for key in weights for parts in [key.split(".")] for end in range(1, len(parts))}
    return sorted(found, key=lambda each: (each.count("."), each))


def _counted(keys: Iterable[str]) -> set[str]:
    return {key for key in keys if not key.endswith("num_batches_tracked")}  # which old checkpoints lack


def _note(prefix: str, taken: Weights, weights: Weights) -> str:
    left = len(weights) - len(taken)
    return f"weights under {prefix}" + (f", {left} others left out" if left else "")
