"""Inner values do not keep a name that an input or output has."""

from __future__ import annotations

import onnx
import onnx_ir as ir

from converter_torch.exporters.naming import make_names_unique

TEXT = """
<ir_version: 10, opset_import: ["" : 20]>
main (float[n] first) => (float[n] last) <float[1] one = {1.0}>
{
    inner = Mul(first, one)
    last = Add(inner, one)
}
"""


def test_inner_values_make_way() -> None:
    model = ir.from_proto(onnx.parser.parse_model(TEXT))
    model.graph.inputs[0].name = "inner"
    model.graph.outputs[0].name = "one"
    make_names_unique(model)
    written = ir.to_proto(model)
    onnx.checker.check_model(written, full_check=True)
    assert [each.name for each in written.graph.input] == ["inner"]
    assert [each.name for each in written.graph.output] == ["one"]
    assert [list(node.input) for node in written.graph.node] == [["inner", "one_1"], ["inner_1", "one_1"]]
