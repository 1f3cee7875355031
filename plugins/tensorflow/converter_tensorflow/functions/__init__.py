"""What every exporter and the model itself work on: a plain function of flat tensors, whatever it was.

function.py             what all have in common
keras_function.py       a Keras model
channels_first.py       either, with images channels first
signature_function.py   a TensorFlow function with fixed input types
tflite_function.py      a TensorFlow Lite model, answered by its interpreter
"""
