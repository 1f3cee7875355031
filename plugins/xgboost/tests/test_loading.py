"""Loading: every form gives the same model; what is refused is named, with the way on."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import xgboost
from xgboost import Booster, DMatrix, XGBClassifier, XGBModel, XGBRegressor

from converter.plugin import Source, UnreadableSource, UntrustedSource
from converter_xgboost.loading import Loaded, load_model

AGAIN = "copy or download it again, or save the model again with save_model"


class Bomb:
    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


class Own(XGBRegressor):
    """A model that is not XGBoost's own."""


def read(path: Path, *, trust: bool = False) -> Loaded:
    return load_model(Source.of(path), trust=trust)


def changed(model: Any, change: Callable[[dict[str, Any]], None]) -> bytes:
    """Return the model's JSON with something in it changed."""
    document = json.loads(model.get_booster().save_raw("json"))
    change(document)
    return json.dumps(document).encode()


def test_every_form_gives_the_same_model(classifier: Any, cancer: tuple[Any, Any], tmp_path: Path) -> None:
    rows = cancer[0].to_numpy()
    expected = classifier.get_booster().inplace_predict(rows)
    for name in ("model.json", "model.ubj", "model.model"):
        content = classifier.get_booster().save_raw("json" if name == "model.json" else "ubj")
        (tmp_path / name).write_bytes(content)
        assert read(tmp_path / name).wrapper is None
        np.testing.assert_array_equal(read(tmp_path / name).booster.inplace_predict(rows), expected)
    for protocol in (2, 5):
        for model in (classifier, classifier.get_booster()):
            (tmp_path / "model.pkl").write_bytes(pickle.dumps(model, protocol))
            found = read(tmp_path / "model.pkl")
            np.testing.assert_array_equal(found.booster.inplace_predict(rows), expected)
            assert (found.wrapper is None) == (model is not classifier)
    for compress in (0, 3):
        joblib.dump(classifier, tmp_path / "model.joblib", compress=compress)
        assert read(tmp_path / "model.joblib").wrapper.classes_.tolist() == [0, 1]


def test_json_under_another_name_is_read(classifier: Any, tmp_path: Path) -> None:
    (tmp_path / "model.model").write_bytes(classifier.get_booster().save_raw("json"))
    assert read(tmp_path / "model.model").document.objective_name == "binary:logistic"


def test_early_stopping_may_be_in_a_pickle(cancer: tuple[Any, Any], tmp_path: Path) -> None:
    stop = xgboost.callback.EarlyStopping(rounds=2)
    model = XGBClassifier(n_estimators=4, n_jobs=1, callbacks=[stop]).fit(*cancer, eval_set=[cancer], verbose=False)
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(model))
    assert read(tmp_path / "model.pkl").wrapper is not None


def test_a_pickle_that_carries_a_command_is_refused_and_not_executed(classifier: Any, tmp_path: Path) -> None:
    path, witness = tmp_path / "model.pkl", tmp_path / "witness"
    path.write_bytes(pickle.dumps([classifier, Bomb(f"touch {witness}")]))
    with pytest.raises(UntrustedSource, match=r"^model\.pkl names posix\.system, which is not allowed$") as caught:
        read(path)
    assert caught.value.hint == "save it with save_model('model.ubj'), or pass --trust if you made the file yourself"
    assert not witness.exists()


def test_a_class_of_ones_own_needs_trust(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(Own(n_estimators=2, n_jobs=1).fit(np.arange(100.0).reshape(50, 2), np.arange(50))))
    with pytest.raises(UntrustedSource, match=r"names .*test_loading\.Own"):
        read(path)
    assert type(read(path, trust=True).wrapper).__name__ == "Own"


@pytest.mark.parametrize("kind", ["json", "ubj"])
@pytest.mark.parametrize("kept", [0.05, 0.5, 0.9])
def test_a_truncated_document_is_called_so(classifier: Any, tmp_path: Path, kind: str, kept: float) -> None:
    content = classifier.get_booster().save_raw(kind)
    path = tmp_path / f"model.{kind}"
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(UnreadableSource, match=rf"^model\.{kind} is a model of XGBoost that is cut off or damaged: ") as caught:
        read(path)
    assert caught.value.hint == AGAIN


def test_another_file_is_called_so(tmp_path: Path) -> None:
    for name, content in {"model.ubj": b"These are notes.", "model.model": bytes(200), "model.json": b"[1, 2]"}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UnreadableSource, match=f"^{name} is a model of XGBoost that is cut off or damaged: ") as caught:
            read(tmp_path / name)
        assert caught.value.hint == AGAIN


def test_the_old_binary_format_is_named(tmp_path: Path) -> None:
    parameters = np.zeros(34, np.uint32).tobytes()
    path = tmp_path / "model.model"
    for start in (b"", b"binf"):
        path.write_bytes(start + parameters + (15).to_bytes(8, "little") + b"binary:logistic" + (6).to_bytes(8, "little") + b"gbtree" + bytes(400))
        with pytest.raises(UnreadableSource, match=r"^model\.model is in the binary format that XGBoost gave up with 3\.1$") as caught:
            read(path)
        assert caught.value.hint == "load it with the XGBoost that wrote it, 3.0 at the latest, and save it with save_model('model.ubj')"


