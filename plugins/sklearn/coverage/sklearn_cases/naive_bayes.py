"""Naive Bayes."""

from sklearn import naive_bayes as bayes

from sklearn_cases.case import cases

CASES = (
    *(
        case
        for table in ("words", "cancer")
        for case in cases(bayes.GaussianNB, {"var_smoothing": 0.1}, {"priors": [0.2, 0.8] if table == "cancer" else [0.2, 0.3, 0.5]}, table=table)
    ),
    *cases(bayes.MultinomialNB, {"alpha": 0.1}, {"fit_prior": False}, table="counts"),
    *cases(bayes.ComplementNB, {"alpha": 0.1}, {"norm": True}, table="counts"),
    *cases(bayes.BernoulliNB, {"binarize": 8.0}, {"fit_prior": False}, table="counts"),
    *cases(bayes.BernoulliNB, {"binarize": 0.5}, {"alpha": 3.0}, table="words"),
    *cases(bayes.CategoricalNB, {"alpha": 0.1}, {"min_categories": 5}, table="codes"),
)
