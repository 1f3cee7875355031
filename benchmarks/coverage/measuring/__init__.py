"""What the benchmarks of coverage have in common.

verdict.py      what became of a case in a column     kept.py       verdicts in a file
conversion.py   ours, as the host converts            tables.py     verdicts as cells of a page
faults.py       how a graph of another differs        graphs.py     what is read off a graph
arguments.py    the command line
"""
