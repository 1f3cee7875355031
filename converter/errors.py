"""Every error that converter raises on purpose.

    ConverterError                  what happened, which value, and a hint: the way on
    ├── UsageError                  the request itself makes no sense (exit code 2)
    │   ├── InputSyntaxError        an `--input NAME:DTYPE[DIMS]` that cannot be read; also a ValueError
    │   ├── UnknownName             an option, exporter, framework or command that does not exist
    │   └── MissingInputs           the model's inputs are not known and were not given
    ├── SourceError                 what the user named cannot be converted
    │   ├── SourceNotFound          no such file, folder, module or attribute
    │   ├── UnreadableSource        empty, truncated, or not what its name says
    │   ├── UnrecognisedSource      no installed framework knows it, or several do
    │   ├── UntrustedSource         loading it would execute code that nobody vouched for
    │   └── Unrepeatable            the model answers differently to the same feeds
    ├── MissingPackage              a package that this needs is not installed
    ├── PluginError                 a plugin failed; the original traceback is kept
    │   └── ExportError             an exporter failed
    ├── WorkerError                 the worker process is gone
    │   ├── WorkerDied              it crashed, or the memory limit stopped it
    │   └── WorkerTimeout           it did not answer in time
    ├── GraphError                  the ONNX file is invalid, or ONNX Runtime cannot load it
    ├── NoExporterAgrees            no exporter came as far as a graph that could be judged
    ├── InputError                  a Session was called with an array that the graph cannot take; also a ValueError
    ├── DeviceUnavailable           the device asked for cannot start
    └── DestinationError            the output cannot be written

A disagreement between graph and model is a result, not an error.
"""

from __future__ import annotations


class ConverterError(Exception):
    """What happened and which value; `hint` says what to do about it."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle and copy by state, since subclasses take other arguments."""
        return (rebuild, (type(self), self.message, self.__dict__))


def rebuild(kind: type[ConverterError], message: str, state: dict[str, object]) -> ConverterError:
    """Return an error of class `kind` with this message and these attributes."""
    error = kind.__new__(kind)
    Exception.__init__(error, message)
    error.__dict__.update(state, message=message)
    return error


class UsageError(ConverterError):
    """The request itself makes no sense."""


class InputSyntaxError(UsageError, ValueError):
    """An input specification that cannot be read."""


class UnknownName(UsageError):
    """A name that is none of the known ones; the nearest are in the hint."""

    def __init__(self, kind: str, name: str, known: list[str]) -> None:
        super().__init__(f"there is no {kind} '{name}'", hint=f"known: {', '.join(known) or 'none'}")


class MissingInputs(UsageError):
    """The model's inputs are not known and were not given."""


class SourceError(ConverterError):
    """What the user named cannot be converted."""


class SourceNotFound(SourceError):
    """No such file, folder, module or attribute."""

    def __init__(self, name: str, *, what: str = "", hint: str = "check the path; a Python object is named package.module:attribute") -> None:
        super().__init__(what or f"{name} does not exist", hint=hint)
        self.name = name


class UnreadableSource(SourceError):
    """Empty, truncated, or not what its name says."""


class UnrecognisedSource(SourceError):
    """No installed framework knows the source, or several do."""


class UntrustedSource(SourceError):
    """Loading the source would execute code that nobody vouched for."""


class Unrepeatable(SourceError):
    """The model answered differently to the same feeds: it is random, or keeps a state."""


class MissingPackage(ConverterError):
    """A package that this needs is not installed."""

    def __init__(self, package: str, purpose: str, *, extra: str = "") -> None:
        install = f"'onnx-converter[{extra}]'" if extra else package
        super().__init__(f"{package} is needed {purpose}, and it is not installed", hint=f"pip install {install}")
        self.package = package


class PluginError(ConverterError):
    """A plugin failed on its own account; `details` holds the original traceback for --debug."""

    def __init__(self, plugin: str, stage: str, message: str, *, hint: str = "", details: str = "") -> None:
        super().__init__(f"{plugin}, {stage}: {message}", hint=hint)
        self.plugin = plugin
        self.stage = stage
        self.details = details


class ExportError(PluginError):
    """An exporter failed; `exporter` names it."""

    def __init__(self, plugin: str, exporter: str, message: str, *, hint: str = "", details: str = "") -> None:
        super().__init__(plugin, f"exporter {exporter}", message, hint=hint, details=details)
        self.exporter = exporter


class WorkerError(ConverterError):
    """The worker process is gone; `log` holds the end of what it printed."""

    def __init__(self, message: str, *, hint: str = "", log: str = "") -> None:
        super().__init__(message, hint=hint)
        self.log = log


class WorkerDied(WorkerError):
    """The worker process crashed, or the memory limit stopped it."""


class WorkerTimeout(WorkerError):
    """The worker process did not answer in time."""


class GraphError(ConverterError):
    """The ONNX file is invalid, or ONNX Runtime cannot load it."""


class NoExporterAgrees(ConverterError):
    """No exporter came as far as a graph that could be judged."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message, hint=hint)


class InputError(ConverterError, ValueError):
    """An array that the graph cannot take; the message names the input and says what it wants."""


class DeviceUnavailable(ConverterError):
    """The device asked for cannot start; the message says why."""


class DestinationError(ConverterError):
    """The output cannot be written."""
