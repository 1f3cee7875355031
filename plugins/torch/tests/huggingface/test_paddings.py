"""The stand-in for transformers' "same" padding: equal to its own at every size, stride and dilation."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from converter_torch.exporters.patches.notes import Notes
from converter_torch.exporters.patches.paddings import same_padding

mobilenet = pytest.importorskip(
    "transformers.models.mobilenet_v2.modeling_mobilenet_v2", reason="the padding is transformers', which is not installed"
)


@pytest.mark.parametrize(("kernel", "stride", "dilation"), [(3, 1, 1), (3, 2, 1), (1, 2, 1), (5, 3, 1), (3, 1, 2), (3, 2, 2)])
def test_as_transformers_pads(kernel: int, stride: int, dilation: int) -> None:
    convolution = nn.Conv2d(1, 1, kernel, stride, dilation=dilation)
    for height in range(1, 10):
        image = torch.rand(1, 1, height, 13 - height)
        wanted = mobilenet.apply_tf_padding(image, convolution)
        with same_padding(convolution, Notes()):
            torch.testing.assert_close(mobilenet.apply_tf_padding(image, convolution), wanted, rtol=0, atol=0)
