"""Networks that are recognised from a checkpoint's keys and shapes alone.

architecture.py    what an architecture is: the face that a third party implements
registry.py        those of this package and those of other distributions
ctc.py             what the text recognisers have in common
convolutions.py    their convolutions, read from the shapes
crnn.py, …         one layout of checkpoints a file
"""
