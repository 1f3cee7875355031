"""From what the user names to a Keras model or a TensorFlow function.

keras_files.py   `.keras` archives and legacy HDF5
foreign.py       layers that wrap another framework's code
signatures.py    the function of a SavedModel, a tf.Module or a tf.function
listing.py       what a SavedModel offers, without TensorFlow
operations.py    operations that TensorFlow does not know
libraries.py     libraries of custom operations
optimizers.py    what training left in a SavedModel
graph_defs.py    frozen graphs and checkpoints of TensorFlow 1
tflite_files.py  TensorFlow Lite models
"""
