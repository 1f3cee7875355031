"""How a model meets the world: names, dims and domains of what it takes and gives.

face.py         all of it, as one value
functional.py   of a Keras model with a symbolic graph     subclassed.py   of one without
naming.py       readable names                             overriding.py   the user's `--input` over them
embeddings.py   the range of token ids                     probing.py      which sizes the model accepts, tried with examples.py
recogniser.py  the alphabet of one that reads text          exported.py     the names that a SavedModel of Keras has lost
"""
