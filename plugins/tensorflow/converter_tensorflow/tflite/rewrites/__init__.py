"""Changes to a file's tree, each of which leaves what it computes as it is, and makes tf2onnx read it right.

editing.py      new tensors and operators
hybrids.py      integer weights with float inputs: the quantisation that the interpreter does when it runs
transposed.py   the bias of a transposed convolution
softmaxes.py    the steepness of a softmax
clipped.py      fused clipping to [-1, 1]
borders.py      tensors that are an output twice, or an input as well
"""
