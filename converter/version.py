"""The version of the host distribution."""

__version__ = "0.1.0"
