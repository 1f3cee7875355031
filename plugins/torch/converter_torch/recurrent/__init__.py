"""Recurrent layers written as ONNX's own LSTM, GRU and RNN operators, packed sequences as plain tensor arithmetic.

cells.py     what tells LSTM, GRU and RNN apart
weights.py   torch's weights in ONNX's order
layers.py    stacked layers as operators
packing.py   packed sequences
"""
