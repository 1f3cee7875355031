"""Loading: every form gives the same model; what is refused is named, with the way on."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from catboost import CatBoostClassifier, CatBoostRegressor

from converter.plugin import Source, UnreadableSource, UntrustedSource
from converter_catboost.loading import Loaded, load_model

SAVE_AGAIN = "copy or download it again, or save the model again with save_model"


class Bomb:
    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


class Own(CatBoostRegressor):
    """A model that is not CatBoost's own."""


def read(path: Path, *, trust: bool = False) -> Loaded:
    return load_model(Source.of(path), trust=trust)


def test_every_form_gives_the_same_model(classifier: Any, cancer: tuple[Any, Any], tmp_path: Path) -> None:
    rows = cancer[0].to_numpy()
    expected = classifier.predict_proba(rows)
    classifier.save_model(str(tmp_path / "model.cbm"))
    classifier.save_model(str(tmp_path / "model.json"), format="json")
    for protocol in (2, 5):
        (tmp_path / f"{protocol}.pkl").write_bytes(pickle.dumps(classifier, protocol))
    joblib.dump(classifier, tmp_path / "model.joblib", compress=3)
    for name in ("model.cbm", "model.json", "2.pkl", "5.pkl", "model.joblib"):
        found = read(tmp_path / name)
        assert type(found.model).__name__ == ("CatBoost" if name in {"model.cbm", "model.json"} else "CatBoostClassifier")
        np.testing.assert_allclose(found.model.predict(rows, "Probability"), expected, rtol=1e-12)  # JSON rounds the last digit
        assert found.blob.classes == ("benign", "malignant")
        assert found.blob.loss == "Logloss"


def test_a_pickle_that_carries_a_command_is_refused_and_not_executed(classifier: Any, tmp_path: Path) -> None:
    path, witness = tmp_path / "model.pkl", tmp_path / "witness"
    path.write_bytes(pickle.dumps([classifier, Bomb(f"touch {witness}")]))
    with pytest.raises(UntrustedSource, match=r"^model\.pkl names posix\.system, which is not allowed$") as caught:
        read(path)
    assert caught.value.hint == "save it with save_model('model.cbm'), or pass --trust if you made the file yourself"
    assert not witness.exists()


def test_the_model_in_a_pickle_is_looked_at_before_catboost_reads_it(classifier: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(classifier).replace(b"FlabuffersModel_v1", b"FlabuffersModel_v9"))
    with pytest.raises(UnreadableSource, match=r"or is cut off or damaged \(UnknownFormat: its format is 'FlabuffersModel_v9'"):
        read(path)


def test_a_second_state_in_a_pickle_is_looked_at_too(classifier: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    damaged = classifier._serialize_model().replace(b"FlabuffersModel_v1", b"FlabuffersModel_v9")
    second = pickle.dumps({"__model": damaged}, 3)[2:-1]  # without its head and its stop
    path.write_bytes(pickle.dumps(classifier, 3)[:-1] + second + pickle.BUILD + pickle.STOP)
    with pytest.raises(UnreadableSource, match="UnknownFormat: its format is 'FlabuffersModel_v9'"):
        read(path)


def test_a_class_of_ones_own_needs_trust(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    model = Own(iterations=2, thread_count=1, allow_writing_files=False, verbose=False).fit(np.arange(100.0).reshape(50, 2), np.arange(50))
    path.write_bytes(pickle.dumps(model))
    with pytest.raises(UntrustedSource, match=r"names .*test_loading\.Own"):
        read(path)
    assert type(read(path, trust=True).model).__name__ == "Own"


@pytest.mark.parametrize("kept", [0.001, 0.05, 0.5, 0.99])
def test_a_truncated_binary_model_is_called_so(classifier: Any, tmp_path: Path, kept: float) -> None:
    path = tmp_path / "model.cbm"
    data = classifier._serialize_model()
    path.write_bytes(data[: int(kept * len(data))])
    with pytest.raises(UnreadableSource, match=r"^model\.cbm is a model of CatBoost that is cut off or damaged: ") as caught:
        read(path)
    assert caught.value.hint == SAVE_AGAIN


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.9999])
def test_a_truncated_json_model_is_called_so(classifier: Any, tmp_path: Path, kept: float) -> None:
    """CatBoost itself would load the trees before the cut without a word."""
    path = tmp_path / "model.json"
    classifier.save_model(str(path), format="json")
    text = path.read_text()
    path.write_text(text[: int(kept * len(text))])
    with pytest.raises(UnreadableSource, match=r"^model\.json is a model of CatBoost that is cut off or damaged: ") as caught:
        read(path)
    assert caught.value.hint == SAVE_AGAIN


def test_a_damaged_json_model_is_called_so(classifier: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    classifier.save_model(str(path), format="json")
    document = json.loads(path.read_text())
    document["oblivious_trees"][0]["leaf_values"].pop()
    path.write_text(json.dumps(document))
    with pytest.raises(UnreadableSource, match="cut off or damaged: its trees have 320 leaves of 1 values, 319 values are there"):
        read(path)
    del document["features_info"]["float_features"]
    path.write_text(json.dumps(document))
    with pytest.raises(UnreadableSource, match=r"^model\.json is a model of CatBoost that is cut off or damaged: catboost/"):
        read(path)


def test_another_json_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "notes.json"
    path.write_text('{"features_info": {}}')
    with pytest.raises(UnreadableSource, match=r"^notes\.json is not a model of CatBoost: it lacks 'features_info' or trees$") as caught:
        read(path)
    assert caught.value.hint == "save the model with save_model('model.json', format='json')"


def test_a_format_that_is_not_known_is_called_so(classifier: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.cbm"
    path.write_bytes(classifier._serialize_model().replace(b"FlabuffersModel_v1", b"FlabuffersModel_v2"))
    with pytest.raises(UnreadableSource, match=r"^model\.cbm is a model of a CatBoost that is not known here: its format is 'Flab.*_v2'") as caught:
        read(path)
    assert caught.value.hint == "convert it where the CatBoost that made it is installed, or save it again with an older one"


def test_a_truncated_pickle_is_called_so(classifier: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(classifier)[:3000])
    with pytest.raises(UnreadableSource, match=r"^model\.pkl is not a pickle, or is cut off or damaged"):
        read(path)


def test_what_is_no_model_is_named(tmp_path: Path) -> None:
    path = tmp_path / "state.pkl"
    path.write_bytes(pickle.dumps({"trees": 3}))
    with pytest.raises(UnreadableSource, match=r"^state\.pkl holds a dict, not a model of CatBoost$") as caught:
        read(path)
    assert caught.value.hint.startswith("save the CatBoostClassifier")
    with pytest.raises(UnreadableSource, match="holds the class CatBoostClassifier"):
        load_model(Source.of(CatBoostClassifier), trust=False)


def test_an_unfitted_model_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(CatBoostClassifier(iterations=3)))
    for source, name in ((Source.of(CatBoostClassifier()), "CatBoostClassifier"), (Source.of(path), "model.pkl")):
        with pytest.raises(UnreadableSource, match=f"^{name} is not fitted$") as caught:
            load_model(source, trust=False)
        assert caught.value.hint == "call fit before it is saved or converted"
