"""The models folder: one folder a model with its manifest, and which of them is in use.

A model is put together in `.partial` and gets its place by one rename, after every file was checked and the model was
loaded once.  So whatever stands on the shelf is whole, and a running transcriber may look at any time.
"""

import contextlib
import fcntl
import hashlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ValidationError

from server.durable import make_folder, replace_file, sync_file, sync_folder

NEEDED = ("config.json", "model.bin", "tokenizer.json")
"""Without its own tokenizer.json faster-whisper would ask the network for somebody else's."""
WANTED = (*NEEDED, "preprocessor_config.json", "vocabulary.json", "vocabulary.txt")
"""Files that faster-whisper reads (faster_whisper/utils.py, download_model); nothing else is kept."""
LARGEST_BYTES = 16 << 30
"""More than any published Whisper model (large-v3 in float32: 6.2 GB)."""
MANIFEST = "manifest.json"

_PARTIAL = ".partial"
_IN_USE = "in-use"
_SPARE_BYTES = 200 << 20
_NAME = re.compile(r"\w[\w.-]{0,99}")


class ModelError(Exception):
    """Why a model cannot be had; the text is for a shell."""


class ModelFile(BaseModel):
    """One file of a model; `size` in bytes, `sha256` in hex."""

    name: str
    size: int
    sha256: str


class Manifest(BaseModel):
    """What a model consists of and where it came from."""

    name: str
    source: str
    brought_at: datetime
    files: tuple[ModelFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True)
class Choice:
    """Which model is to be used; `stamp` differs after every choice, also of the same model."""

    folder: Path
    stamp: int


class Shelf:
    """The models folder; it need not exist."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def folder(self, name: str) -> Path:
        """Where a model stands or would stand; raises ModelError for what is no name."""
        if not _NAME.fullmatch(name):
            raise ModelError(f"{name!r} is no name for a model: letters, digits, '.', '_' and '-', please")
        return self._root / name

    def names(self) -> list[str]:
        """All models, in the order of their names."""
        return sorted(path.parent.name for path in self._root.glob(f"*/{MANIFEST}") if path.parent.name != _PARTIAL)

    def manifest(self, name: str) -> Manifest:
        """A model's manifest; raises ModelError when it is not there or cannot be read."""
        path = self.folder(name) / MANIFEST
        try:
            return Manifest.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            known = ", ".join(self.names()) or "none"
            raise ModelError(f"there is no model {name} (there is: {known})") from None
        except (OSError, ValidationError):
            raise ModelError(f"the manifest of {name} cannot be read") from None

    def damage(self, name: str) -> list[str]:
        """What is wrong with a model's files, a line each; empty: nothing.  Raises ModelError."""
        folder = self.folder(name)
        return [line for file in self.manifest(name).files if (line := _difference(folder, file))]

    # -- in use ------------------------------------------------------------------------------------------------

    def choice(self) -> Choice | None:
        """The model that was chosen last, if it is still there."""
        path = self._root / _IN_USE
        try:
            name, stamp = path.read_text("utf-8").strip(), path.stat().st_mtime_ns
            self.manifest(name)
        except (OSError, ModelError, UnicodeDecodeError):
            return None
        return Choice(self.folder(name), stamp)

    def use(self, name: str) -> None:
        """Choose a model, from now on and after a restart; raises ModelError unless every file of it is as it was."""
        damage = self.damage(name)
        if damage:
            raise ModelError(f"{name} is damaged: {'; '.join(damage)}")
        replace_file(self._root / _IN_USE, f"{name}\n".encode())

    # -- bringing in -------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def workplace(self, name: str) -> Iterator[Path]:
        """A folder in which a model is put together, for this process alone; what is in it stays until `place`."""
        if self.folder(name).exists():
            raise ModelError(f"there is a model {name} already; take another name (--name) or delete its folder first")
        folder = self._root / _PARTIAL / name
        make_folder(folder.parent)
        with (folder.parent / f"{name}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise ModelError(f"another command is bringing in {name} just now") from None
            make_folder(folder)
            yield folder

    def place(self, folder: Path, name: str, source: str) -> Manifest:
        """Give a checked model its place; raises ModelError when a needed file is missing."""
        files = []
        for wanted in WANTED:
            path = folder / wanted
            if path.is_file():
                sync_file(path)
                files.append(ModelFile(name=wanted, size=path.stat().st_size, sha256=sha256(path)))
        require([file.name for file in files])
        for other in folder.iterdir():
            if other.name not in WANTED:
                other.unlink()
        manifest = Manifest(name=name, source=source, brought_at=datetime.now(UTC), files=tuple(files))
        replace_file(folder / MANIFEST, manifest.model_dump_json(indent=1).encode())
        folder.rename(self.folder(name))
        sync_folder(self._root)
        return manifest


def require(names: list[str]) -> None:
    """Raise ModelError when a file is missing that every model has."""
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise ModelError(f"this is no faster-whisper model: {', '.join(missing)} missing")


def make_room(folder: Path, size: int) -> None:
    """Raise ModelError when `size` bytes are too many for a model or for the disk."""
    if size > LARGEST_BYTES:
        raise ModelError(f"{size / 1e9:.0f} GB are too much for a speech model")
    free = shutil.disk_usage(folder).free
    if size + _SPARE_BYTES > free:
        raise ModelError(f"{size / 1e9:.2f} GB needed, {free / 1e9:.2f} GB free on the disk")


def sha256(path: Path) -> str:
    """A file's SHA-256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _difference(folder: Path, file: ModelFile) -> str:
    path = folder / file.name
    if not path.is_file():
        return f"{file.name} is missing"
    if path.stat().st_size != file.size:
        return f"{file.name} has {path.stat().st_size} bytes instead of {file.size}"
    return "" if sha256(path) == file.sha256 else f"{file.name} was changed"
