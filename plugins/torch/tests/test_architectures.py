"""The architectures: recognised from a checkpoint, every size read from its shapes, right at every size of its axes."""

from __future__ import annotations

import itertools
import json
from collections import OrderedDict
from importlib.metadata import EntryPoint
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from converter.ctc import CtcAlphabet
from converter.images import ImagePreparation
from converter.plugin import Axis, Input, UnrecognisedSource, UsageError
from converter_torch.architectures import registry
from converter_torch.architectures.architecture import Evidence, Recognised

CHARSET = "0123456789abcdefghijklmnopqrstuvwxyz"
NORMALISED = {2, 4, 6}
FULL = (64, 128, 256, 256, 512, 512, 512)
SMALL = (8, 8, 16, 16, 24, 24, 32)
SIZES = ({"batch": 1, "width": 16}, {"batch": 2, "width": 47}, {"batch": 5, "width": 100}, {"batch": 1, "width": 331})


def randomised(net: nn.Module) -> nn.Module:
    """Give every part random weights and statistics, batch norms too."""
    torch.manual_seed(4)
    for name, tensor in itertools.chain(net.named_parameters(), net.named_buffers()):
        if name.endswith(("running_var", "norm.weight")):
            nn.init.uniform_(tensor, 0.5, 1.5)
        elif name.endswith("running_mean"):
            nn.init.normal_(tensor, std=0.1)
    return net.eval()


def pool(number: int) -> nn.Module | None:
    return {0: nn.MaxPool2d(2, 2), 1: nn.MaxPool2d(2, 2), 3: nn.MaxPool2d((2, 2), (2, 1), (0, 1)), 5: nn.MaxPool2d((2, 2), (2, 1), (0, 1))}.get(
        number
    )


