"""One graph with free axes from several graphs of fixed sizes: each constant that follows an axis becomes arithmetic on that axis.

expressions.py   from a number at several sizes to an expression of the axes
arithmetic.py    expressions as nodes of a graph
constants.py     from a constant at several sizes to the nodes that give it at any
graphs.py        the graphs laid over each other
"""
