"""The worker's end: `python -P -m converter.worker.child [MEMORY_LIMIT]`. A JSON request a line in, a JSON reply a line out.

Its first act moves the wire away from file descriptor 1, so that nothing that a framework prints can be taken for a reply.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

Verb = Callable[..., Any]


def take_the_wire() -> tuple[IO[str], IO[str]]:
    """Return requests and replies as private files; stdin becomes empty and stdout goes to stderr, for C code and children too."""
    replies = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return requests, replies


def limit_memory(limit: int) -> None:
    """Bound the process's data segment to `limit` bytes; an address-space limit would stop TensorFlow's import."""
    import resource

    bounded = min(limit, sys.maxsize)
    resource.setrlimit(resource.RLIMIT_DATA, (bounded, bounded))


def verbs() -> dict[str, Verb]:
    """Return the verbs, each from JSON values to JSON values."""
    from converter.worker import messages
    from converter.worker.service import Service
    from converter.worker.threads import thread_pools

    service = Service()

    def match(source: dict[str, str], framework: str, model_args: dict[str, Any]) -> str:
        return service.match(messages.source_from_json(source), framework, model_args).name

    def load(request: dict[str, Any], framework: str) -> dict[str, Any]:
        return service.load(messages.load_request_from_json(request), framework).to_json()

    def record(folder: str, seed: int, sizes: dict[str, int], feeds: str | None, *, twice: bool) -> None:
        service.record(Path(folder), seed, sizes, Path(feeds) if feeds is not None else None, twice=twice)

    def rounding(folder: str) -> None:
        service.rounding(Path(folder))

    def time(folder: str, calls: int) -> list[float]:
        return service.time(Path(folder), calls)

    def export(exporter: str, path: str, opset: int | None = None, refuted: dict[str, int] | None = None) -> str:
        return service.export(exporter, Path(path), opset, refuted)

    return {
        "match": match,
        "load": load,
        "record": record,
        "rounding": rounding,
        "time": time,
        "export": export,
        "thread_pools": thread_pools,
    }


def answer(known: dict[str, Verb], line: str) -> str:
    """Return the reply line to one request line."""
    from converter.worker import messages

    request = json.loads(line)
    try:
        return json.dumps({"ok": known[request.pop("verb")](**request)})
    except (Exception, SystemExit) as error:  # noqa: BLE001 - everything goes back to the host, a plugin's sys.exit too
        return json.dumps({"error": messages.error_to_json(error)})


def main() -> None:
    """Serve requests until the host closes the wire."""
    requests, replies = take_the_wire()
    if len(sys.argv) > 1:
        limit_memory(int(sys.argv[1]))
    known = verbs()
    for line in requests:
        replies.write(answer(known, line) + "\n")


if __name__ == "__main__":
    main()
