"""From a source to a fitted estimator: skops files and pickles by an allow-list, live objects as they are."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sklearn
from sklearn.exceptions import InconsistentVersionWarning, NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from converter.plugin import ConverterError, Source, UnreadableSource, load_pickle, open_pickle
from converter_sklearn.skops_files import load_skops
from converter_sklearn.trusted import trusted

_VERSION = re.compile(rb"_sklearn_version.{1,16}?(\d+\.\d+(?:\.\d+)?(?:(?:rc|\.dev|\.post)\d+)?)", re.DOTALL)  # only opcodes stand between
_OLDEST = (1, 4)  # the oldest version that this plugin works with
_ANSWERS = ("predict", "transform")


@dataclass(frozen=True)
class Loaded:
    """A fitted estimator, and the version of scikit-learn that made it where it is not the installed one."""

    estimator: Any
    made_by: str = ""


def load_estimator(source: Source, *, trust: bool) -> Loaded:
    """Return the fitted estimator of a source.

    Raises UntrustedSource for a file that names what is not allowed, and UnreadableSource for one that cannot be read, that another version of
    scikit-learn made so that this one cannot read it, or that holds no fitted estimator.
    """
    found = _load_file(source.path, source, trust=trust) if source.path is not None else Loaded(source.live)
    with told_by_version(source.name, found.made_by):
        _check(found.estimator, source.name)
    return found


@contextmanager
def told_by_version(name: str, made_by: str) -> Iterator[None]:
    """Where an estimator that another version made fails, raise UnreadableSource with both versions."""
    try:
        yield
    except ConverterError:
        raise
    except Exception as error:
        if not made_by:
            raise
        raise _other_version(name, made_by, f"{type(error).__name__}: {error}") from error


def _other_version(name: str, made_by: str, what: str) -> UnreadableSource:
    """Return the error for an estimator that another version made and that this one cannot use."""
    message = f"{name} was made by scikit-learn {made_by}, installed is {sklearn.__version__}: {what}"
    hint = f"convert it in an environment with scikit-learn {made_by}: pip install scikit-learn=={made_by}"
    if tuple(int(part) for part in re.findall(r"\d+", made_by)[:2]) < _OLDEST:
        again = f"fit the model again with scikit-learn {'.'.join(map(str, _OLDEST))} or newer, and save that"
        hint = f"only scikit-learn {made_by} reads it (pip install scikit-learn=={made_by}, with a Python of its time): {again}"
    return UnreadableSource(message, hint=hint)


def not_fitted(name: str, error: NotFittedError) -> UnreadableSource:
    """Return the error for an estimator that was never fitted, or a part of which was not."""
    return UnreadableSource(f"{name} is not fitted: {error}", hint="call fit before it is saved or converted")


def _load_file(path: Path, source: Source, *, trust: bool) -> Loaded:
    is_skops = "schema.json" in source.zip_names
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            estimator = load_skops(path, trusted(), trust=trust) if is_skops else load_pickle(path, trusted(), trust=trust)
        except UnreadableSource as error:
            made_by = "" if is_skops else _version_in(path)
            if made_by in {"", sklearn.__version__}:
                raise
            raise _other_version(path.name, made_by, error.message.removeprefix(f"{path.name} ")) from error
    versions = [each.message.original_sklearn_version for each in caught if isinstance(each.message, InconsistentVersionWarning)]
    return Loaded(estimator, versions[0] if versions else "")


def _version_in(path: Path) -> str:
    """Return the version of scikit-learn that a pickle mentions first, unless it is too damaged to tell."""
    try:
        with open_pickle(path) as file:
            found = _VERSION.search(file.read())
    except Exception:  # noqa: BLE001  the file was found damaged already; this only looks for more to say
        return ""
    return found[1].decode() if found else ""


def _check(estimator: Any, name: str) -> None:
    if isinstance(estimator, type) or not any(hasattr(estimator, method) for method in ("fit", *_ANSWERS)):
        kind = f"the class {estimator.__name__}" if isinstance(estimator, type) else f"a {type(estimator).__name__}"
        inside = f" with {', '.join(map(str, list(estimator)[:5]))}" if isinstance(estimator, Mapping) else ""
        raise UnreadableSource(f"{name} holds {kind}{inside}, not an estimator", hint="save the fitted estimator or pipeline itself")
    steps = [step for _, step in estimator.steps if hasattr(step, "fit")] if isinstance(estimator, Pipeline) else []
    try:
        for each in (estimator, *steps):  # of a pipeline scikit-learn itself looks at the last step
            check_is_fitted(each)
    except NotFittedError as error:
        raise not_fitted(name, error) from None
    except TypeError:
        return  # no estimator of scikit-learn's make: its answers will tell
    if getattr(estimator, "refit", True) is False and not hasattr(estimator, "best_estimator_"):
        hint = "fit it with refit=True, or convert the estimator that you chose"
        raise UnreadableSource(f"{name} kept no best estimator, since refit=False", hint=hint)
