"""Arrays of every library and dtype go in, and come back in the caller's library."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from converter.errors import InputError
from converter.runtime import Block, Session
from converter.runtime.arrays import dlpack
from converter.runtime.arrays.library import REFUSALS
from converter.runtime.arrays.places import CUDA, HOST, PINNED, Place
from converter.runtime.arrays.torch_library import DTYPES as TORCH_DTYPES
from converter.runtime.arrays.torch_library import Torch

DTYPES = {
    "bool": np.bool_,
    "int8": np.int8,
    "int16": np.int16,
    "int32": np.int32,
    "int64": np.int64,
    "uint8": np.uint8,
    "uint16": np.uint16,
    "uint32": np.uint32,
    "uint64": np.uint64,
    "float16": np.float16,
    "float": np.float32,
    "double": np.float64,
    "bfloat16": ml_dtypes.bfloat16,
    "float8e4m3fn": ml_dtypes.float8_e4m3fn,
    "float8e4m3fnuz": ml_dtypes.float8_e4m3fnuz,
    "float8e5m2": ml_dtypes.float8_e5m2,
    "float8e5m2fnuz": ml_dtypes.float8_e5m2fnuz,
}
VALUES = [[0, 1, 0], [1, 1, 0]]


def copies(kind: str) -> str:
    """A graph that gives its input as it is, with a node in between."""
    return f"g ({kind}[n, m] x) => ({kind}[n, m] y) {{ y = Identity(x) }}"


class Foreign:
    """An array of a library that NumPy has never heard of: a tensor behind DLPack and nothing else."""

    def __init__(self, tensor: Any, place: tuple[int, int] = HOST) -> None:
        self.tensor, self._place, self.streams = tensor, place, []
        self.dtype, self.shape = str(tensor.dtype), tuple(tensor.shape)

    def __array_namespace__(self) -> type[Foreign]:
        return Foreign

    @staticmethod
    def from_dlpack(value: Any) -> Foreign:
        import torch

        return Foreign(torch.from_dlpack(value))

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._place

    def __dlpack__(self, *, stream: int | None = None) -> object:
        self.streams.append(stream)
        lies = dlpack.read(self.tensor.__dlpack__())
        return dlpack.write(lies._replace(place=Place(*self._place)), self.tensor)


class Interface:
    """An array that has only `__array_interface__`, as PIL images do."""

    def __init__(self, array: np.ndarray) -> None:
        self.__array_interface__ = array.__array_interface__
        self.kept = array


@pytest.mark.parametrize("road", ["cpu", "as_cuda"])
@pytest.mark.parametrize("kind", DTYPES)
def test_numpy_arrays_of_every_dtype(road: str, kind: str, request: pytest.FixtureRequest) -> None:
    session = request.getfixturevalue(road)(copies(kind))
    x = np.array(VALUES).astype(DTYPES[kind])
    for feed in (x, x.T.copy().T, x[:, ::-1][:, ::-1], np.asfortranarray(x)):
        out = session(feed).y
        assert type(out) is np.ndarray
        assert out.dtype == x.dtype
        assert out.astype(np.float64).tolist() == VALUES
    assert session(x[:0]).y.shape == (0, 3)
    bound = session.bind(x.copy()) if road == "cpu" else None
    if bound is not None:
        assert bound.outputs.y.dtype == x.dtype
        assert bound.outputs.y.astype(np.float64).tolist() == VALUES


@pytest.mark.parametrize("kind", DTYPES)
def test_torch_tensors_of_every_dtype(cpu: Callable[..., Session], kind: str) -> None:
    torch = pytest.importorskip("torch")
    session = cpu(copies(kind))
    x = torch.tensor(VALUES).to(getattr(torch, np.dtype(DTYPES[kind]).name))
    for feed in (x, x.T.contiguous().T, x[:0]):
        for _ in range(2):
            out = session(feed).y
            assert isinstance(out, torch.Tensor)
            assert out.dtype == x.dtype
            assert out.to(torch.float64).tolist() == feed.to(torch.float64).tolist()
    bound = session.bind(x)
    x.zero_()
    assert bound.run().y.to(torch.float64).tolist() == [[0.0] * 3] * 2


@pytest.mark.parametrize("kind", ["float", "bool", "bfloat16", "float8e5m2"])
def test_arrays_of_an_unknown_library(cpu: Callable[..., Session], kind: str) -> None:
    torch = pytest.importorskip("torch")
    session = cpu(copies(kind))
    x = Foreign(torch.tensor(VALUES).to(getattr(torch, np.dtype(DTYPES[kind]).name)))
    for _ in range(2):
        out = session(x).y
        assert isinstance(out, Foreign)
        assert out.tensor.to(torch.float64).tolist() == VALUES
    assert x.streams == [None] * len(x.streams)


def test_the_first_library_that_is_not_numpys_decides(cpu: Callable[..., Session]) -> None:
    torch = pytest.importorskip("torch")
    session = cpu("g (float[n] a, float[n] b, string[n] c) => (float[n] y, string[n] d) { y = Add(a, b) d = Identity(c) }")
    out = session(np.ones(1, np.float32), torch.ones(1), ["text"])
    assert isinstance(out.y, torch.Tensor)
    assert out.d.tolist() == ["text"]
    assert type(out.d) is np.ndarray


def test_array_interfaces_and_scalars(cpu: Callable[..., Session]) -> None:
    session = cpu(copies("float"))
    assert session(Interface(np.array(VALUES, np.float32))).y.tolist() == VALUES
    assert type(session(Interface(np.array(VALUES, np.float32))).y) is np.ndarray
    scalar = cpu("g (float x) => (float y) { y = Neg(x) }")
    assert scalar(np.float32(2)).y == -2
    with pytest.raises(InputError, match="wants float32, got float64"):
        session(Interface(np.array(VALUES, np.float64)))


def test_what_torch_tensors_do_not_show_in_memory(cpu: Callable[..., Session]) -> None:
    torch = pytest.importorskip("torch")
    session = cpu(copies("float"))
    assert session(torch.ones(1, 2)).y.tolist() == [[1, 1]]
    cases = {
        "requires grad": (torch.ones(1, 2, requires_grad=True), "requires grad, and a graph gives no gradient", "tensor.detach()"),
        "negative bit": (torch.ones(1, 2, dtype=torch.complex64).conj().imag, "resolve_neg", "plain contiguous array"),
        "sparse": (torch.ones(1, 2).to_sparse(), "torch does not give its memory", "plain contiguous array"),
        "meta": (torch.ones(1, 2, device="meta"), "torch does not give its memory", "plain contiguous array"),
        "parameter": (torch.nn.Parameter(torch.ones(1, 2)), "requires grad", "tensor.detach()"),
    }
    for name, (tensor, message, hint) in cases.items():
        with pytest.raises(InputError) as caught:
            session(tensor)
        assert message in caught.value.message, name
        assert hint in caught.value.hint, name


@pytest.mark.parametrize("name", TORCH_DTYPES)
def test_torch_tensors_are_described_as_dlpack_does(name: str) -> None:
    torch = pytest.importorskip("torch")
    library, dtype = Torch(torch), getattr(torch, name)
    whole = torch.arange(24).remainder(2).reshape(4, 6).to(dtype)
    for tensor in (whole, whole.T, whole[:, ::2], whole[1:], whole[:0], whole[0, 0], torch.nn.Parameter(whole, requires_grad=False)):
        block = library.block(tensor, HOST)
        held = dlpack.read(tensor.__dlpack__())
        assert (block.pointer, block.shape, block.dtype, block.place) == (held.pointer, held.shape, held.dtype, held.place)
        assert block.is_ready == tensor.is_contiguous()
        assert block.owner is tensor
        if not block.is_ready:
            assert block.strides == tensor.stride() == held.strides


def test_torch_tensors_that_are_no_plain_memory() -> None:
    torch = pytest.importorskip("torch")
    library = Torch(torch)
    for tensor in (
        torch.ones(2, requires_grad=True),
        torch.ones(2, 2).to_sparse(),
        torch.ones(2, device="meta"),
        torch.ones(2, dtype=torch.complex64).conj().imag,
    ):
        with pytest.raises(REFUSALS):
            library.block(tensor, HOST)

    class Own(torch.Tensor):  # type: ignore[misc]
        """A tensor that may mean anything."""

    own = torch.ones(2).as_subclass(Own)
    assert library.block(own, HOST).owner is not own  # described by DLPack


@pytest.mark.parametrize("name", TORCH_DTYPES)
def test_memory_of_torch_for_outputs(name: str) -> None:
    torch = pytest.importorskip("torch")
    library, dtype = Torch(torch), np.dtype(getattr(ml_dtypes, name, name))
    block = library.empty((2, 3), dtype, HOST)
    assert block is not None
    assert (block.shape, block.dtype, block.place) == ((2, 3), dtype, HOST)
    tensor = library.from_block(block)
    assert (tuple(tensor.shape), tensor.dtype, tensor.data_ptr()) == ((2, 3), getattr(torch, name), block.pointer)
    assert library.empty((2,), np.dtype(np.complex64), HOST) is None


def test_a_refusal_behind_a_proven_signature(cpu: Callable[..., Session]) -> None:
    torch = pytest.importorskip("torch")
    session = cpu(copies("bfloat16"))
    assert session(torch.ones(1, 2, dtype=torch.bfloat16)).y.tolist() == [[1, 1]]
    with pytest.raises(InputError, match="requires grad"):
        session(torch.ones(1, 2, dtype=torch.bfloat16, requires_grad=True))


def test_arrays_on_another_device(cpu: Callable[..., Session]) -> None:
    torch = pytest.importorskip("torch")
    session = cpu(copies("float"))
    with pytest.raises(InputError) as caught:
        session(Foreign(torch.ones(1, 2), Place(CUDA, 1)))
    assert caught.value.message == "input 'x' lies on cuda:1, and the session reads from cpu"
    assert caught.value.hint == "move the array there first, or open the model with Session(…, device='cuda:1')"
    assert session(Foreign(torch.ones(1, 2), Place(PINNED, 0))).y.tensor.tolist() == [[1, 1]]


def test_a_cuda_interface_is_read_on_the_sessions_device() -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    interface = {"version": 3, "shape": (2, 3), "typestr": "<f4", "data": (array.ctypes.data, False), "strides": None, "stream": None}
    block = Block.of_cuda_interface(interface, Place(CUDA, 1), array)
    assert (block.pointer, block.shape, block.dtype, block.is_ready) == (array.ctypes.data, (2, 3), np.float32, array.ctypes.data % 16 == 0)
    assert block.__cuda_array_interface__ == {**interface, "data": (array.ctypes.data, False)}
    assert block.__dlpack_device__() == (CUDA, 1)
    assert not Block.of_cuda_interface({**interface, "strides": (4, 8)}, Place(CUDA), array).is_ready
    with pytest.raises(BufferError, match="masked"):
        Block.of_cuda_interface({**interface, "mask": interface}, Place(CUDA), array)
    with pytest.raises(BufferError, match="strides"):
        Block.of_cuda_interface({**interface, "strides": (12, 3)}, Place(CUDA), array)


def test_the_runtime_never_imports_a_framework() -> None:
    code = (
        "import sys, numpy as np; from converter.runtime import Session; import onnx.parser as p;"
        "m = p.parse_model('<ir_version: 10, opset_import: [\"\" : 20]> g (float[n] x) => (float[n] y) { y = Neg(x) }').SerializeToString();"
        "assert Session(m, device='cpu')(np.ones(2, np.float32)).y.tolist() == [-1, -1];"
        "print([name for name in ('torch', 'tensorflow', 'jax', 'cupy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ})
    assert done.stdout == "[]\n"
    assert done.stderr == ""
