"""What TensorFlow does with texts, in ONNX's few operators for them.

strings.py   lower case, characters that go, tokens
digits.py    whole numbers as the bytes of their decimal texts
hashes.py    FarmHash and SipHash of such bytes
"""
