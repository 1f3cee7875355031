"""Nothing that a user had is lost: a graph is written beside its destination and renamed; a killed run leaves the destination as it was."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import os
import shutil
import socket
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Self

import onnx_ir as ir

from converter.errors import DestinationError
from converter.graph import documents

if TYPE_CHECKING:
    from converter.graph import Graph
    from converter.worker.janitor import Janitor

OWNER = "owner.json"


class Publication:
    """A working folder beside the destination, gone afterwards whatever happens, and the rename that publishes.

    Raises DestinationError on entry where the destination's folder cannot be written.
    """

    def __init__(self, destination: Path, janitor: Janitor) -> None:
        self.destination = destination.absolute()
        self.janitor = janitor

    def __enter__(self) -> Self:
        parent = self.destination.parent
        if self.destination.is_dir():
            raise DestinationError(f"{self.destination} is a folder", hint=f"name the file: -o {self.destination / 'model.onnx'}")
        try:
            parent.mkdir(parents=True, exist_ok=True)
            sweep(parent, self.destination.name)
            self.folder = parent / f".{self.destination.name}.{uuid.uuid4().hex[:12]}.tmp"
            self.janitor.remove(self.folder)
            self.folder.mkdir(mode=0o700)
        except OSError as error:
            raise DestinationError(f"cannot write to {parent}: {error.strerror}", hint="-o FILE names another place") from error
        (self.folder / OWNER).write_text(json.dumps({"host": socket.gethostname(), "pid": os.getpid()}), encoding="utf-8")
        return self

    def __exit__(self, *exception: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.janitor.forget(self.folder)

    def publish(self, graph: Graph, *, rejected: bool = False) -> Path:
        """Move a finished graph to the destination, or beside it as `<stem>.rejected.onnx`, and return where it is.

        Weights in a data file go first, under a name made of their hash; the graph's rename commits; the data file of the graph
        that was there before goes last.
        """
        target = self.destination.with_name(f"{self.destination.stem}.rejected.onnx") if rejected else self.destination
        old = data_files(target)
        new = _place_of(graph.data, target) if graph.data is not None else None
        try:
            if new is not None:
                self._place_data(graph, new)
            os.replace(graph.path, target)
        except BaseException as error:
            if new is not None and new not in old:
                new.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise DestinationError(f"cannot write {target}: {error.strerror}", hint="-o FILE names another place") from error
            raise
        if new is not None:
            self.janitor.forget(new)
        for file in old - {new}:
            file.unlink(missing_ok=True)
        return target

    def _place_data(self, graph: Graph, place: Path) -> None:
        assert graph.data is not None
        if not place.exists():
            self.janitor.remove(place, while_there=graph.path)
        os.replace(graph.data, place)
        documents.point_to_data(graph.path, place.name)


def _place_of(data: Path, target: Path) -> Path:
    """Where the weights of `target` go: other weights, another name."""
    with data.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()[:12]
    return target.with_name(f"{target.stem}.{digest}.data")


def data_files(graph: Path) -> set[Path]:
    """Return the data files, of the names given here, that an existing graph refers to."""
    if not graph.is_file():
        return set()
    with contextlib.suppress(Exception):  # whatever lies there is about to be replaced; an unreadable file refers to nothing
        tensors = [value.const_value for value in documents.read(graph).model.graph.initializers.values()]
        names = {str(tensor.location) for tensor in tensors if isinstance(tensor, ir.ExternalTensor)}
        return {graph.with_name(name) for name in names if name.startswith(f"{graph.stem}.") and name.endswith(".data")}
    return set()


def sweep(folder: Path, name: str) -> None:
    """Remove working folders for `name` whose process on this machine is gone."""
    for left in folder.glob(f".{glob.escape(name)}.*.tmp"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):  # half-written or foreign: not ours to judge
            owner = json.loads((left / OWNER).read_text(encoding="utf-8"))
            if owner["host"] == socket.gethostname() and not _alive(owner["pid"]):
                shutil.rmtree(left, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
