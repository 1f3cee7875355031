"""Stand-ins for functions: wherever a function is held, one over another, and as before in the end."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from torch import nn

from converter_torch.exporters.patches import PATCHES, patched
from converter_torch.exporters.patches.replacing import Holders, everywhere


def first() -> str:
    return "first"


def module_holding(monkeypatch: pytest.MonkeyPatch, name: str, **held: Any) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(held)
    monkeypatch.setitem(sys.modules, name, module)
    return module


@pytest.fixture(params=[contextlib.nullcontext, lambda: Holders().shared()], ids=["alone", "shared"])
def shared(request: pytest.FixtureRequest) -> Any:
    return request.param()


def test_a_function_is_replaced_under_every_name(shared: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = module_holding(monkeypatch, "holds_it", first=first, text="first"), module_holding(monkeypatch, "renames_it", own=first)
    with shared, everywhere({first: second}):
        assert (one.first, other.own, one.text) == (second, second, "first")
        assert globals()["first"] is second
    assert (one.first, other.own, globals()["first"]) == (first, first, first)


def second() -> str:
    return "second"


def third() -> str:
    return "third"


def test_a_stand_in_is_replaced_in_its_turn(shared: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = module_holding(monkeypatch, "holds_it", own=first), module_holding(monkeypatch, "holds_another", own=second)
    with shared:
        with everywhere({first: second}):
            with everywhere({second: third}):
                assert (one.own, other.own) == (third, third)
            assert (one.own, other.own) == (second, second)
        assert (one.own, other.own) == (first, second)
        with everywhere({second: third}):
            assert (one.own, other.own) == (first, third)


def test_several_share_a_stand_in(shared: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module = module_holding(monkeypatch, "holds_both", one=first, other=second)
    with shared, everywhere(dict.fromkeys((first, second), third)):
        assert (module.one, module.other) == (third, third)
    assert (module.one, module.other) == (first, second)


def test_a_module_that_comes_later_and_a_name_that_goes_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    early = module_holding(monkeypatch, "early", own=first, gone=first)
    with Holders().shared():
        with everywhere({first: second}):
            pass
        late = module_holding(monkeypatch, "late", own=first)
        del early.gone
        early.own = third
        with everywhere({first: second}):
            assert (early.own, late.own) == (third, second)
            assert not hasattr(early, "gone")
    assert (early.own, late.own) == (third, first)


def test_an_error_leaves_everything_as_it_was(shared: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module = module_holding(monkeypatch, "holds_it", own=first)
    with pytest.raises(ZeroDivisionError), shared, everywhere({first: second}):
        raise ZeroDivisionError
    assert module.own is first


def test_the_patches_of_an_export_reach_what_a_search_at_each_of_them_reaches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some patches set attributes themselves, behind the back of what was read at first."""
    module, before = nn.Linear(2, 2), held()
    with patched(module):
        shared = changed(before)
    monkeypatch.setattr(Holders, "shared", contextlib.nullcontext)
    with patched(module):
        assert changed(before) == shared
    assert changed(before) == set()
    assert len(PATCHES) < len(shared)


def held() -> dict[tuple[str, str], Callable[..., Any]]:
    """Every function that a module holds."""
    return dict(_held())


def _held() -> Iterator[tuple[tuple[str, str], Callable[..., Any]]]:
    for name, module in list(sys.modules.items()):
        if isinstance(module, ModuleType):
            yield from (((name, attribute), value) for attribute, value in vars(module).copy().items() if callable(value))


def changed(before: dict[tuple[str, str], Callable[..., Any]]) -> set[tuple[str, str]]:
    return {place for place, value in _held() if place in before and before[place] is not value}


FIRST_CONVERSION = """
import sys, torch, converter
class Chosen(torch.nn.Module):
    def forward(self, x):
        return torch.cond(x.sum() > 0, lambda y: y * 2, lambda y: y - 1, (x,))
assert converter.convert(Chosen(), sys.argv[1], inputs=["x:float32[n]"]).agrees
with torch.device("meta"):
    made = [torch.tensor([1.0]), torch.full((2,), 1.0), torch.linspace(0, 1, 3), torch.as_tensor([1.0]), torch.zeros(2)]
print({each.device.type for each in made}, torch.full in torch.overrides.get_ignored_functions())
"""


def test_stand_ins_do_not_get_into_what_torch_reads_once(tmp_path: Path) -> None:
    """Its lists of its own functions: in a fresh process they are read by dynamo, in the middle of an export."""
    done = subprocess.run([sys.executable, "-c", FIRST_CONVERSION, str(tmp_path / "net.onnx")], capture_output=True, text=True, check=False)
    assert done.stdout == "{'meta'} True\n", done.stderr
