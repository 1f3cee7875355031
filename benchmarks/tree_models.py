"""The tree ensembles of `trees.py`: how each is trained, saved and loaded, what its library answers, and what the converter library made for it writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

COLUMNS, CLASSES = 30, 3
UNSEEN = 100_000  # rows beyond those of the largest table
Table = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True)
class Size:
    """How large the models are; `share` is that of their full number of trees."""

    share: float = 1.0
    rows: int = 20_000
    depth: int = 15
    leaves: int = 255

    def trees(self, full: int) -> int:
        """How many trees a model gets."""
        return max(2, int(full * self.share))


FULL, SMALL = Size(), Size(0.04, 2_000, 8, 31)


@dataclass(frozen=True)
class Model:
    """One kind of ensemble. `library` trains it, `peer` is the converter library that others use for it."""

    title: str
    library: str
    peer: str
    file: str
    train: Callable[[Size], Any]
    save: Callable[[Any, Path], Any]
    load: Callable[[Path], Any]
    answer: Callable[[Any, Table], Any]
    convert: Callable[[Any, Path], None]


def table(rows: int) -> tuple[Table, np.ndarray[Any, np.dtype[np.int64]]]:
    """Rows [rows, columns] and their classes [rows], a sixth of them wrong so that the trees grow."""
    values, classes = _all_rows()
    return values[:rows], classes[:rows]


def unseen(rows: int) -> Table:
    """Rows [rows, columns] that no model was trained on, of the same kind."""
    return _all_rows()[0][-rows:]


def _all_rows() -> tuple[Table, np.ndarray[Any, np.dtype[np.int64]]]:
    from sklearn.datasets import make_classification

    values, classes = make_classification(FULL.rows + UNSEEN, COLUMNS, n_informative=15, n_classes=CLASSES, flip_y=0.25, random_state=0)
    return values.astype(np.float32), classes


def _forest(size: Size) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(size.trees(500), max_depth=size.depth, n_jobs=-1, random_state=0).fit(*table(size.rows))


def _extra(size: Size) -> Any:
    from sklearn.ensemble import ExtraTreesClassifier

    return ExtraTreesClassifier(size.trees(500), max_depth=size.depth, n_jobs=-1, random_state=0).fit(*table(size.rows))


def _hist(size: Size) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(max_iter=size.trees(500), early_stopping=False, random_state=0).fit(*table(size.rows))


def _lightgbm(size: Size) -> Any:
    import lightgbm

    given = {"objective": "multiclass", "num_class": CLASSES, "num_leaves": size.leaves, "learning_rate": 0.05, "min_data_in_leaf": 5, "verbose": -1}
    return lightgbm.train(given, lightgbm.Dataset(*table(size.rows)), size.trees(1000) // CLASSES)


def _xgboost(size: Size) -> Any:
    import xgboost

    return xgboost.XGBClassifier(n_estimators=size.trees(1000) // CLASSES, max_depth=8, learning_rate=0.05).fit(*table(size.rows))


def _catboost(size: Size) -> Any:
    import catboost

    return catboost.CatBoostClassifier(iterations=size.trees(1000), verbose=False, allow_writing_files=False, random_seed=0).fit(*table(size.rows))


def _dump(model: Any, path: Path) -> None:
    import joblib

    joblib.dump(model, path)


def _load_sklearn(path: Path) -> Any:
    import joblib

    return joblib.load(path)


def _load_lightgbm(path: Path) -> Any:
    import lightgbm

    return lightgbm.Booster(model_file=path)


def _load_xgboost(path: Path) -> Any:
    import xgboost

    model = xgboost.XGBClassifier()
    model.load_model(path)
    return model


def _load_catboost(path: Path) -> Any:
    import catboost

    return catboost.CatBoostClassifier().load_model(path)


def _probabilities(model: Any, rows: Table) -> Any:
    return model.predict_proba(rows)


def _few_or_many(model: Any, rows: Table) -> Any:
    """A forest with all cores where that pays: for a few rows its threads take longer than its trees."""
    return model.set_params(n_jobs=-1 if len(rows) > 1000 else 1).predict_proba(rows)


def _skl2onnx(model: Any, path: Path) -> None:
    from skl2onnx import to_onnx

    graph = to_onnx(model, np.zeros((1, COLUMNS), np.float32), options={"zipmap": False}, target_opset={"": 18, "ai.onnx.ml": 3})
    path.write_bytes(graph.SerializeToString())


def _onnxmltools_lightgbm(model: Any, path: Path) -> None:
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType

    graph = convert_lightgbm(model, initial_types=[("features", FloatTensorType([None, COLUMNS]))], zipmap=False, target_opset=15)
    path.write_bytes(graph.SerializeToString())


def _onnxmltools_xgboost(model: Any, path: Path) -> None:
    from onnxmltools import convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType

    graph = convert_xgboost(model, initial_types=[("features", FloatTensorType([None, COLUMNS]))], target_opset=15)
    path.write_bytes(graph.SerializeToString())


def _catboost_onnx(model: Any, path: Path) -> None:
    """CatBoost's own export, without the dictionaries that it puts behind the probabilities."""
    import onnx

    model.save_model(str(path), format="onnx")
    graph = onnx.load(path)
    (zipmap,) = (node for node in graph.graph.node if node.op_type == "ZipMap")
    declared = next(value for value in graph.graph.output if value.name == zipmap.output[0])
    declared.CopyFrom(onnx.helper.make_tensor_value_info(zipmap.input[0], onnx.TensorProto.FLOAT, [None, CLASSES]))
    graph.graph.node.remove(zipmap)
    onnx.save(graph, path)


def _sklearn(title: str, train: Callable[[Size], Any], answer: Callable[[Any, Table], Any] = _probabilities) -> Model:
    return Model(title, "sklearn", "skl2onnx", "model.joblib", train, _dump, _load_sklearn, answer, _skl2onnx)


MODELS = {
    "forest": _sklearn("RandomForest 500 × depth 15", _forest, _few_or_many),
    "extra": _sklearn("ExtraTrees 500 × depth 15", _extra, _few_or_many),
    "hist": _sklearn("HistGradientBoosting 500", _hist),
    "lightgbm": Model(
        "LightGBM 1 000 × 255 leaves",
        "lightgbm",
        "onnxmltools",
        "model.txt",
        _lightgbm,
        lambda model, path: model.save_model(path),
        _load_lightgbm,
        lambda model, rows: model.predict(rows),
        _onnxmltools_lightgbm,
    ),
    "xgboost": Model(
        "XGBoost 1 000 × depth 8",
        "xgboost",
        "onnxmltools",
        "model.ubj",
        _xgboost,
        lambda model, path: model.save_model(path),
        _load_xgboost,
        _probabilities,
        _onnxmltools_xgboost,
    ),
    "catboost": Model(
        "CatBoost 1 000",
        "catboost",
        "catboost",
        "model.cbm",
        _catboost,
        lambda model, path: model.save_model(str(path)),
        _load_catboost,
        _probabilities,
        _catboost_onnx,
    ),
}
"""By the name that `--models` takes."""
