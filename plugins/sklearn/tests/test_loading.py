"""Loading: every form gives the same estimator; what is refused is named, with the way on."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn
import skops.io
from sklearn.cluster import DBSCAN
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from converter.plugin import LoadRequest, Source, UnreadableSource, UntrustedSource
from converter_sklearn.loading import load_estimator
from converter_sklearn.model import load

MADE_BY = f"{sklearn.__version__[:-1]}{(int(sklearn.__version__[-1]) + 5) % 10}"  # another version of the same length


class Own(LogisticRegression):
    """An estimator that is not scikit-learn's own."""


class Bomb:
    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


def read(path: Path, *, trust: bool = False) -> Any:
    return load_estimator(Source.of(path), trust=trust).estimator


@pytest.mark.parametrize("form", ["skops", "pkl", "pickle", "joblib", "joblib compressed"])
def test_every_form_gives_the_same_estimator(pipeline: Any, people: Any, files: Any, form: str) -> None:
    found = load_estimator(Source.of(files(pipeline, form)), trust=False)
    assert found.made_by == ""
    np.testing.assert_array_equal(found.estimator.predict_proba(people), pipeline.predict_proba(people))


@pytest.mark.parametrize("form", ["skops", "pkl", "joblib"])
@pytest.mark.parametrize(
    "estimator",
    [
        KNeighborsClassifier(algorithm="kd_tree"),
        HistGradientBoostingClassifier(max_iter=3),
        make_pipeline(StandardScaler(), FunctionTransformer(np.log1p), LogisticRegression()),
        GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}, scoring="balanced_accuracy", cv=2),
    ],
    ids=lambda each: type(each).__name__,
)
def test_parts_of_estimators_need_no_trust(cancer: tuple[Any, Any], files: Any, estimator: Any, form: str) -> None:
    rows, target = cancer[0].iloc[:, :4].abs().clip(0, 1), cancer[1]
    estimator.fit(rows, target)
    np.testing.assert_array_equal(read(files(estimator, form)).predict(rows), estimator.predict(rows))


def test_a_pickle_that_carries_a_command_is_refused_and_not_executed(tmp_path: Path) -> None:
    path, witness = tmp_path / "model.pkl", tmp_path / "witness"
    path.write_bytes(pickle.dumps(make_pipeline(StandardScaler(), FunctionTransformer(Bomb(f"touch {witness}")))))
    with pytest.raises(UntrustedSource, match=r"^model\.pkl names posix\.system, which is not allowed$") as caught:
        read(path)
    assert caught.value.hint == "save it with skops.io.dump, or pass --trust if you made the file yourself"
    assert not witness.exists()


@pytest.mark.parametrize("form", ["pkl", "joblib", "skops"])
def test_a_class_of_ones_own_needs_trust(cancer: tuple[Any, Any], files: Any, form: str) -> None:
    rows, target = cancer
    path = files(Own(max_iter=5000).fit(rows.iloc[:, :2], target), form)
    with pytest.raises(UntrustedSource, match=rf"model\.{form} (names|holds types that are not scikit-learn's:) .*test_loading\.Own") as caught:
        read(path)
    assert "--trust" in caught.value.hint
    assert type(read(path, trust=True)).__name__ == "Own"


@pytest.mark.parametrize("form", ["pkl", "joblib", "joblib compressed"])
def test_a_truncated_pickle_is_called_so(forest: Any, files: Any, form: str) -> None:
    path = files(forest, form)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(UnreadableSource, match="is not a pickle, or is cut off or damaged") as caught:
        read(path)
    assert "copy or download it again" in caught.value.hint


def test_text_renamed_pkl_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "notes.pkl"
    path.write_text("These are notes.\n")
    with pytest.raises(UnreadableSource, match=r"^notes\.pkl is not a pickle"):
        read(path)


def test_a_damaged_skops_file_is_called_so(tmp_path: Path) -> None:
    import zipfile

    path = tmp_path / "model.skops"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("schema.json", "{}")
    with pytest.raises(UnreadableSource, match=r"^model\.skops cannot be read by skops") as caught:
        read(path)
    assert "skops.io.dump" in caught.value.hint


def test_what_is_no_estimator_is_named(tmp_path: Path) -> None:
    path = tmp_path / "state.pkl"
    path.write_bytes(pickle.dumps({"weights": np.zeros(3), "bias": 1.0}))
    with pytest.raises(UnreadableSource, match=r"^state\.pkl holds a dict with weights, bias, not an estimator$") as caught:
        read(path)
    assert caught.value.hint == "save the fitted estimator or pipeline itself"


