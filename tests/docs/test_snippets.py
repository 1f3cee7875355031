"""README and docs are true: every command and snippet in them runs, and prints what they say."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from converter import plugins
from snippets import Workspace, blocks  # type: ignore[import-not-found]

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("README.md"), *(ROOT / "plugins").glob("*/README.md")]
)
RUNNABLE = {"console", "python"}
NEEDS = re.compile(r"<!-- needs: ([\w ]+) -->")  # packages that a document's snippets import


def runnable(document: Path) -> list[object]:
    return [block for block in blocks(document.read_text()) if block.language in RUNNABLE or "file" in block.attributes]


@pytest.mark.parametrize("document", [each for each in DOCUMENTS if runnable(each)], ids=lambda path: str(path.relative_to(ROOT)))
def test_snippets_do_what_the_document_shows(document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in " ".join(NEEDS.findall(document.read_text())).split():
        pytest.importorskip(package, reason=f"{package} is not installed")
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("*.onnx", "__pycache__"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    workspace = Workspace(tmp_path)
    for block in runnable(document):
        workspace.run(block)
    plugins.installed.cache_clear()


def test_every_document_is_in_a_table_of_contents() -> None:
    for index in (ROOT / "docs").rglob("index.md"):
        text = index.read_text()
        for page in index.parent.glob("*.md"):
            listed = page.stem in text or ("[0-9]*" in text and page.stem[0].isdigit())
            assert page == index or listed, f"{index.relative_to(ROOT)} does not list {page.name}"
