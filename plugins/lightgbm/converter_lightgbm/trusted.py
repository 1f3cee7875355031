"""What a pickle may name without --trust: LightGBM's own models, whose text is looked at before LightGBM reads it, and the encoder of their labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lightgbm import Booster
from sklearn.preprocessing import LabelEncoder

from converter.plugin import Allowed
from converter_lightgbm.vetting import vetted

READ = "read_by_converter"
"""The attribute of a Booster of a pickle that holds its text as it was read."""


class VettedBooster(Booster):
    """A Booster whose text is looked at before LightGBM reads it."""

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Take a pickled state; raises UnreadableSource for a text that LightGBM should not see."""
        text = state.get("_handle", state.get("handle"))  # as LightGBM before 4 called it
        if text is None:
            super().__setstate__(dict(state))
            return
        read = vetted(str(text), "its Booster")
        super().__setstate__({**state, "_handle": read.text, READ: read})


_MODELS = ("LGBMClassifier", "LGBMModel", "LGBMRanker", "LGBMRegressor")

ALLOWED = Allowed(
    names=frozenset({"sklearn.preprocessing._label.LabelEncoder", *(f"lightgbm.sklearn.{name}" for name in _MODELS)}),
    stand_ins={
        "lightgbm.basic.Booster": VettedBooster,
        "lightgbm.compat._LGBMLabelEncoder": LabelEncoder,
        "sklearn.preprocessing.label.LabelEncoder": LabelEncoder,  # its module before scikit-learn 0.22
    },
    instead="save it as text with booster_.save_model('model.txt')",
)
