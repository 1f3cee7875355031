"""Architectures of images."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from torch_cases.case import declared


def _block(inputs: int, outputs: int, kernel: int = 3, stride: int = 1, groups: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


class Residual(nn.Module):
    """He et al. 2016: a basic block."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(_block(inputs, outputs, stride=stride), nn.Conv2d(outputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs))
        self.skip = nn.Identity() if stride == 1 and inputs == outputs else nn.Conv2d(inputs, outputs, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Return features."""
        return functional.relu(self.body(x) + self.skip(x))


class ResNet(nn.Module):
    """He et al. 2016."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(_block(3, 8, 7, 2), nn.MaxPool2d(3, 2, 1))
        self.stages = nn.Sequential(Residual(8, 8, 1), Residual(8, 16, 2), Residual(16, 32, 2))
        self.head = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores."""
        return self.head(self.stages(self.stem(x)).mean((2, 3)))


class UNet(nn.Module):
    """Ronneberger et al. 2015: skips are cropped or padded to what the upsampling gives."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList([_block(3, 8), _block(8, 16), _block(16, 32)])
        self.up = nn.ModuleList([nn.ConvTranspose2d(32, 16, 2, 2), nn.ConvTranspose2d(16, 8, 2, 2)])
        self.merge = nn.ModuleList([_block(32, 16), _block(16, 8)])
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return a score for each pixel."""
        skips = []
        for place, block in enumerate(self.down):
            x = block(x if place == 0 else functional.max_pool2d(x, 2))
            skips.append(x)
        for skip, up, merge in zip(skips[-2::-1], self.up, self.merge, strict=True):
            x = up(x)
            rows, columns = skip.shape[2] - x.shape[2], skip.shape[3] - x.shape[3]
            x = functional.pad(x, [columns // 2, columns - columns // 2, rows // 2, rows - rows // 2])
            x = merge(torch.cat([skip, x], 1))
        return self.head(x)


class DenseNet(nn.Module):
    """Huang et al. 2017: each layer reads all those before it."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = _block(3, 8)
        self.layers = nn.ModuleList([_block(8 + 4 * place, 4) for place in range(4)])
        self.transition = nn.Sequential(nn.Conv2d(24, 12, 1), nn.AvgPool2d(2))

    def forward(self, x: Tensor) -> Tensor:
        """Return features."""
        found = [self.stem(x)]
        for layer in self.layers:
            found.append(layer(torch.cat(found, 1)))
        return self.transition(torch.cat(found, 1))


class SqueezeExcite(nn.Module):
    """Hu et al. 2018: channels weighed by what they hold in all."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze, self.excite = nn.Linear(channels, channels // 2), nn.Linear(channels // 2, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return features."""
        batch, channels, _, _ = x.size()
        weights = functional.hardsigmoid(self.excite(functional.relu(self.squeeze(functional.adaptive_avg_pool2d(x, 1).view(batch, channels)))))
        return x * weights.view(batch, channels, 1, 1).expand_as(x)


class SeResNet(nn.Module):
    """Hu et al. 2018: squeeze and excitation behind residual blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(_block(3, 8), Residual(8, 8, 1), SqueezeExcite(8), Residual(8, 16, 2), SqueezeExcite(16))

    def forward(self, x: Tensor) -> Tensor:
        """Return features, pooled to a grid."""
        return functional.adaptive_avg_pool2d(self.body(x), (3, 2)).flatten(1)


class MobileNet(nn.Module):
    """Howard et al. 2019: inverted residuals with squeeze and excitation."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.Hardswish())
        self.expand, self.depthwise = _block(8, 24, 1), _block(24, 24, 5, groups=24)
        self.excite, self.project, self.head = SqueezeExcite(24), nn.Conv2d(24, 8, 1), nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores."""
        x = self.stem(x)
        x = x + self.project(self.excite(self.depthwise(self.expand(x))))
        return self.head(torch.flatten(functional.adaptive_avg_pool2d(x, (1, 1)), 1))


class FeaturePyramid(nn.Module):
    """Lin et al. 2017: coarse features interpolated to the size of finer ones."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList([_block(3, 8, stride=2), _block(8, 16, stride=2), _block(16, 32, stride=2)])
        self.lateral = nn.ModuleList([nn.Conv2d(channels, 8, 1) for channels in (8, 16, 32)])

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return features of every scale, the finest first."""
        found = []
        for block, lateral in zip(self.down, self.lateral, strict=True):
            x = block(x)
            found.append(lateral(x))
        for place in (1, 0):
            found[place] = found[place] + functional.interpolate(found[place + 1], size=found[place].shape[-2:], mode="bilinear", align_corners=False)
        return found


class Yolo(nn.Module):
    """Redmon and Farhadi 2018: boxes from a grid of the feature map's size."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(_block(3, 8, stride=2), _block(8, 16, stride=4), nn.Conv2d(16, 3 * 7, 1))
        self.register_buffer("anchors", torch.tensor([[10.0, 13.0], [16.0, 30.0], [33.0, 23.0]]))

    def forward(self, x: Tensor) -> Tensor:
        """Return boxes [batch, anchors × rows × columns, 7]."""
        found = self.body(x)
        batch, _, rows, columns = found.shape
        found = found.view(batch, 3, 7, rows, columns).permute(0, 1, 3, 4, 2)
        down, across = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        grid = torch.stack([across, down], -1).to(found.dtype)
        centre = (found[..., :2].sigmoid() + grid) * (x.shape[-1] / columns)
        size = found[..., 2:4].exp() * self.anchors.view(1, 3, 1, 1, 2)
        return torch.cat([centre, size, found[..., 4:].sigmoid()], -1).reshape(batch, -1, 7)


class Decoder(nn.Module):
    """Kingma and Welling 2014: the decoder of a variational autoencoder."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(6, 16 * 4 * 4)
        self.body = nn.Sequential(nn.ConvTranspose2d(16, 8, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(8, 3, 3, 2, 1, output_padding=1), nn.Sigmoid())

    def forward(self, code: Tensor) -> Tensor:
        """Return images."""
        return self.body(self.first(code).view(-1, 16, 4, 4))


class Autoencoder(nn.Module):
    """Convolutions down, transposed ones up, to the size of the input."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(1, 8, 3, 2, 1), nn.ELU(), nn.Conv2d(8, 16, 3, 2, 1), nn.ELU())
        self.up = nn.ModuleList([nn.ConvTranspose2d(16, 8, 3, 2, 1), nn.ConvTranspose2d(8, 1, 3, 2, 1)])

    def forward(self, x: Tensor) -> Tensor:
        """Return images like those given."""
        code = self.down(x)
        rows, columns = (x.shape[2] - 1) // 2 + 1, (x.shape[3] - 1) // 2 + 1
        return self.up[1](functional.elu(self.up[0](code, output_size=[rows, columns])), output_size=x.shape[2:])


class SubPixel(nn.Module):
    """Shi et al. 2016: a larger image by shuffled pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 8, 5, padding=2), nn.Tanh(), nn.Conv2d(8, 9, 3, padding=1), nn.PixelShuffle(3))

    def forward(self, x: Tensor) -> Tensor:
        """Return images, three times as large, beside those interpolated."""
        return self.body(x) + functional.interpolate(x, scale_factor=3, mode="bicubic")


class Windows(nn.Module):
    """Liu et al. 2021: attention in shifted windows, the image padded to whole ones."""

    def __init__(self, window: int = 4) -> None:
        super().__init__()
        self.window, self.embed = window, nn.Conv2d(3, 16, 2, 2)
        self.attention, self.norm = nn.MultiheadAttention(16, 4, batch_first=True), nn.LayerNorm(16)

    def forward(self, x: Tensor) -> Tensor:
        """Return features [batch, rows, columns, 16]."""
        x = self.norm(self.embed(x).permute(0, 2, 3, 1))
        batch, rows, columns, channels = x.shape
        window = self.window
        padded = functional.pad(x, (0, 0, 0, -columns % window, 0, -rows % window))
        down, across = padded.shape[1], padded.shape[2]
        shifted = torch.roll(padded, (-window // 2, -window // 2), (1, 2))
        parts = shifted.view(batch, down // window, window, across // window, window, channels).permute(0, 1, 3, 2, 4, 5)
        parts = parts.reshape(-1, window * window, channels)
        found, _ = self.attention(parts, parts, parts, need_weights=False)
        found = found.view(batch, down // window, across // window, window, window, channels).permute(0, 1, 3, 2, 4, 5)
        found = torch.roll(found.reshape(batch, down, across, channels), (window // 2, window // 2), (1, 2))
        return x + found[:, :rows, :columns]


class ViT(nn.Module):
    """Dosovitskiy et al. 2021: positions interpolated to the grid of the image."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.positions = nn.Conv2d(3, 16, 4, 4), nn.Parameter(torch.randn(1, 16, 5, 5))
        self.token, self.head = nn.Parameter(torch.randn(1, 1, 16)), nn.Linear(16, 10)
        self.layers = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 4, 32, batch_first=True, norm_first=True), 2, enable_nested_tensor=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores."""
        x = self.embed(x)
        x = x + functional.interpolate(self.positions, size=x.shape[-2:], mode="bilinear", align_corners=False)
        tokens = torch.cat([self.token.expand(x.shape[0], -1, -1), x.flatten(2).transpose(1, 2)], 1)
        return self.head(self.layers(tokens)[:, 0])


class SpatialTransformer(nn.Module):
    """Jaderberg et al. 2015: the image is sampled where an affine map says."""

    def __init__(self) -> None:
        super().__init__()
        self.locate = nn.Sequential(nn.Conv2d(1, 4, 5, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 6))
        self.register_buffer("identity", torch.tensor([1.0, 0, 0, 0, 1, 0]))

    def forward(self, x: Tensor) -> Tensor:
        """Return the images as they are looked at."""
        theta = (0.1 * self.locate(x) + self.identity).view(-1, 2, 3)
        return functional.grid_sample(x, functional.affine_grid(theta, list(x.size()), align_corners=False), align_corners=False)


class DeformableAttention(nn.Module):
    """Zhu et al. 2021: each query samples a few points of the feature map."""

    def __init__(self, heads: int = 2, points: int = 4) -> None:
        super().__init__()
        self.heads, self.points = heads, points
        self.offsets, self.weights = nn.Linear(16, heads * points * 2), nn.Linear(16, heads * points)
        self.value, self.output = nn.Conv2d(16, 16, 1), nn.Linear(16, 16)

    def forward(self, query: Tensor, reference: Tensor, features: Tensor) -> Tensor:
        """Return what each query [batch, queries, 16] finds around its reference point [batch, queries, 2]."""
        batch, queries, _ = query.shape
        rows, columns = features.shape[-2:]
        scale = torch.tensor([columns, rows], dtype=query.dtype)
        offsets = self.offsets(query).view(batch, queries, self.heads, self.points, 2) / scale
        weights = self.weights(query).view(batch, queries, self.heads, self.points).softmax(-1)
        places = 2 * (reference[:, :, None, None] + offsets) - 1
        places = places.permute(0, 2, 1, 3, 4).reshape(batch * self.heads, queries, self.points, 2)
        values = self.value(features).view(batch * self.heads, -1, rows, columns)
        found = functional.grid_sample(values, places, align_corners=False).view(batch, self.heads, -1, queries, self.points)
        return self.output((found * weights.permute(0, 2, 1, 3)[:, :, None]).sum(-1).permute(0, 3, 1, 2).reshape(batch, queries, -1))


class Capsules(nn.Module):
    """Sabour et al. 2017: three rounds of routing between capsules."""

    def __init__(self) -> None:
        super().__init__()
        self.primary = nn.Conv2d(1, 16, 5, 3)
        self.weights = nn.Parameter(torch.randn(1, 1, 5, 6, 4) * 0.3)

    def forward(self, x: Tensor) -> Tensor:
        """Return the length of each of five capsules."""
        batch = x.size(0)
        poses = self.primary(x).view(batch, 4, 4, -1).permute(0, 3, 1, 2).reshape(batch, -1, 4)
        votes = (self.weights @ poses[:, :, None, :, None]).squeeze(-1)
        logits = torch.zeros(batch, poses.shape[1], 5, 1)
        for _ in range(3):
            total = (logits.softmax(2) * votes).sum(1, keepdim=True)
            norm = total.square().sum(-1, keepdim=True)
            found = norm / (1 + norm) * total / (norm + 1e-8).sqrt()
            logits = logits + (votes * found).sum(-1, keepdim=True)
        return found.squeeze(1).norm(dim=-1)


class Siamese(nn.Module):
    """Two images through one network, compared."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(_block(1, 8), nn.MaxPool2d(2), _block(8, 8), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(8, 6))

    def forward(self, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
        """Return cosine and distance."""
        one, two = self.body(left), self.body(right)
        return functional.cosine_similarity(one, two), functional.pairwise_distance(one, two)


class Fourier(nn.Module):
    """Li et al. 2021: the low frequencies of a signal, weighed and transformed back."""

    def __init__(self, modes: int = 4) -> None:
        super().__init__()
        self.modes, self.lift, self.skip = modes, nn.Conv1d(1, 6, 1), nn.Conv1d(6, 6, 1)
        self.real, self.imaginary = nn.Parameter(torch.randn(6, 6, modes) * 0.2), nn.Parameter(torch.randn(6, 6, modes) * 0.2)

    def forward(self, x: Tensor) -> Tensor:
        """Return signals of the same length."""
        x = self.lift(x)
        spectrum = torch.view_as_real(torch.fft.rfft(x, dim=-1, norm="ortho"))[:, :, : self.modes]
        real, imaginary = spectrum[..., 0], spectrum[..., 1]
        low_real = torch.einsum("bim,iom->bom", real, self.real) - torch.einsum("bim,iom->bom", imaginary, self.imaginary)
        low_imaginary = torch.einsum("bim,iom->bom", real, self.imaginary) + torch.einsum("bim,iom->bom", imaginary, self.real)
        rest = x.shape[-1] // 2 + 1 - self.modes
        whole = torch.complex(functional.pad(low_real, (0, rest)), functional.pad(low_imaginary, (0, rest)))
        return functional.gelu(torch.fft.irfft(whole, n=x.shape[-1], dim=-1, norm="ortho") + self.skip(x))


_IMAGE = "x:float32[batch,3,height=32..96,width=32..96]"
_GREY = "x:float32[batch,1,height=16..80,width=16..80]"

CASES = (
    declared("ResNet", ResNet, _IMAGE),
    declared("U-Net", UNet, _IMAGE),
    declared("DenseNet", DenseNet, _IMAGE),
    declared("SE-ResNet", SeResNet, _IMAGE),
    declared("MobileNet with squeeze-excite", MobileNet, _IMAGE),
    declared("feature pyramid", FeaturePyramid, _IMAGE),
    declared("YOLO head", Yolo, _IMAGE),
    declared("VAE decoder", Decoder, "code:float32[batch,6]"),
    declared("autoencoder", Autoencoder, _GREY),
    declared("sub-pixel upsampling", SubPixel, f"{_GREY}{{0..1}}"),
    declared("Swin windows", Windows, _IMAGE),
    declared("ViT with interpolated positions", ViT, _IMAGE),
    declared("spatial transformer", SpatialTransformer, f"{_GREY}{{0..1}}"),
    declared(
        "deformable attention",
        DeformableAttention,
        *("query:float32[batch,queries,16]", "reference:float32[batch,queries,2]{0..1}", "features:float32[batch,16,height=4..30,width=4..30]"),
    ),
    declared("capsules with routing", Capsules, _GREY),
    declared("Siamese", Siamese, "left:float32[batch,1,height=16..64,width=16..64]", "right:float32[batch,1,height,width]"),
    declared("Fourier neural operator", Fourier, "x:float32[batch,1,length=16..128/2]"),
)