def test_a_newer_document_is_named(classifier: Any, tmp_path: Path) -> None:
    (tmp_path / "model.json").write_bytes(changed(classifier, lambda document: document.update(version=[9, 1, 0])))
    message = rf"^model\.json was written by XGBoost 9\.1\.0, which is newer than the installed {xgboost.__version__}$"
    with pytest.raises(UnreadableSource, match=message) as caught:
        read(tmp_path / "model.json")
    assert caught.value.hint == "pip install 'xgboost>=9.1.0'"


def test_an_older_document_is_read(regressor: Any, tmp_path: Path) -> None:
    """As XGBoost 1.0 wrote it: one base score, no targets, no iterations."""

    def aged(document: dict[str, Any]) -> None:
        learner = document["learner"]
        parameters, model = learner["learner_model_param"], learner["gradient_booster"]["model"]
        for name in ("num_target", "boost_from_average"):
            del parameters[name]
        for name in ("iteration_indptr", "cats"):
            del model[name]
        parameters["base_score"] = parameters["base_score"].strip("[]")
        document["version"] = [1, 0, 0]
        for tree in model["trees"]:
            tree["default_left"] = [bool(each) for each in tree["default_left"]]
            tree["tree_param"]["size_leaf_vector"] = "0"
            for name in ("split_type", "categories", "categories_nodes", "categories_segments", "categories_sizes"):
                del tree[name]

    (tmp_path / "model.json").write_bytes(changed(regressor, aged))
    found, rows = read(tmp_path / "model.json"), np.random.default_rng(0).normal(size=(50, 10))
    np.testing.assert_array_equal(found.booster.inplace_predict(rows), regressor.predict(rows))
    assert found.document.iterations.tolist() == list(range(13))


def test_an_unknown_objective_is_named(classifier: Any, tmp_path: Path) -> None:
    def unknown(document: dict[str, Any]) -> None:
        document["learner"]["objective"]["name"] = "reg:mystery"

    (tmp_path / "model.json").write_bytes(changed(classifier, unknown))
    with pytest.raises(UnreadableSource, match=r"^model\.json has the objective 'reg:mystery', which is none of XGBoost's$") as caught:
        read(tmp_path / "model.json")
    assert "binary:logistic" in caught.value.hint


def test_leaf_vectors_without_their_table_are_named(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(60, 3))
    model = XGBRegressor(n_estimators=2, max_depth=2, n_jobs=1, multi_strategy="multi_output_tree").fit(rows, rows[:, :2])

    def aged(document: dict[str, Any]) -> None:
        document["version"] = [3, 0, 0]
        for tree in document["learner"]["gradient_booster"]["model"]["trees"]:
            del tree["leaf_weights"]

    (tmp_path / "model.json").write_bytes(changed(model, aged))
    with pytest.raises(UnreadableSource, match=r"has trees with several values a leaf as XGBoost 3\.0\.0 wrote them") as caught:
        read(tmp_path / "model.json")
    assert caught.value.hint == "train the model again with XGBoost 3.2 or newer"


def test_what_only_the_library_refuses_is_passed_on(classifier: Any, tmp_path: Path) -> None:
    def without(document: dict[str, Any]) -> None:
        document["learner"]["objective"] = {"name": "reg:tweedie"}

    (tmp_path / "model.json").write_bytes(changed(classifier, without))
    with pytest.raises(UnreadableSource, match=r"^model\.json is a model that XGBoost cannot load: ") as caught:
        read(tmp_path / "model.json")
    assert caught.value.hint == AGAIN


def test_a_truncated_pickle_is_called_so(classifier: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(classifier)[:1000])
    with pytest.raises(UnreadableSource, match=r"^model\.pkl is not a pickle, or is cut off or damaged") as caught:
        read(path)
    assert "copy or download it again" in caught.value.hint


def test_what_is_no_model_is_named(tmp_path: Path) -> None:
    path = tmp_path / "state.pkl"
    path.write_bytes(pickle.dumps({"trees": 3}))
    with pytest.raises(UnreadableSource, match=r"^state\.pkl holds a dict, not a model of XGBoost$") as caught:
        read(path)
    assert caught.value.hint == "save the Booster, or the XGBClassifier, …, itself"
    with pytest.raises(UnreadableSource, match="holds the class XGBClassifier"):
        load_model(Source.of(XGBClassifier), trust=False)


def test_an_unfitted_model_is_named() -> None:
    for model in (XGBClassifier(), XGBModel()):
        with pytest.raises(UnreadableSource, match=f"^{type(model).__name__} is not fitted$") as caught:
            load_model(Source.of(model), trust=False)
        assert caught.value.hint == "call fit before it is saved or converted"


def test_an_untrained_booster_is_named() -> None:
    with pytest.raises(UnreadableSource, match=r"^Booster is not trained: ") as caught:
        load_model(Source.of(Booster()), trust=False)
    assert caught.value.hint == "train it before it is saved or converted"


def test_a_booster_of_no_iterations_is_read(cancer: tuple[Any, Any]) -> None:
    booster = xgboost.train({"nthread": 1}, DMatrix(*cancer), 0)
    assert len(load_model(Source.of(booster), trust=False).document.trees) == 0
