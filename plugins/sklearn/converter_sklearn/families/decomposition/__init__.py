"""Decompositions: rows as combinations of components."""

from __future__ import annotations

from collections.abc import Mapping

from sklearn import decomposition

from converter_sklearn.estimators import Writer
from converter_sklearn.families.decomposition.coding import Coding, GivenAtoms
from converter_sklearn.families.decomposition.factors import Factored, MiniBatchFactored
from converter_sklearn.families.decomposition.linear import Factors, Independent, Kernelled, Principal, SparsePrincipal, Truncated
from converter_sklearn.families.decomposition.topics import Topics

WRITERS: Mapping[type, type[Writer]] = {
    decomposition.PCA: Principal,
    decomposition.IncrementalPCA: Principal,
    decomposition.KernelPCA: Kernelled,
    decomposition.TruncatedSVD: Truncated,
    decomposition.FactorAnalysis: Factors,
    decomposition.FastICA: Independent,
    decomposition.SparsePCA: SparsePrincipal,
    decomposition.MiniBatchSparsePCA: SparsePrincipal,
    decomposition.NMF: Factored,
    decomposition.MiniBatchNMF: MiniBatchFactored,
    decomposition.LatentDirichletAllocation: Topics,
    decomposition.DictionaryLearning: Coding,
    decomposition.MiniBatchDictionaryLearning: Coding,
    decomposition.SparseCoder: GivenAtoms,
}
