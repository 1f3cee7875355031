"""Run every benchmark: `make bench`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPTS = ("startup.py", "conversion.py", "crnn.py", "runtime.py", "rows.py")

for script in SCRIPTS:
    print(f"\n{script}\n", flush=True)
    subprocess.run([sys.executable, str(Path(__file__).with_name(script))], check=True)
