"""The CRNN example: its checkpoint reads words, its images are what it says, and its training learns."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the example is a torch model")
pytest.importorskip("PIL", reason="the example renders its words with Pillow")

CRNN = Path(__file__).parents[2] / "examples" / "crnn"
IMAGES = sorted((CRNN / "words").glob("*.png"))
MODULES = ("fonts", "vocabulary", "render", "dataset", "model", "evaluate", "train", "example_words")


@pytest.fixture(scope="module")
def example() -> Iterator[SimpleNamespace]:
    """The example's scripts as modules, importable for the time of these tests alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(CRNN))
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in MODULES})
    for name in MODULES:
        sys.modules.pop(name)


@pytest.fixture(scope="module")
def model(example: SimpleNamespace) -> object:
    return example.model.Crnn.load(CRNN / "crnn.pth")


def builtin_words(example: SimpleNamespace, count: int, *, seed: int = 0, held_out: bool = True) -> object:
    """Words in the face that comes with Pillow: the same on a machine without fonts."""
    recipe = example.dataset.Recipe([example.fonts.builtin()], seed, example.dataset.FAMILIAR, held_out=held_out)
    return example.dataset.render_words(recipe, count)


def test_the_checkpoint_is_a_small_state_dict_in_the_layout_of_the_full_network(example: SimpleNamespace) -> None:
    checkpoint = torch.load(CRNN / "crnn.pth", weights_only=True)
    assert (CRNN / "crnn.pth").stat().st_size < 6e6
    assert list(checkpoint) == ["model"]
    assert list(checkpoint["model"]) == list(example.model.Crnn().state_dict())


def test_the_network_has_a_step_every_four_pixels(example: SimpleNamespace) -> None:
    small = example.model.scaled(1 / 16, hidden=8).eval()
    shapes = {width: tuple(small(torch.zeros(2, 3, 32, width)).shape) for width in (16, 97, 100)}
    assert shapes == {16: (5, 2, 37), 97: (25, 2, 37), 100: (26, 2, 37)}


def test_the_sizes_of_a_network_are_read_from_its_checkpoint(example: SimpleNamespace, tmp_path: Path) -> None:
    small = example.model.scaled(1 / 16, hidden=8, classes=11).eval()
    example.train.save(small, tmp_path / "small.pth")
    images = torch.rand(2, 3, 32, 60)
    assert torch.equal(example.model.Crnn.load(tmp_path / "small.pth")(images), small(images))
    assert [path.name for path in tmp_path.iterdir()] == ["small.pth"]


def test_the_example_images_are_read(example: SimpleNamespace, model: object) -> None:
    truth = [path.stem.split("-")[1] for path in IMAGES]
    scores = model(torch.from_numpy(example.dataset.PREPARATION.batch(IMAGES)))  # type: ignore[operator]
    read = example.dataset.ALPHABET.decode(scores.detach().numpy())
    assert truth == [text.lower() for text in example.example_words.TEXTS]
    assert sum(said == word for said, word in zip(read, truth, strict=True)) >= 19, list(zip(truth, read, strict=True))


def test_words_of_a_face_that_every_machine_has_are_read(example: SimpleNamespace, model: object) -> None:
    assert example.evaluate.exact(model, builtin_words(example, 100)) >= 0.95


def test_example_and_evaluation_words_were_never_trained_on(example: SimpleNamespace) -> None:
    assert all(example.vocabulary.is_held_out(text.lower()) for text in example.example_words.TEXTS)
    assert all(example.vocabulary.is_held_out(word) for word in builtin_words(example, 50).truth)  # type: ignore[attr-defined]
    trained = builtin_words(example, 300, held_out=False).truth  # type: ignore[attr-defined]
    assert not any(example.vocabulary.is_held_out(word) for word in trained)
    assert all(1 <= len(word) <= 12 and set(word) <= set(example.dataset.ALPHABET.charset) for word in trained)


def test_a_seed_renders_the_same_words_again(example: SimpleNamespace) -> None:
    first, again, other = (builtin_words(example, 12, seed=seed) for seed in (5, 5, 6))
    assert first.truth == again.truth != other.truth  # type: ignore[attr-defined]
    assert np.array_equal(first.pixels, again.pixels)  # type: ignore[attr-defined]


def test_training_sees_what_running_sees(example: SimpleNamespace) -> None:
    image = example.render.render("Word", example.fonts.builtin(), np.random.default_rng(1))
    pixels = torch.from_numpy(example.dataset.PIXELS(image).round().astype(np.uint8))[None]
    np.testing.assert_allclose(example.evaluate.normalise(pixels)[0], example.dataset.PREPARATION(image), atol=1e-5)


def test_symbols_other_scripts_and_missing_glyphs_are_no_latin_letters(example: SimpleNamespace) -> None:
    latin = example.fonts.glyphs(example.fonts.builtin().font(48))
    box = np.ones((16, 16), np.float32)
    assert example.fonts.is_legible(latin, box)
    assert not example.fonts.is_legible(np.roll(latin, 5, axis=0), box)  # every letter looks like another
    assert not example.fonts.is_legible(np.concatenate([box[None], latin[1:]]), box)  # no glyph for 0
    assert not example.fonts.is_legible(np.concatenate([0 * box[None], latin[1:]]), box)  # a blank one


def test_a_folder_of_broken_fonts_leaves_the_builtin_face(example: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    assert example.fonts.find_faces([tmp_path]) == [example.fonts.builtin()]


def test_a_few_steps_of_training_lower_the_loss(example: SimpleNamespace) -> None:
    torch.manual_seed(0)
    losses: list[float] = []
    network = example.model.scaled(1 / 16, hidden=16)
    words = builtin_words(example, 64, held_out=False)
    example.train.fit(network, words, steps=40, batch=16, rate=3e-3, on_step=lambda _, loss: losses.append(loss))
    assert len(losses) == 40
    assert np.mean(losses[-10:]) < 0.5 * np.mean(losses[:3])
