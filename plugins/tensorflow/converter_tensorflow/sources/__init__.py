"""From what the user names to a Keras model or a TensorFlow function.

keras_files.py   `.keras` archives and legacy HDF5
signatures.py    the function of a SavedModel, a tf.Module or a tf.function
optimizers.py    what training left in a SavedModel
graph_defs.py    frozen graphs and checkpoints of TensorFlow 1
"""
