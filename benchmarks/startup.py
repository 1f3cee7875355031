"""Start-up of the command line above a bare interpreter, in milliseconds: python benchmarks/startup.py [--rounds 20].

Bytecode is cached, as on a user's machine: an environment that forbids writing it makes every import several times dearer.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from timing import measure, row

CONVERTER = str(Path(sys.executable).with_name("converter"))
COMMANDS = {
    "bare interpreter": [sys.executable, "-c", "pass"],
    "import click": [sys.executable, "-c", "import click"],
    "import converter": [sys.executable, "-c", "import converter"],
    "converter --help": [CONVERTER, "--help"],
    "converter convert --help": [CONVERTER, "convert", "--help"],
    "converter plugins": [CONVERTER, "plugins"],
}


def main() -> None:
    """Print a line for each command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def run(command: list[str]) -> None:
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)

    times = measure({name: lambda command=command: run(command) for name, command in COMMANDS.items()}, rounds)
    bare = times["bare interpreter"]
    print(row("", ["ms", "above bare"]))
    for name, seconds in times.items():
        print(row(name, [f"{seconds * 1e3:.1f}", f"{(seconds - bare) * 1e3:+.1f}"]))


if __name__ == "__main__":
    main()
