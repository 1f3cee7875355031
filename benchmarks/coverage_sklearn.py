"""How many estimators of scikit-learn convert and agree on rows that they were not fitted to, ours beside bare skl2onnx.

    python benchmarks/coverage_sklearn.py [--only NAME,NAME] [--ours] [--write]

Prints every case of plugins/sklearn/coverage that does not agree, and the counts.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "plugins" / "sklearn" / "coverage"))

from sklearn_cases import CASES
from sklearn_cases.judging import verdicts
from sklearn_cases.page import DOCUMENT, Pair, counted, document


def main() -> None:
    """Print what became of every case that is not agreed on, and the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="cases of classes whose name contains one of these, with commas between")
    parser.add_argument("--ours", action="store_true", help="without the library beside it")
    parser.add_argument("--write", action="store_true", help=f"write {DOCUMENT.name} as well")
    given = parser.parse_args()
    wanted = given.only.lower().split(",")
    found: list[Pair] = []
    for case in CASES:
        if any(each in case.name.lower() for each in wanted):
            found += verdicts(case, peer=not given.ours)
    for mine, peer in found:
        if mine.reason:
            print(f"{mine.case.title} {mine.dtype}: {'WRONG, refused by the proof: ' if mine.is_wrong else ''}{mine.reason}")
        if mine.reason and peer is not None and not peer.reason:
            print("    skl2onnx agrees here")
    print(f"ours: {counted([mine for mine, _ in found])}")
    if not given.ours:
        print(f"skl2onnx: {counted([peer for _, peer in found if peer is not None])}")
    if given.write:
        DOCUMENT.write_text(document(found))


if __name__ == "__main__":
    main()
