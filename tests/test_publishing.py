"""Nothing that a user had is lost: graphs are published by a rename, weights first, and what dead processes left is swept."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from converter import publishing
from converter.errors import DestinationError
from converter.graph import Graph
from converter.publishing import Publication, data_files
from converter.worker.janitor import Janitor


@pytest.fixture
def janitor() -> Iterator[Janitor]:
    with Janitor() as here:
        yield here


def graph(folder: Path, value: float, *, external: bool = False) -> Graph:
    """A graph that adds `value` to 1 000 numbers; its weights may lie in a data file."""
    weight = numpy_helper.from_array(np.full(1000, value, np.float32), "w")
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1000])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1000])
    nodes = [helper.make_node("Add", ["x", "w"], ["y"])]
    model = helper.make_model(helper.make_graph(nodes, "g", [x], [y], [weight]), opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    path = folder / "finished.onnx"
    if external:
        import onnx_ir as ir

        ir.save(ir.from_proto(model), path, external_data="finished.data", size_threshold_bytes=0)
    else:
        onnx.save(model, path)
    return Graph(path, folder / "finished.data" if external else None, {}, 20, 1)


def answer(path: Path) -> float:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return float(session.run(None, {"x": np.zeros(1000, np.float32)})[0][0])


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_graph_is_published_and_the_working_folder_goes(tmp_path: Path, janitor: Janitor) -> None:
    with Publication(tmp_path / "deep" / "down" / "model.onnx", janitor) as target:
        assert target.folder.parent == tmp_path / "deep" / "down"
        assert json.loads((target.folder / "owner.json").read_text())["pid"] == os.getpid()
        assert target.publish(graph(target.folder, 3)) == tmp_path / "deep" / "down" / "model.onnx"
    assert names(tmp_path / "deep" / "down") == ["model.onnx"]
    assert answer(tmp_path / "deep" / "down" / "model.onnx") == 3


def test_nothing_published_leaves_what_was_there(tmp_path: Path, janitor: Janitor) -> None:
    (tmp_path / "model.onnx").write_bytes(b"before")
    with contextlib.suppress(KeyError), Publication(tmp_path / "model.onnx", janitor) as target:
        graph(target.folder, 3)
        raise KeyError
    assert names(tmp_path) == ["model.onnx"]
    assert (tmp_path / "model.onnx").read_bytes() == b"before"


def test_weights_in_a_data_file_are_renamed_with_their_graph(tmp_path: Path, janitor: Janitor) -> None:
    with Publication(tmp_path / "model.onnx", janitor) as target:
        target.publish(graph(target.folder, 3, external=True))
    (data,) = (name for name in names(tmp_path) if name != "model.onnx")
    assert data.startswith("model.")
    assert data.endswith(".data")
    assert answer(tmp_path / "model.onnx") == 3


def test_the_data_file_of_the_graph_before_goes_last(tmp_path: Path, janitor: Janitor) -> None:
    for value in (3, 3, 4):
        with Publication(tmp_path / "model.onnx", janitor) as target:
            target.publish(graph(target.folder, value, external=True))
        assert len(names(tmp_path)) == 2
        assert answer(tmp_path / "model.onnx") == value
    with Publication(tmp_path / "model.onnx", janitor) as target:
        target.publish(graph(target.folder, 5))
    assert names(tmp_path) == ["model.onnx"]


def test_data_files_of_others_stay(tmp_path: Path, janitor: Janitor) -> None:
    (tmp_path / "model.abc.data").write_bytes(b"mine")
    (tmp_path / "weights.data").write_bytes(bytes(4000))
    foreign = onnx.load(graph(tmp_path, 1).path)
    foreign.graph.initializer[0].ClearField("raw_data")
    foreign.graph.initializer[0].data_location = TensorProto.EXTERNAL
    foreign.graph.initializer[0].external_data.add(key="location", value="weights.data")
    (tmp_path / "model.onnx").write_bytes(foreign.SerializeToString())
    (tmp_path / "finished.onnx").unlink()
    assert data_files(tmp_path / "model.onnx") == set()
    with Publication(tmp_path / "model.onnx", janitor) as target:
        target.publish(graph(target.folder, 3))
    assert names(tmp_path) == ["model.abc.data", "model.onnx", "weights.data"]


@pytest.mark.parametrize("content", [b"", b"no graph at all", b"\xff" * 100])
def test_whatever_lay_there_is_replaced(tmp_path: Path, janitor: Janitor, content: bytes) -> None:
    (tmp_path / "model.onnx").write_bytes(content)
    with Publication(tmp_path / "model.onnx", janitor) as target:
        target.publish(graph(target.folder, 3))
    assert answer(tmp_path / "model.onnx") == 3


def test_a_rejected_graph_lies_beside(tmp_path: Path, janitor: Janitor) -> None:
    (tmp_path / "model.onnx").write_bytes(b"before")
    with Publication(tmp_path / "model.onnx", janitor) as target:
        assert target.publish(graph(target.folder, 3, external=True), rejected=True) == tmp_path / "model.rejected.onnx"
    assert (tmp_path / "model.onnx").read_bytes() == b"before"
    assert answer(tmp_path / "model.rejected.onnx") == 3
    assert [name.split(".")[:2] for name in names(tmp_path)] == [["model", "onnx"], ["model", "rejected"], ["model", "rejected"]]


def test_published_files_have_the_usual_permissions(tmp_path: Path, janitor: Janitor) -> None:
    (tmp_path / "plain").touch()
    with Publication(tmp_path / "model.onnx", janitor) as target:
        target.publish(graph(target.folder, 3, external=True))
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {(tmp_path / "plain").stat().st_mode & 0o777}


def test_a_folder_is_no_destination(tmp_path: Path, janitor: Janitor) -> None:
    with pytest.raises(DestinationError) as caught, Publication(tmp_path, janitor):
        pass
    assert caught.value.message == f"{tmp_path} is a folder"
    assert caught.value.hint == f"name the file: -o {tmp_path / 'model.onnx'}"


def test_a_file_is_no_folder_for_it(tmp_path: Path, janitor: Janitor) -> None:
    (tmp_path / "notes").touch()
    for place in (tmp_path / "notes" / "model.onnx", Path("/proc/model.onnx")):
        with pytest.raises(DestinationError) as caught, Publication(place, janitor):
            pass
        assert caught.value.message.startswith(f"cannot write to {place.parent}: ")
        assert caught.value.hint == "-o FILE names another place"


def left_behind(folder: Path, name: str, owner: object) -> Path:
    left = folder / f".{name}.x1y2.tmp"
    (left / "raw").mkdir(parents=True)
    (left / "raw" / "weights.onnx").write_bytes(b"x")
    if owner is not None:
        (left / "owner.json").write_text(owner if isinstance(owner, str) else json.dumps(owner))
    return left


def dead_pid() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


@pytest.mark.parametrize("name", ["model.onnx", "mo[d]el*.onnx"])
def test_what_a_dead_process_left_is_swept(tmp_path: Path, janitor: Janitor, name: str) -> None:
    left_behind(tmp_path, name, {"host": socket.gethostname(), "pid": dead_pid()})
    with Publication(tmp_path / name, janitor) as target:
        assert names(tmp_path) == [target.folder.name]
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "owner",
    [
        {"host": socket.gethostname(), "pid": os.getpid()},
        {"host": "another-machine", "pid": 1},
        {"host": socket.gethostname(), "pid": 1},
        {"host": socket.gethostname(), "pid": "many"},
        None,
        "",
        "[]",
        "{}",
    ],
)
def test_what_may_belong_to_somebody_stays(tmp_path: Path, janitor: Janitor, owner: object) -> None:
    left = left_behind(tmp_path, "model.onnx", owner)
    other = left_behind(tmp_path, "other.onnx", {"host": socket.gethostname(), "pid": dead_pid()})
    with Publication(tmp_path / "model.onnx", janitor):
        pass
    assert (left / "raw" / "weights.onnx").is_file()
    assert (other / "raw" / "weights.onnx").is_file()


def test_two_at_once_do_not_disturb_each_other(tmp_path: Path, janitor: Janitor) -> None:
    with Publication(tmp_path / "model.onnx", janitor) as first, Publication(tmp_path / "model.onnx", janitor) as second:
        first.publish(graph(first.folder, 1, external=True))
        second.publish(graph(second.folder, 2, external=True))
    assert answer(tmp_path / "model.onnx") == 2
    assert len(names(tmp_path)) == 2


def test_a_rename_that_fails_leaves_the_old_graph_and_its_weights(tmp_path: Path, janitor: Janitor, monkeypatch: pytest.MonkeyPatch) -> None:
    with Publication(tmp_path / "model.onnx", janitor) as target:
        target.publish(graph(target.folder, 1, external=True))
    before = names(tmp_path)
    real: Callable[..., None] = os.replace

    def refuse(source: Path, destination: Path) -> None:
        if Path(destination).suffix == ".onnx":
            raise OSError(28, "No space left on device")
        real(source, destination)

    monkeypatch.setattr(publishing.os, "replace", refuse)
    with Janitor() as own:
        with pytest.raises(DestinationError) as caught, Publication(tmp_path / "model.onnx", own) as target:
            target.publish(graph(target.folder, 2, external=True))
        assert caught.value.message == f"cannot write {tmp_path / 'model.onnx'}: No space left on device"
    assert names(tmp_path) == before
    assert answer(tmp_path / "model.onnx") == 1
