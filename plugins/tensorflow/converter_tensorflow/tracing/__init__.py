"""A Keras model's own call on traced tensors: each backend function and layer that it reaches writes its ONNX.

tracing.py   a model is called, its graph is written
hooks.py     where Keras is entered: its private names, all in one place
rules.py     the registry of rules
others.py    rules that others bring
foreign.py   what has no rule, through tf2onnx alone
traced.py    the tensors that a model is called with
operands.py  what functions are given, as traced tensors, values and arrays
current.py   the document that is written into
sizes.py     sizes, known and computed
functions/   rules of the backend's functions
layers/      rules of layers that are more than their functions
texts/       what the rules of texts and hashes are made of
"""
