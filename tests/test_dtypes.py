"""Names of dtypes: ONNX's, NumPy's and torch's mean the same."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper

from converter import dtypes


@pytest.mark.parametrize("name", dtypes.ALL)
def test_names_and_arrays_and_onnx_agree(name: str) -> None:
    array_dtype = dtypes.numpy_dtype(name)
    number = TensorProto.DataType.Value(dtypes.onnx_name(name))
    assert dtypes.name_of(array_dtype) == name
    assert dtypes.canonical(dtypes.onnx_name(name).lower()) == name
    assert helper.tensor_dtype_to_np_dtype(number) == array_dtype


@pytest.mark.parametrize(
    ("alias", "name"), [("float", "float32"), ("torch.bfloat16", "bfloat16"), ("long", "int64"), ("str", "string"), ("half", "float16")]
)
def test_aliases(alias: str, name: str) -> None:
    assert dtypes.canonical(alias) == name


@pytest.mark.parametrize("kind", ["U3", "S3", object, np.dtypes.StringDType()])
def test_every_kind_of_text_is_string(kind: object) -> None:
    assert dtypes.name_of(kind) == dtypes.STRING  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["float128", "datetime64", "", "int4", "quint8"])
def test_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"unknown dtype '{name}'"):
        dtypes.canonical(name)


def test_a_dtype_that_onnx_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match="datetime64"):
        dtypes.name_of("datetime64[s]")
