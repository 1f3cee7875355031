"""Estimators that have nothing to convert, and why."""

_FITTED_ONLY = "labels or places the rows that it was fitted to, and no others"
_MATRIX = "estimates a matrix; it answers nothing for a row but its distance (`mahalanobis`), which is no prediction"

ABSENT: dict[str, str] = {
    **dict.fromkeys(("AgglomerativeClustering", "DBSCAN", "HDBSCAN", "OPTICS", "SpectralClustering"), _FITTED_ONLY),
    **dict.fromkeys(("SpectralBiclustering", "SpectralCoclustering"), _FITTED_ONLY),
    **dict.fromkeys(("ClassicalMDS", "MDS", "SpectralEmbedding", "TSNE"), _FITTED_ONLY),
    **dict.fromkeys(("EmpiricalCovariance", "GraphicalLasso", "GraphicalLassoCV", "LedoitWolf", "MinCovDet", "OAS", "ShrunkCovariance"), _MATRIX),
    **dict.fromkeys(("LabelBinarizer", "LabelEncoder"), "encodes targets, one column; it converts, and its own test shows it, but takes no table"),
    "DictVectorizer": "reads dicts, for which a graph has no input",
    "MultiLabelBinarizer": "reads sets of labels, for which a graph has no input",
    "PatchExtractor": "answers with more rows than it reads, drawn at random where they are limited",
    "NearestNeighbors": "answers with neighbours, not with a prediction; KNeighborsTransformer answers with their distances",
}
