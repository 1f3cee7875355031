"""What the benchmarks of coverage have in common.

verdict.py     what became of a case in a column      kept.py   verdicts in a file
conversion.py  ours, as the host converts             faults.py how a graph of another differs
"""
