"""What every exporter and the model itself work on: a plain function of flat tensors, whatever it was.

function.py             what all have in common
keras_function.py       a Keras model
signature_function.py   a TensorFlow function with fixed input types
"""
