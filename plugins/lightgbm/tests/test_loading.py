"""Loading: every form gives the same model; what is refused is named, with the way on."""

from __future__ import annotations

import copy
import os
import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from lightgbm import Booster, Dataset, LGBMClassifier, LGBMModel, LGBMRegressor

from converter.plugin import Source, UnreadableSource, UntrustedSource
from converter_lightgbm.loading import Loaded, load_model
from converter_lightgbm.trusted import READ


class Bomb:
    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


class Own(LGBMRegressor):
    """A model that is not LightGBM's own."""


def read(path: Path, *, trust: bool = False) -> Loaded:
    return load_model(Source.of(path), trust=trust)


def test_every_form_gives_the_same_model(classifier: Any, cancer: tuple[Any, Any], tmp_path: Path) -> None:
    rows = cancer[0].to_numpy()
    expected = classifier.booster_.predict(rows)
    classifier.booster_.save_model(tmp_path / "model.txt")
    assert read(tmp_path / "model.txt").wrapper is None
    np.testing.assert_array_equal(read(tmp_path / "model.txt").booster.predict(rows), expected)
    for protocol in (2, 5):
        for model in (classifier, classifier.booster_):
            (tmp_path / "model.pkl").write_bytes(pickle.dumps(model, protocol))
            found = read(tmp_path / "model.pkl")
            np.testing.assert_array_equal(found.booster.predict(rows), expected)
            assert (found.wrapper is None) == (model is not classifier)
    for compress in (0, 3):
        joblib.dump(classifier, tmp_path / "model.joblib", compress=compress)
        assert read(tmp_path / "model.joblib").wrapper.classes_.tolist() == ["benign", "malignant"]


def test_a_pickle_that_carries_a_command_is_refused_and_not_executed(classifier: Any, tmp_path: Path) -> None:
    path, witness = tmp_path / "model.pkl", tmp_path / "witness"
    path.write_bytes(pickle.dumps([classifier, Bomb(f"touch {witness}")]))
    with pytest.raises(UntrustedSource, match=r"^model\.pkl names posix\.system, which is not allowed$") as caught:
        read(path)
    assert caught.value.hint == "save it as text with booster_.save_model('model.txt'), or pass --trust if you made the file yourself"
    assert not witness.exists()


def test_a_class_of_ones_own_needs_trust(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(Own(n_estimators=2, verbose=-1, n_jobs=1).fit(np.arange(100.0).reshape(50, 2), np.arange(50))))
    with pytest.raises(UntrustedSource, match=r"names .*test_loading\.Own"):
        read(path)
    assert type(read(path, trust=True).wrapper).__name__ == "Own"


@pytest.mark.parametrize("kept", [0.05, 0.5, 0.9])
def test_a_truncated_text_model_is_called_so(classifier: Any, tmp_path: Path, kept: float) -> None:
    text = classifier.booster_.model_to_string()
    trees = text.index("end of trees")
    path = tmp_path / "model.txt"
    path.write_text(text[: int(kept * trees)])
    with pytest.raises(
        UnreadableSource, match=r"^model\.txt is a text model of LightGBM that is cut off or damaged: the line 'end of trees'"
    ) as caught:
        read(path)
    assert caught.value.hint == "copy or download it again, or save the model again with Booster.save_model"


def test_a_text_model_that_is_cut_off_anywhere_is_refused_or_answers_the_same(mixed: Any, tmp_path: Path) -> None:
    path, rng = tmp_path / "model.txt", np.random.default_rng(0)
    text = mixed.booster_.model_to_string()
    rows = np.stack([rng.integers(0, 12, 50), rng.normal(size=50), np.ones(50)], axis=-1)
    end_of_trees, parameters, end, categories = (
        text.index(line) + len(line) for line in ("end of trees", "\nparameters:", "end of parameters\n", "pandas_categorical:")
    )
    for kept in [*rng.integers(1, len(text), 50).tolist(), end_of_trees - 1, end_of_trees, parameters, end - 1, end, categories, len(text) - 3]:
        path.write_text(text[:kept])
        if kept < end_of_trees or parameters <= kept < end or categories <= kept:
            with pytest.raises(
                UnreadableSource, match=r"^model\.txt is (a text model of LightGBM that is cut off or damaged|not a text model)"
            ) as caught:
                read(path)
            assert caught.value.hint == "copy or download it again, or save the model again with Booster.save_model"
        else:
            np.testing.assert_array_equal(read(path).booster.predict(rows), mixed.booster_.predict(rows))


