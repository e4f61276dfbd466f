"""Compiled modules are used only where they are of exactly this source."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from server.media import compiled


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for compiled modules, with a copy of their sources as `source`."""
    monkeypatch.delenv("JIETAN_INTERPRETED", raising=False)
    for name in compiled.HOT:
        copy = tmp_path / "source" / f"{name}.py"
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(compiled.SOURCE / f"{name}.py", copy)
    known = {"python": sys.implementation.cache_tag, "sources": compiled.hashes(tmp_path / "source")}
    (tmp_path / compiled.HASHES).write_text(json.dumps(known))
    return tmp_path


def test_used_while_they_are_of_this_source(folder: Path) -> None:
    assert compiled.usable(folder, folder / "source")


@pytest.mark.parametrize("name", compiled.HOT)
def test_passed_over_after_any_change(folder: Path, name: str) -> None:
    with (folder / "source" / f"{name}.py").open("a") as file:
        file.write("\n")
    assert not compiled.usable(folder, folder / "source")


def test_passed_over_for_another_python_or_when_told_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIETAN_INTERPRETED", "1")
    path = ["as before"]
    assert not compiled.use(path, folder)
    assert path == ["as before"]
    monkeypatch.delenv("JIETAN_INTERPRETED")
    known = json.loads((folder / compiled.HASHES).read_text())
    (folder / compiled.HASHES).write_text(json.dumps({**known, "python": "cpython-27"}))
    assert not compiled.usable(folder, folder / "source")


def test_nothing_compiled_is_no_fault(tmp_path: Path) -> None:
    assert not compiled.usable(tmp_path)
    (tmp_path / compiled.HASHES).write_text("half of it")
    assert not compiled.usable(tmp_path)