def test_a_class_in_place_of_an_estimator_is_named() -> None:
    with pytest.raises(UnreadableSource, match="holds the class StandardScaler, not an estimator"):
        load_estimator(Source.of(StandardScaler), trust=False)


def test_an_unfitted_estimator_is_named() -> None:
    with pytest.raises(UnreadableSource, match="LogisticRegression is not fitted") as caught:
        load_estimator(Source.of(LogisticRegression()), trust=False)
    assert caught.value.hint == "call fit before it is saved or converted"


def test_what_answers_no_new_rows_is_named(cancer: tuple[Any, Any]) -> None:
    with pytest.raises(UnreadableSource, match="DBSCAN answers no new rows") as caught:
        load(LoadRequest(Source.of(DBSCAN().fit(cancer[0]))))
    assert "only labels the rows it was fitted on" in caught.value.hint


def remade(path: Path, *replacements: tuple[str, str]) -> Path:
    """Edit a pickle: another version of scikit-learn, and other names of the same length."""
    content = path.read_bytes()
    for old, new in ((sklearn.__version__, MADE_BY), *replacements):
        assert old.encode() in content
        assert len(old) == len(new)
        content = content.replace(old.encode(), new.encode())
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("form", ["pkl", "pickle", "joblib"])
def test_another_version_whose_estimator_still_works_is_mentioned(cancer: tuple[Any, Any], files: Any, form: str) -> None:
    scaler = StandardScaler().fit(cancer[0])
    model = load(LoadRequest(Source.of(remade(files(scaler, form)))))
    assert model.summary == f"StandardScaler: 30 columns, made by scikit-learn {MADE_BY}"


@pytest.mark.parametrize("form", ["pkl", "pickle", "joblib"])
def test_another_version_whose_estimator_fails_is_named_with_both_versions(cancer: tuple[Any, Any], files: Any, form: str) -> None:
    path = remade(files(StandardScaler().fit(cancer[0]), form), ("with_mean", "with_mode"))
    with pytest.raises(UnreadableSource, match=f"was made by scikit-learn {MADE_BY}, installed is {sklearn.__version__}: AttributeError") as caught:
        load(LoadRequest(Source.of(path)))
    assert caught.value.hint == f"convert it in an environment with scikit-learn {MADE_BY}: pip install scikit-learn=={MADE_BY}"


@pytest.mark.parametrize("form", ["pkl", "pickle", "joblib"])
def test_another_version_that_cannot_be_read_is_named_with_both_versions(cancer: tuple[Any, Any], files: Any, form: str) -> None:
    path = remade(files(StandardScaler().fit(cancer[0]), form), ("sklearn.preprocessing._data", "sklearn.preprocessing._gone"))
    with pytest.raises(UnreadableSource, match=f"made by scikit-learn {MADE_BY}, installed is {sklearn.__version__}: .*sklearn.preprocessing._gone"):
        load(LoadRequest(Source.of(path)))


@pytest.mark.parametrize(
    ("made_by", "module"), [("0.19", "sklearn.preprocessing.data"), ("0.21.3", "sklearn.preprocessing.data"), ("1.2.0", "sklearn.gone")]
)
def test_a_pickle_of_long_ago_is_told_what_reads_it(cancer: tuple[Any, Any], tmp_path: Path, made_by: str, module: str) -> None:
    content = pickle.dumps(StandardScaler().fit(cancer[0]), 2).replace(b"sklearn.preprocessing._data", module.encode())
    version = sklearn.__version__.encode()
    assert bytes([len(version)]) + b"\x00\x00\x00" + version in content
    content = content.replace(bytes([len(version)]) + b"\x00\x00\x00" + version, bytes([len(made_by)]) + b"\x00\x00\x00" + made_by.encode())
    (tmp_path / "model.pkl").write_bytes(content)
    with pytest.raises(UnreadableSource) as caught:
        read(tmp_path / "model.pkl")
    needs = f"needs what the installed packages do not have: No module named '{module}'"
    assert caught.value.message == f"model.pkl was made by scikit-learn {made_by}, installed is {sklearn.__version__}: {needs}"
    assert caught.value.hint == (
        f"only scikit-learn {made_by} reads it (pip install scikit-learn=={made_by}, with a Python of its time): "
        "fit the model again with scikit-learn 1.4 or newer, and save that"
    )


def test_the_shipped_skops_types_are_enough_for_a_forest(forest: Any, files: Any) -> None:
    path = files(forest, "skops")
    assert skops.io.get_untrusted_types(file=path)  # skops itself would ask about the trees
    assert len(read(path).estimators_) == len(forest.estimators_)