def test_a_pickle_that_is_cut_off_anywhere_is_refused(mixed: Any, tmp_path: Path) -> None:
    path, rng = tmp_path / "model.pkl", np.random.default_rng(0)
    whole = pickle.dumps(mixed)
    for kept in rng.integers(0, len(whole), 50):
        path.write_bytes(whole[:kept])
        with pytest.raises(UnreadableSource, match=r"^model\.pkl is not a pickle, or is cut off or damaged \("):
            read(path)


@pytest.mark.parametrize("form", [pickle.dumps, lambda model: pickle.dumps(model.booster_)], ids=["wrapper", "booster"])
def test_the_text_inside_a_pickle_is_looked_at_before_lightgbm_reads_it(mixed: Any, tmp_path: Path, form: Any) -> None:
    """LightGBM dies on some damaged text."""
    path, whole = tmp_path / "model.pkl", form(mixed)
    path.write_bytes(whole.replace(b"left_child=1", b"left_child=9", 1))
    with pytest.raises(
        UnreadableSource, match="its Booster is a text model of LightGBM that is cut off or damaged: tree 0: its nodes do not form a tree"
    ):
        read(path)
    path.write_bytes(whole.replace(b"version=v4", b"version=v5"))
    with pytest.raises(UnreadableSource, match="its Booster is of the format version v5; known is up to v4"):
        read(path)
    path.write_bytes(whole.replace(b"objective=binary", b"objective=mystic"))
    with pytest.raises(UnreadableSource, match="its Booster has the objective 'mystic'"):
        read(path)


def test_a_wrapper_of_an_older_lightgbm_is_fitted(classifier: Any, cancer: tuple[Any, Any], tmp_path: Path) -> None:
    """Before 3.3 it did not say so, before 3.0 it counted features elsewhere, and before 4 its Booster named its text otherwise."""
    path, rows = tmp_path / "model.pkl", cancer[0].to_numpy()
    old = copy.copy(classifier)
    for name in ("fitted_", "_n_features_in"):
        del old.__dict__[name]
    assert not old.__sklearn_is_fitted__()
    found = load_model(Source.of(old), trust=False)
    np.testing.assert_array_equal(found.wrapper.predict_proba(rows), classifier.predict_proba(rows))
    assert not old.__sklearn_is_fitted__()  # the model that was given is left as it was
    path.write_bytes(pickle.dumps(old, 2).replace(b"X\x07\x00\x00\x00_handle", b"X\x06\x00\x00\x00handle"))
    assert read(path).wrapper.predict(rows).tolist() == classifier.predict(rows).tolist()


def test_labels_encoded_by_an_older_scikit_learn_are_read(classifier: Any, cancer: tuple[Any, Any], tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(classifier, 2).replace(b"csklearn.preprocessing._label\n", b"csklearn.preprocessing.label\n"))
    assert read(path).wrapper.predict(cancer[0].to_numpy()).tolist() == classifier.predict(cancer[0].to_numpy()).tolist()


def test_the_text_of_a_pickle_is_read_once(classifier: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(classifier))
    found = read(path)
    assert found.text is found.booster.__dict__[READ]
    part = load_model(Source.of(path), trust=False, num_iteration=3)
    assert len(part.text.trees) == 3


def test_another_text_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("These are notes.\nNothing else.\n")
    with pytest.raises(UnreadableSource, match=r"^notes\.txt is not a text model of LightGBM: it begins with 'These are notes\.'"):
        read(tmp_path / "notes.txt")


