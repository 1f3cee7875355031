"""`converter run`: a graph on files. Texts and figures on stdout, arrays with --output."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from converter.cli.options import KeyValue

if TYPE_CHECKING:
    import numpy as np

    from converter.runtime import Session


@click.command(name="run")
@click.argument("graph", type=click.Path())
@click.option(
    "--input", "inputs", type=KeyValue(), multiple=True, metavar="NAME=FILE", help="An input: images (patterns allowed), .npy, or a JSON value."
)
@click.option("--data", "data", metavar="FILE", help="All inputs at once: .npz by name, or a .csv or .parquet table by column.")
@click.option("-o", "--output", metavar="FILE.npz", help="Write the outputs.")
@click.option("--device", default="auto", show_default=True, metavar="DEVICE", help="cpu, cuda, cuda:1, or auto.")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
def command(graph: str, inputs: tuple[tuple[str, str], ...], data: str | None, output: str | None, device: str, *, debug: bool) -> None:
    """Run GRAPH and print what it reads: the text of each image where the graph says how to read it, else the values."""
    del debug  # read by converter.cli.failures
    from converter.ctc import CtcAlphabet
    from converter.runtime import Session

    session = Session(Path(graph), device=device)
    feeds, names = _feeds(session, inputs, data)
    results = session.run(feeds)
    if output is not None:
        _write(Path(output), results)
    alphabet = CtcAlphabet.from_metadata(session.metadata)
    if alphabet is not None:
        texts = alphabet.decode(results[alphabet.output])
        click.echo("\n".join(f"{name}\t{text}" for name, text in zip(names or map(str, range(len(texts))), texts, strict=True)))
    elif output is None:
        click.echo("\n".join(_shown(name, value) for name, value in results.items()))


def _feeds(session: Session, inputs: tuple[tuple[str, str], ...], data: str | None) -> tuple[dict[str, np.ndarray], list[str]]:
    """The feeds, and the names of the images among them."""
    from converter import images
    from converter.cases.data import expand
    from converter.errors import UsageError

    feeds = _from_data(session, data) if data is not None else {}
    names: list[str] = []
    preparation = images.ImagePreparation.from_metadata(session.metadata)
    for name, value in inputs:
        paths = [] if value.startswith(("[", "{", '"')) or _is_number(value) else expand(value)
        if paths and all(path.suffix.lower() in images.SUFFIXES for path in paths):
            if preparation is None:
                raise UsageError(
                    f"the graph does not say how images for '{name}' are prepared", hint=f"give a prepared array: --input {name}=images.npy"
                )
            feeds[name] = preparation.batch(paths)
            names = [str(path) for path in paths]
        else:
            feeds[name] = _array(session, name, value, paths)
    return feeds, names


def _from_data(session: Session, data: str) -> dict[str, np.ndarray]:
    from converter.cases.data import feeds_from_table, read_data
    from converter.checking import spec_of

    found, spec = read_data([data]), spec_of(session, {})
    if found.columns is not None:
        return feeds_from_table(spec.inputs, found.columns, slice(None))
    return dict(found.cases(spec)[0].feeds or {})


def _array(session: Session, name: str, value: str, paths: list[Path]) -> np.ndarray:
    import json

    import numpy as np

    from converter import dtypes
    from converter.checking import dtype_of
    from converter.errors import UnreadableSource, UsageError

    if len(paths) > 1 or (paths and paths[0].suffix.lower() != ".npy"):
        raise UsageError(f"input '{name}' cannot be read from {paths[0].name}", hint="images, one .npy file, or a JSON value such as '[[1.0, 2.0]]'")
    if paths:
        try:
            return np.asarray(np.load(paths[0], allow_pickle=False))
        except (ValueError, OSError, EOFError) as error:
            raise UnreadableSource(f"{paths[0]} cannot be read as an array: {error}", hint="write it with numpy.save, without objects") from error
    wanted = {port.name: dtype_of(port) for port in session.inputs}
    try:
        return np.array(json.loads(value), dtypes.numpy_dtype(wanted.get(name, "float32")))
    except (ValueError, TypeError, OverflowError) as error:
        raise UsageError(f"input '{name}': '{value}' is no JSON value of {wanted.get(name)}: {error}", hint="--input 'x=[[1.0, 2.0]]'") from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _write(path: Path, results: Mapping[str, Any]) -> None:
    """Write an .npz that `numpy.load` reads without pickle; `numpy.savez` fails on an output called "file"."""
    import zipfile

    import numpy as np

    from converter.cli.files import replacing
    from converter.errors import UsageError

    if path.suffix.lower() != ".npz":
        raise UsageError(f"outputs are written as .npz, not to {path.name}", hint=f"-o {path.with_suffix('.npz')}")
    arrays = {name: _storable(name, value) for name, value in results.items()}
    with replacing(path) as beside, zipfile.ZipFile(beside, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def _storable(name: str, value: Any) -> np.ndarray:
    """The value as an array that the .npy format holds: text in fixed width, and floats that only ML knows, exactly, as float32."""
    import numpy as np

    from converter import dtypes
    from converter.errors import UsageError

    if not isinstance(value, np.ndarray):
        raise UsageError(f"output '{name}' is no tensor, and an .npz holds nothing else", hint="leave out -o to see it")
    dtype = dtypes.name_of(value.dtype)
    if dtype == dtypes.STRING:
        return value.astype(str)
    return value.astype(np.float32) if dtype in dtypes.EXTENDED else value


def _shown(name: str, value: Any) -> str:
    import numpy as np

    if not isinstance(value, np.ndarray):
        return f"{name} {value}"
    text = np.array2string(value, threshold=20, precision=5, edgeitems=2)
    return f"{name} {value.dtype} {list(value.shape)}\n{text}"