class Mission(nn.Module):
    """The network as its authors have it: an unnamed Sequential, a neck and a head."""

    def __init__(self, channels: tuple[int, ...] = SMALL, hidden: int = 12, layers: int = 2, classes: int = 37, colours: int = 3) -> None:
        super().__init__()
        parts: list[nn.Module | None] = []
        for number, (before, after) in enumerate(itertools.pairwise((colours, *channels))):
            last = number == len(channels) - 1
            parts.append(nn.Conv2d(before, after, 2 if last else 3, padding=0 if last else 1, bias=number not in NORMALISED))
            parts += [nn.BatchNorm2d(after) if number in NORMALISED else None, nn.ReLU(), pool(number)]
        self.feat_extract = nn.Sequential(*filter(None, parts))
        self.neck, self.neck.encoder = nn.Module(), nn.Module()
        self.neck.encoder.bilstm = nn.LSTM(channels[-1], hidden, layers, bidirectional=True)
        self.head = nn.Module()
        self.head.fc = nn.Linear(2 * hidden, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        features = self.feat_extract(images).squeeze(2).permute(2, 0, 1)
        return self.head.fc(self.neck.encoder.bilstm(features)[0])


class BidirectionalLSTM(nn.Module):
    def __init__(self, features: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.rnn = nn.LSTM(features, hidden, bidirectional=True)
        self.embedding = nn.Linear(hidden * 2, outputs)

    def forward(self, sequence: torch.Tensor) -> torch.Tensor:
        steps, batch, _ = (recurrent := self.rnn(sequence)[0]).shape
        return self.embedding(recurrent.view(steps * batch, -1)).view(steps, batch, -1)


class CrnnPytorch(nn.Module):
    """The layout of crnn.pytorch: named convolutions, blocks of an LSTM and an embedding."""

    def __init__(self, channels: tuple[int, ...] = SMALL, hidden: int = 12, classes: int = 37, *, leaky: bool = False) -> None:
        super().__init__()
        parts: OrderedDict[str, nn.Module] = OrderedDict()
        for number, (before, after) in enumerate(itertools.pairwise((1, *channels))):
            last = number == 6
            parts[f"conv{number}"] = nn.Conv2d(before, after, 2 if last else 3, 1, 0 if last else 1)
            if number in NORMALISED:
                parts[f"batchnorm{number}"] = nn.BatchNorm2d(after)
            parts[f"relu{number}"] = nn.LeakyReLU(0.2) if leaky else nn.ReLU()
            if found := pool(number):
                parts[f"pooling{number}"] = found
        self.cnn = nn.Sequential(parts)
        self.rnn = nn.Sequential(BidirectionalLSTM(channels[-1], hidden, hidden), BidirectionalLSTM(hidden, hidden, classes))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.rnn(self.cnn(images).squeeze(2).permute(2, 0, 1))


@pytest.fixture
def saved(tmp_path: Any) -> Any:
    def save(net: nn.Module, **beside: Any) -> Any:
        torch.save({"model": net.state_dict(), **beside}, tmp_path / "crnn.pth")
        return tmp_path / "crnn.pth"

    return save


def compare(model: Any, net: nn.Module, answer: Any = lambda logits: logits) -> None:
    (output,) = model.outputs
    for sizes in SIZES:
        feeds = model.sample(np.random.default_rng(0), sizes)
        with torch.no_grad():
            wanted = answer(net(torch.from_numpy(feeds["images"]))).numpy()
        np.testing.assert_allclose(model.run(feeds)[output.name], wanted, atol=1e-6)


@pytest.fixture(scope="module")
def mission() -> Mission:
    return randomised(Mission())


def test_the_crnn_becomes_a_small_graph_with_free_axes(mission: Mission, saved: Any, load: Any, prove: Any) -> None:
    model = load(saved(mission))
    assert model.inputs == (Input("images", "float32", ("batch", 3, 32, "width")),)
    assert model.axes["width"] == Axis(16, 1024, usual=100)
    compare(model, mission)
    graph = prove(model, *SIZES)
    assert [node.op_type for node in graph.graph.node].count("LSTM") == 2
    assert len(graph.graph.node) < 60
    prove(model, *SIZES, exporter="trace")


def test_its_metadata_tells_how_images_become_text(mission: Mission, saved: Any, load: Any) -> None:
    metadata = load(saved(mission)).metadata
    assert ImagePreparation.from_metadata(metadata) == ImagePreparation(input="images", height=32, width=100)
    assert CtcAlphabet.from_metadata(metadata) == CtcAlphabet(output="logits", charset=CHARSET)


def test_the_full_network_has_its_known_size(load: Any, saved: Any) -> None:
    model = load(saved(Mission(FULL, 256)))
    assert model.summary == "CRNN: VGG 64-512, 2 × BiLSTM 256, 37 classes, 8.7 M parameters"
    images = np.zeros((1, 3, 32, 100), np.float32)
    assert model.run({"images": images})["logits"].shape == (26, 1, 37)


@pytest.mark.parametrize(
    ("channels", "sizes", "summary"),
    [
        ((4, 6, 8, 10, 12, 14, 16), {"hidden": 7, "layers": 3, "classes": 20}, "CRNN: VGG 4-16, 3 × BiLSTM 7, 20 classes"),
        ((4, 4, 4, 4, 4, 4, 4), {"hidden": 3, "layers": 1, "classes": 5, "colours": 1}, "CRNN: VGG 4-4, 1 × BiLSTM 3, 5 classes"),
    ],
)
def test_every_size_is_read_from_the_shapes(channels: tuple[int, ...], sizes: Any, summary: str, saved: Any, load: Any) -> None:
    net = randomised(Mission(channels, **sizes))
    model = load(saved(net))
    assert model.summary == f"{summary}, {sum(weight.numel() for weight in net.parameters()) / 1000:.1f} k parameters"
    assert model.inputs[0].dims[1] == sizes.get("colours", 3)
    compare(model, net)
    assert ("image" in model.metadata) == (sizes.get("colours", 3) == 3)
    assert "ctc" not in model.metadata, "nothing tells the characters of these classes"


def test_poolings_are_read_from_the_gaps() -> None:
    """What stands between two convolutions has no weights and shows in their numbers alone."""
    shapes = {key: tuple(value.shape) for key, value in Mission(SMALL).state_dict().items()}
    moved = {key.replace("extract.19.", "extract.21.").replace("extract.18.", "extract.20."): shape for key, shape in shapes.items()}
    assert registry.recognise(Evidence(shapes)) is not None
    assert registry.recognise(Evidence(moved)) is None, "a gap that holds more than an activation and a pooling"


def test_batch_first_and_softmax(mission: Mission, saved: Any, load: Any, prove: Any) -> None:
    model = load(saved(mission), options={"batch_first": True, "softmax": True})
    assert [each.name for each in model.outputs] == ["probabilities"]
    compare(model, mission, lambda logits: logits.softmax(-1).transpose(0, 1))
    prove(model, *SIZES)
    alphabet = CtcAlphabet.from_metadata(model.metadata)
    assert alphabet == CtcAlphabet(output="probabilities", charset=CHARSET, batch_first=True)
    plain = load(saved(mission))
    feeds = plain.sample(np.random.default_rng(2), SIZES[2])
    text = CtcAlphabet(output="logits", charset=CHARSET).decode(plain.run(feeds)["logits"])
    assert alphabet.decode(model.run(feeds)["probabilities"]) == text


@pytest.mark.parametrize(
    ("held", "given", "found"),
    [("", "", ""), ("abcd", "", "abcd"), ("", "wxyz", "wxyz"), ("abcd", "abcd", "abcd"), (["a", "b", "c", "d"], "", "abcd")],
)
def test_the_charset_of_the_checkpoint_or_of_the_option(held: Any, given: str, found: str, saved: Any, load: Any) -> None:
    model = load(saved(Mission(classes=5), charset=held), options={"charset": given})
    assert json.loads(model.metadata["ctc"])["charset"] == found if found else "ctc" not in model.metadata


def test_a_charset_that_the_checkpoint_contradicts(saved: Any, load: Any) -> None:
    with pytest.raises(UsageError, match="the checkpoint holds the charset 'abcd', not 'wxyz'") as caught:
        load(saved(Mission(classes=5), charset="abcd"), options={"charset": "wxyz"})
    assert "-O charset" in caught.value.hint


@pytest.mark.parametrize(("held", "given", "whose"), [("abc", "", "the checkpoint's"), ("", "abc", "this")])
def test_a_charset_of_another_length(held: str, given: str, whose: str, saved: Any, load: Any) -> None:
    with pytest.raises(UsageError, match=f"{whose} charset has 3 characters, and the network has 4 classes beside the blank") as caught:
        load(saved(Mission(classes=5), charset=held), options={"charset": given})
    assert "every class" in caught.value.hint


def test_axes_may_be_widened_but_not_renamed(mission: Mission, saved: Any, load: Any) -> None:
    model = load(saved(mission), "images:float32[batch,3,32,width=32..2048]")
    assert model.axes["width"] == Axis(32, 2048)
    with pytest.raises(UsageError, match="the model's inputs are images, not x") as caught:
        load(saved(mission), "x:float32[batch,3,32,width]")
    assert caught.value.hint == "--input 'images:float32[batch=1..64,3,32,width=16..1024]'"


@pytest.mark.parametrize("leaky", [False, True])
def test_the_layout_of_crnn_pytorch(load: Any, saved: Any, prove: Any, *, leaky: bool) -> None:
    net = randomised(CrnnPytorch(leaky=leaky))
    model = load(saved(net), options={"leaky_relu": leaky})
    assert model.summary == "CRNN (crnn.pytorch): VGG 8-32, 2 × BiLSTM 12, 37 classes, 24.2 k parameters"
    assert model.inputs == (Input("images", "float32", ("batch", 1, 32, "width")),)
    assert ImagePreparation.from_metadata(model.metadata) == ImagePreparation("images", 32, 100, mode="L", mean=(0.5,), std=(0.5,))
    compare(model, net)
    graph = prove(model, *SIZES)
    assert len(graph.graph.node) < 60


def test_the_published_sizes_of_crnn_pytorch(load: Any, saved: Any) -> None:
    assert load(saved(CrnnPytorch(FULL, 256))).summary == "CRNN (crnn.pytorch): VGG 64-512, 2 × BiLSTM 256, 37 classes, 8.3 M parameters"


def test_an_option_of_another_architecture(mission: Mission, saved: Any, load: Any) -> None:
    with pytest.raises(UsageError, match="takes no option leaky_relu"):
        load(saved(mission), options={"leaky_relu": True})


class Third:
    """An architecture of another distribution."""

    name = "third"
    options = ()

    def recognise(self, evidence: Evidence) -> Recognised | None:
        if set(evidence.shapes) != {"weight", "bias"}:
            return None
        outputs, features = evidence.shapes["weight"]
        inputs = (Input("input", "float32", ("batch", features)),)
        return Recognised(nn.Linear(features, outputs), inputs, {"batch": Axis()}, ("scores",), "Third", {"made": "elsewhere"})


def entry(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, registry.GROUP)


def test_another_distribution_adds_an_architecture(saved: Any, load: Any, prove: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "third_nets", sys.modules[__name__])
    monkeypatch.setattr(registry.importlib.metadata, "entry_points", lambda **_: [entry("third", "third_nets:Third")])
    model = load(saved(nn.Linear(4, 2)))
    assert (model.summary, model.metadata, [each.name for each in model.outputs]) == ("Third", {"made": "elsewhere"}, ["scores"])
    prove(model, {"batch": 3})


def test_an_architecture_that_cannot_be_imported_disturbs_nothing(saved: Any, load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry.importlib.metadata, "entry_points", lambda **_: [entry("broken", "no_such_module_here:Net")])
    with pytest.warns(RuntimeWarning, match="architecture broken .* cannot be used: ModuleNotFoundError"), pytest.raises(UnrecognisedSource):
        load(saved(nn.Linear(4, 2)))
