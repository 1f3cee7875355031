"""Scales, codes and powers of columns."""

from __future__ import annotations

from collections.abc import Mapping

from sklearn import preprocessing

from converter_sklearn.estimators import Writer
from converter_sklearn.families.preprocessing.bins import Bins
from converter_sklearn.families.preprocessing.encoders import ByTarget, OneHot, Ordinal
from converter_sklearn.families.preprocessing.functions import Function
from converter_sklearn.families.preprocessing.labels import Binarized, Places, Sets
from converter_sklearn.families.preprocessing.polynomials import Products
from converter_sklearn.families.preprocessing.power import Power
from converter_sklearn.families.preprocessing.quantiles import Quantiles
from converter_sklearn.families.preprocessing.scaling import AboveThreshold, CentredKernel, LargestToOne, Scaler, Standard, ToRange, UnitRows
from converter_sklearn.families.preprocessing.splines import Splines

WRITERS: Mapping[type, type[Writer]] = {
    preprocessing.Binarizer: AboveThreshold,
    preprocessing.FunctionTransformer: Function,
    preprocessing.KBinsDiscretizer: Bins,
    preprocessing.KernelCenterer: CentredKernel,
    preprocessing.LabelBinarizer: Binarized,
    preprocessing.LabelEncoder: Places,
    preprocessing.MaxAbsScaler: LargestToOne,
    preprocessing.MinMaxScaler: ToRange,
    preprocessing.MultiLabelBinarizer: Sets,
    preprocessing.Normalizer: UnitRows,
    preprocessing.OneHotEncoder: OneHot,
    preprocessing.OrdinalEncoder: Ordinal,
    preprocessing.PolynomialFeatures: Products,
    preprocessing.PowerTransformer: Power,
    preprocessing.QuantileTransformer: Quantiles,
    preprocessing.RobustScaler: Scaler,
    preprocessing.SplineTransformer: Splines,
    preprocessing.StandardScaler: Standard,
    preprocessing.TargetEncoder: ByTarget,
}
