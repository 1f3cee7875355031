"""Words and texts to numbers."""

from keras import layers

from keras_cases.case import case, cases

_WORDS = "x:string[batch,3]{red,green,blue,black,,ü}"
_KNOWN = ["red", "green", "blue", "ü"]
_TEXTS = "x:string[batch]{Red green!,blue  blue (red),,Ünder the GREEN sea,green-red}"
_TEXT_COLUMN = "x:string[batch,1]{Red green!,blue  blue (red),,Ünder the GREEN sea,green-red}"
_TF_IDF = {"output_mode": "tf_idf", "idf_weights": [0.5, 1.0, 1.5, 2.0]}
_SEEN = ["red green", "blue red", "red the sea"]


def _adapted(x: object) -> object:
    layer = layers.StringLookup(max_tokens=4)
    layer.adapt(["red", "red", "blue", "blue", "blue", "green"])
    return layer(x)


def _adapted_texts(x: object) -> object:
    layer = layers.TextVectorization(max_tokens=5)
    layer.adapt(_SEEN)
    return layer(x)


CASES = (
    *cases(
        layers.StringLookup,
        _WORDS,
        {"num_oov_indices": 2},
        {"mask_token": ""},
        {"oov_token": "black"},
        {"output_mode": "multi_hot"},
        {"output_mode": "count"},
        {"num_oov_indices": 3, "output_mode": "count"},
        {"output_mode": "int", "mask_token": "", "num_oov_indices": 2},
        _TF_IDF,
        vocabulary=_KNOWN,
    ),
    *cases(layers.StringLookup, "x:string[batch,1]{red,green,black,ü}", title="one hot", vocabulary=_KNOWN, output_mode="one_hot"),
    *cases(layers.StringLookup, "x:int64[batch,3]{0..4}", title="inverted", vocabulary=_KNOWN, invert=True),
    *cases(layers.StringLookup, "x:string[batch,length]{red,green,black,ü}", title="free length", vocabulary=_KNOWN),
    case("StringLookup", "adapted", _adapted, _WORDS),
    *cases(
        layers.TextVectorization,
        _TEXT_COLUMN,
        {"standardize": None},
        {"standardize": "lower"},
        {"standardize": "strip_punctuation"},
        {"split": "character"},
        {"split": None},
        {"ngrams": 2},
        {"output_sequence_length": 4},
        {"output_mode": "multi_hot"},
        {"output_mode": "count"},
        {"output_mode": "count", "pad_to_max_tokens": True, "max_tokens": 9},
        _TF_IDF,
        vocabulary=_KNOWN,
    ),
    *cases(layers.TextVectorization, _TEXTS, title="one axis", vocabulary=_KNOWN),
    case("TextVectorization", "adapted", _adapted_texts, _TEXT_COLUMN),
)