def test_bytes_in_place_of_text_are_called_so(tmp_path: Path) -> None:
    (tmp_path / "model.txt").write_bytes(b"tree\n\xff\xfe\x00")
    with pytest.raises(UnreadableSource, match=r"^model\.txt is not a text model of LightGBM: 'utf-8' codec"):
        read(tmp_path / "model.txt")


def test_a_truncated_pickle_is_called_so(classifier: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(classifier)[:3000])
    with pytest.raises(UnreadableSource, match=r"^model\.pkl is not a pickle, or is cut off or damaged") as caught:
        read(path)
    assert "copy or download it again" in caught.value.hint


def test_what_is_no_model_is_named(tmp_path: Path) -> None:
    path = tmp_path / "state.pkl"
    path.write_bytes(pickle.dumps({"trees": 3}))
    with pytest.raises(UnreadableSource, match=r"^state\.pkl holds a dict, not a model of LightGBM$") as caught:
        read(path)
    assert caught.value.hint.startswith("save the Booster")
    with pytest.raises(UnreadableSource, match="holds the class LGBMClassifier"):
        load_model(Source.of(LGBMClassifier), trust=False)


def test_an_unfitted_model_is_named() -> None:
    with pytest.raises(UnreadableSource, match="LGBMClassifier is not fitted") as caught:
        load_model(Source.of(LGBMClassifier()), trust=False)
    assert caught.value.hint == "call fit before it is saved or converted"


def test_the_base_wrapper_answers_as_its_booster(cancer: tuple[Any, Any]) -> None:
    model = LGBMModel(objective="binary", n_estimators=2, verbose=-1, n_jobs=1).fit(cancer[0], cancer[1] == "benign")
    assert load_model(Source.of(model), trust=False).wrapper is None


def test_a_newer_format_is_called_so(classifier: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.txt"
    for version in ("v5", "v12", "next"):
        path.write_text(classifier.booster_.model_to_string().replace("version=v4", f"version={version}"))
        with pytest.raises(UnreadableSource, match=rf"^model\.txt is of the format version {version}; known is up to v4$") as caught:
            read(path)
        assert caught.value.hint == "a newer onnx-converter-lightgbm may know it; or save the model with LightGBM 4"


@pytest.mark.parametrize("version", ["v2", "v3"])
def test_older_formats_are_read(classifier: Any, cancer: tuple[Any, Any], tmp_path: Path, version: str) -> None:
    path = tmp_path / "model.txt"
    path.write_text(classifier.booster_.model_to_string().replace("version=v4", f"version={version}"))
    rows = cancer[0].to_numpy()
    np.testing.assert_array_equal(read(path).booster.predict(rows), classifier.booster_.predict(rows))


def test_an_unknown_objective_is_named(classifier: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.txt"
    path.write_text(classifier.booster_.model_to_string().replace("objective=binary", "objective=foresight"))
    with pytest.raises(UnreadableSource, match=r"^model\.txt has the objective 'foresight', which LightGBM 4 does not know$") as caught:
        read(path)
    assert caught.value.hint.startswith("known: custom, regression, regression_l1,")


def test_a_booster_that_was_never_trained_is_named(cancer: tuple[Any, Any]) -> None:
    booster = Booster({"objective": "binary", "verbose": -1, "num_threads": 1}, Dataset(cancer[0], cancer[1] == "benign"))
    with pytest.raises(UnreadableSource, match=r"^Booster holds no trees$") as caught:
        load_model(Source.of(booster), trust=False)
    assert caught.value.hint == "train it before it is saved or converted"


def test_damage_is_placed(mixed: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.txt"
    path.write_text(mixed.booster_.model_to_string().replace("split_feature=", "split_feature=x", 1))
    with pytest.raises(
        UnreadableSource, match=r"^model\.txt is a text model of LightGBM that is cut off or damaged: tree 0: 'x\d' is no number$"
    ) as caught:
        read(path)
    assert caught.value.hint == "copy or download it again, or save the model again with Booster.save_model"
