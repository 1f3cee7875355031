"""Architectures of graphs, points and tables."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from torch_cases.case import declared


class GraphConvolution(nn.Module):
    """Kipf and Welling 2017: messages along edges, added where they arrive."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(6, 8), nn.Linear(8, 3)])

    def forward(self, nodes: Tensor, edges: Tensor) -> Tensor:
        """Return scores of each node; `edges` [2, count] are from where and to where."""
        source, target = edges
        degree = torch.ones(nodes.shape[0]).index_add(0, target, torch.ones(edges.shape[1]))
        weight = degree.rsqrt()[source] * degree.rsqrt()[target]
        for layer in self.layers:
            found = layer(nodes)
            nodes = found / degree[:, None] + torch.zeros_like(found).index_add(0, target, found[source] * weight[:, None])
        return nodes


class GraphAttention(nn.Module):
    """Velickovic et al. 2018: messages weighed by a softmax over each node's edges, by scatter."""

    def __init__(self) -> None:
        super().__init__()
        self.project, self.left, self.right = nn.Linear(6, 8), nn.Linear(8, 1), nn.Linear(8, 1)

    def forward(self, nodes: Tensor, edges: Tensor) -> Tensor:
        """Return features of each node."""
        source, target = edges[0], edges[1]
        found = self.project(nodes)
        scores = functional.leaky_relu(self.left(found)[source] + self.right(found)[target], 0.2).squeeze(-1)
        highest = torch.full((nodes.shape[0],), -1e9).scatter_reduce(0, target, scores, "amax")
        weights = torch.exp(scores - highest[target])
        total = torch.zeros(nodes.shape[0]).scatter_add(0, target, weights)
        weights = weights / total[target]
        return torch.zeros_like(found).scatter_add(0, target[:, None].expand(-1, 8), found[source] * weights[:, None])


class PointNet(nn.Module):
    """Qi et al. 2017: points turned by a learnt matrix, one network for each, the greatest of all."""

    def __init__(self) -> None:
        super().__init__()
        self.turn = nn.Sequential(nn.Conv1d(3, 8, 1), nn.BatchNorm1d(8), nn.ReLU())
        self.matrix = nn.Linear(8, 9)
        self.body = nn.Sequential(nn.Conv1d(3, 16, 1), nn.BatchNorm1d(16), nn.ReLU(), nn.Conv1d(16, 12, 1))
        self.head = nn.Linear(12, 5)

    def forward(self, points: Tensor) -> Tensor:
        """Return scores for [batch, points, 3]."""
        x = points.transpose(1, 2)
        matrix = self.matrix(self.turn(x).max(2).values).view(-1, 3, 3) + torch.eye(3)
        return self.head(self.body(torch.bmm(points, matrix).transpose(1, 2)).max(2)[0])


class EdgeConvolution(nn.Module):
    """Wang et al. 2019: features of the differences to the nearest points."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 8), nn.LeakyReLU(0.2))

    def forward(self, points: Tensor) -> Tensor:
        """Return features [batch, points, 8]."""
        near = torch.cdist(points, points).topk(4, dim=-1, largest=False).indices
        count = points.shape[1]
        places = (near + torch.arange(points.shape[0])[:, None, None] * count).flatten()
        others = points.reshape(-1, 3)[places].view(points.shape[0], count, 4, 3)
        own = points[:, :, None].expand(-1, -1, 4, -1)
        return self.body(torch.cat([own, others - own], -1)).amax(2)


class NeuralOde(nn.Module):
    """Chen et al. 2018: a field followed by eight steps of Runge and Kutta."""

    def __init__(self) -> None:
        super().__init__()
        self.field = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 4))

    def forward(self, state: Tensor, seconds: Tensor) -> Tensor:
        """Return the state after so many seconds [batch, 1]."""
        step = seconds / 8
        for place in range(8):
            now = place * step
            first = self._slope(state, now)
            second = self._slope(state + step / 2 * first, now + step / 2)
            third = self._slope(state + step / 2 * second, now + step / 2)
            state = state + step / 6 * (first + 2 * second + 2 * third + self._slope(state + step * third, now + step))
        return state

    def _slope(self, state: Tensor, now: Tensor) -> Tensor:
        return self.field(torch.cat([state, now], 1))


class MixtureOfExperts(nn.Module):
    """Shazeer et al. 2017: two of four experts for each token, each given only its own."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.experts = nn.Linear(8, 4), nn.ModuleList([nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8)) for _ in range(4)])

    def forward(self, x: Tensor) -> Tensor:
        """Return features [batch, length, 8]."""
        tokens = x.reshape(-1, 8)
        weights, chosen = self.gate(tokens).topk(2, -1)
        weights, found = weights.softmax(-1), torch.zeros_like(tokens)
        for number, expert in enumerate(self.experts):
            place, slot = torch.where(chosen == number)
            found = found.index_add(0, place, expert(tokens[place]) * weights[place, slot, None])
        return found.view_as(x)


class Flow(nn.Module):
    """Dinh et al. 2017: coupling layers, with the log of the determinant."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.ModuleList([nn.Linear(3, 3) for _ in range(4)])
        self.shift = nn.ModuleList([nn.Linear(3, 3) for _ in range(4)])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the code and the log of the determinant."""
        total = torch.zeros(x.shape[0])
        for scale, shift in zip(self.scale, self.shift, strict=True):
            left, right = x.chunk(2, 1)
            log = scale(left).tanh()
            x, total = torch.cat([right * log.exp() + shift(left), left], 1), total + log.sum(1)
        return x, total


class Factorisation(nn.Module):
    """Guo et al. 2017: factorisation machine and network over categories of several fields, beside numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.tables = nn.EmbeddingBag(40, 6, mode="sum")
        self.each, self.linear = nn.Embedding(40, 6), nn.Embedding(40, 1)
        self.deep = nn.Sequential(nn.Linear(24 + 3, 8), nn.ReLU(), nn.Linear(8, 1))
        self.register_buffer("offsets", torch.tensor([0, 10, 20, 30]))

    def forward(self, fields: Tensor, numbers: Tensor) -> Tensor:
        """Return chances for four fields and three numbers."""
        places = fields + self.offsets
        each = self.each(places)
        pairs = (each.sum(1).square() - each.square().sum(1)).sum(1) / 2
        score = self.linear(places).sum((1, 2)) + pairs + self.tables(places).mean(1)
        return torch.sigmoid(score + self.deep(torch.cat([each.flatten(1), numbers], 1)).squeeze(1))


_GRAPH = ("nodes:float32[nodes=3..60,6]", "edges:int64[2,edges]{0..2}")
_POINTS = "points:float32[batch,points=4..80,3]"

CASES = (
    declared("graph convolution by scatter", GraphConvolution, *_GRAPH),
    declared("graph attention by scatter", GraphAttention, *_GRAPH),
    declared("PointNet", PointNet, _POINTS),
    declared("edge convolution", EdgeConvolution, _POINTS),
    declared("neural ODE", NeuralOde, "state:float32[batch,4]", "seconds:float32[batch,1]{0..2}"),
    declared("mixture of experts", MixtureOfExperts, "x:float32[batch,length,8]"),
    declared("coupling flow", Flow, "x:float32[batch,6]"),
    declared("DeepFM", Factorisation, "fields:int64[batch,4]{0..9}", "numbers:float32[batch,3]"),
)
