"""Functions that change variables: which ones, and the same function without them, their values in and out.

variables.py   the variables that a function changes
replaying.py   a traced function once more, with the changed variables as values
reading.py     what a function may read of a changed variable, and how it may change it
graphs.py      TensorFlow's private names for functions inside functions
explicit.py    a function that takes the state and gives the next one
"""
