"""TensorFlow Lite: from a `.tflite` file to its own answers, and to a form of it that tf2onnx reads right.

files.py         the file as TensorFlow's own schema has it
interface.py     what it takes and gives, under which names
interpreter.py   its own answers
process.py       the process that gives them: it runs serving.py and talks in messages.py
steps.py         how far apart quantised answers are
preparing.py     the same model in a form that tf2onnx reads right, by rewrites/
expanding.py     what tf2onnx leaves over, in ONNX's operators
"""
