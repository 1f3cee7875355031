"""Several classes by classifiers of two."""

from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from sklearn_cases.case import cases

_OTHERS = ({"estimator": LinearSVC()}, {"estimator": DecisionTreeClassifier(max_depth=3, random_state=0)}, {"estimator": GaussianNB()})

CASES = (
    *(
        case
        for table in ("words", "cancer", "labels")
        for case in cases(OneVsRestClassifier, *_OTHERS, {"estimator": Ridge()}, table=table, estimator=LogisticRegression())
    ),
    *(case for table in ("words", "cancer") for case in cases(OneVsOneClassifier, *_OTHERS, table=table, estimator=LogisticRegression())),
    *cases(OutputCodeClassifier, *_OTHERS, {"code_size": 3.0}, estimator=LogisticRegression(), random_state=0),
)
