"""What a user reads about operations that ONNX lacks."""

from __future__ import annotations

import onnx
import pytest

from converter.plugin import ExportError


def refusal(*nodes: tuple[str, str]) -> ExportError:
    from converter_tensorflow.exporters.leftovers import refuse_leftovers

    made = [onnx.helper.make_node(kind, ["x"], ["y"], name=name) for kind, name in nodes]
    with pytest.raises(ExportError) as caught:
        refuse_leftovers(onnx.helper.make_model(onnx.helper.make_graph(made, "g", [], [])), "tf2onnx")
    return caught.value


@pytest.mark.usefixtures("keras")
def test_where_it_is_in_the_model() -> None:
    error = refusal(("Lgamma", "StatefulPartitionedCall/net/bend/Lgamma"), ("Lgamma", "PartitionedCall_2/net/turn/Lgamma_3"), ("Svd", "svd"))
    assert error.message.endswith("tf2onnx has no ONNX operators for Lgamma (in net/bend and 1 more), Svd (in svd)")


@pytest.mark.usefixtures("keras")
@pytest.mark.parametrize(
    ("operation", "hint"),
    [
        ("IRFFT", "complex numbers"),
        ("StringLower", "prepare texts outside"),
        ("Cholesky", "linear algebra"),
        ("DecodeJpeg", "feed what it reads"),
        ("ParseExampleV2", "feed what it reads"),
        ("XlaCallModule", "native_serialization=False"),
        ("SentencepieceOp", "tokenize outside"),
        ("Addons>Gelu", "without them"),
        ("Enter", "enable_control_flow_v2"),
        ("StatelessRandomUniformV2", "random numbers"),
        ("Polygamma", "other operations of keras.ops or tf"),
    ],
)
def test_what_can_be_done(operation: str, hint: str) -> None:
    assert hint in refusal((operation, f"net/{operation}")).hint
