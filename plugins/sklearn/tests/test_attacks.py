"""What a file may not do: seven kinds of attack inside a fitted estimator, in every form of pickle; and every name of the allow-list loads."""

from __future__ import annotations

import importlib
import os
import pickle
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from converter.plugin import Source, UnreadableSource, UntrustedSource, load_pickle
from converter_sklearn.loading import load_estimator
from converter_sklearn.trusted import trusted

FORMS: dict[str, Callable[[Any, Path], Any]] = {
    "pickle 2": lambda model, path: path.write_bytes(pickle.dumps(model, 2)),
    "pickle 5": lambda model, path: path.write_bytes(pickle.dumps(model, 5)),
    "joblib": joblib.dump,
    "joblib compressed": lambda model, path: joblib.dump(model, path, compress=3),
}


class Calls:
    """Pickles as the call of a function."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.reduction = (function, arguments)

    def __reduce__(self) -> Any:
        return self.reduction


class Hostile:
    """Runs a command when it is loaded."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __setstate__(self, state: dict[str, Any]) -> None:
        os.system(state["command"])


ATTACKS: dict[str, Callable[[str], Any]] = {
    "os.system": lambda command: Calls(os.system, command),
    "eval": lambda command: Calls(eval, f"__import__('os').system({command!r})"),
    "exec": lambda command: Calls(exec, f"import os; os.system({command!r})"),
    "getattr chain": lambda _command: Calls(getattr, Calls(getattr, StandardScaler(), "fit"), "__globals__"),
    "hostile state": Hostile,
    "nested object arrays": lambda command: np.array([np.array([Calls(os.system, command), None], object), None], object),
}


@pytest.fixture(scope="module")
def scaler() -> StandardScaler:
    return StandardScaler().fit(np.arange(6.0).reshape(3, 2))


@pytest.fixture
def witness(tmp_path: Path) -> Path:
    return tmp_path / "executed"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_inside_an_estimator_is_refused_and_not_executed(
    attack: str, form: str, scaler: StandardScaler, tmp_path: Path, witness: Path
) -> None:
    carrier = StandardScaler()
    carrier.__dict__.update(scaler.__dict__, payload=ATTACKS[attack](f"touch {witness}"))
    path = tmp_path / "model.pkl"
    FORMS[form](carrier, path)
    with pytest.raises(UntrustedSource, match=r"^model\.pkl (names|calls) .*, which is not allowed$"):
        load_estimator(Source.of(path), trust=False)
    assert not witness.exists()


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("compressed", [False, True])
def test_a_dotted_name_that_leads_out_of_a_module_is_refused(protocol: int, tmp_path: Path, witness: Path, *, compressed: bool) -> None:
    """Protocol 4 follows the dots of a name, so that a rule by prefix would let scikit-learn's own imports out."""
    module, name = "sklearn.utils._testing", "os.system"
    assert importlib.import_module(module).os is os
    pushed = b"".join(b"\x8c" + bytes([len(text)]) + text.encode() for text in (module, name)) + b"\x93"
    named = f"c{module}\n{name}\n".encode() if protocol == 2 else pushed
    arguments = pickle.dumps((f"touch {witness}",), 2)[2:-1]
    content = b"\x80" + bytes([protocol]) + named + arguments + b"R."
    path = tmp_path / "model.joblib"
    path.write_bytes(zlib.compress(content) if compressed else content)
    with pytest.raises(UntrustedSource, match=rf"^model\.joblib names {module}\.os\.system, which is not allowed$"):
        load_estimator(Source.of(path), trust=False)
    assert not witness.exists()


def test_the_attacks_are_real(tmp_path: Path, witness: Path) -> None:
    """Each of those that a plain unpickler runs through does what it is refused for."""
    for attack in ("os.system", "eval", "exec", "hostile state", "nested object arrays"):
        path = tmp_path / "model.pkl"
        FORMS["pickle 5"](ATTACKS[attack](f"touch {witness}"), path)
        load_pickle(path, trusted(), trust=True)
        assert witness.exists(), attack
        witness.unlink()


@pytest.mark.parametrize("name", sorted(trusted().names | trusted().calls))
def test_every_listed_name_loads_or_is_missed(name: str, tmp_path: Path) -> None:
    """The installed version no longer has some that older ones wrote."""
    module, _, attribute = name.rpartition(".")
    path = tmp_path / "model.pkl"
    path.write_bytes(f"\x80\x02c{module}\n{attribute}\n.".encode("latin1"))
    found = getattr(importlib.import_module(module), attribute, None)
    if found is not None:
        assert load_pickle(path, trusted()) is found
    else:
        with pytest.raises(UnreadableSource, match=rf"^model\.pkl needs what the installed packages do not have: .*{attribute}"):
            load_pickle(path, trusted())


@pytest.mark.parametrize(
    "name", ["sklearn.utils._testing.os", "sklearn.base.clone", "sklearn.datasets.load_wine", "sklearn.base.warnings", "os.getpid"]
)
def test_neighbours_of_listed_names_are_refused(name: str, tmp_path: Path) -> None:
    module, _, attribute = name.rpartition(".")
    path = tmp_path / "model.pkl"
    path.write_bytes(f"\x80\x02c{module}\n{attribute}\n.".encode("latin1"))
    with pytest.raises(UntrustedSource, match=f"names {name}, which is not allowed"):
        load_pickle(path, trusted())
