"""Opens a backup and checks what is in it."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from server.backup import sealing
from server.backup.files import blocks
from server.backup.manifest import (
    FILES,
    FORMAT,
    LOCK_BOX,
    PART,
    PLAIN,
    PLAIN_SUM,
    SEALED,
    BackupFailed,
    Entry,
    Manifest,
)
from server.backup.progress import Progress


@dataclass(frozen=True)
class Backup:
    """A whole backup."""

    folder: Path
    manifest: Manifest
    lock: sealing.Lock | None
    """None: it is not encrypted."""

    def content(self, entry: Entry) -> Iterator[bytes]:
        """A file's content; raises BackupFailed at its end, at the latest, where it is not what was backed up."""
        digest, size = hashlib.sha256(), 0
        try:
            for block in self._plain(entry):
                digest.update(block)
                size += len(block)
                yield block
        except FileNotFoundError:
            raise BackupFailed(f"备份里少了 {entry.path}，什么都没有恢复。请用另一份备份。") from None
        except sealing.Unopened:
            raise _changed(entry) from None
        if (size, digest.hexdigest()) != (entry.size, entry.sha256):
            raise _changed(entry)

    def _plain(self, entry: Entry) -> Iterator[bytes]:
        stored = blocks(self.folder / FILES / entry.path)
        return sealing.unseal(self.lock, stored) if self.lock else stored


def open_backup(folder: Path, passphrase: Callable[[], str]) -> Backup:
    """A backup with its manifest; `passphrase` is asked for only where it is encrypted.  Raises BackupFailed."""
    if folder.name.endswith(PART):
        raise BackupFailed(f"{folder} 是没有做完的备份，不能用。")
    try:
        if (folder / SEALED).exists():
            return _open_sealed(folder, passphrase())
        told = (folder / PLAIN).read_bytes()
        wanted = (folder / PLAIN_SUM).read_text().split()[0]
    except (FileNotFoundError, NotADirectoryError, IndexError, UnicodeDecodeError):
        raise BackupFailed(f"{folder} 里没有备份清单，不是一份完整的备份。") from None
    if hashlib.sha256(told).hexdigest() != wanted:
        raise BackupFailed(f"备份清单 {PLAIN} 不完整或者被改过，什么都没有恢复。请用另一份备份。")
    return Backup(folder, _parsed(told), None)


def check(backup: Backup) -> float:
    """Read all of it; how many seconds it took.  Raises BackupFailed, OSError."""
    progress = Progress("核对", backup.manifest.size)
    for entry in backup.manifest.files:
        for block in backup.content(entry):
            progress.add(len(block))
    return progress.seconds


def _open_sealed(folder: Path, passphrase: str) -> Backup:
    try:
        lock = sealing.reopen((folder / LOCK_BOX).read_bytes(), passphrase)
        told = b"".join(sealing.unseal(lock, blocks(folder / SEALED)))
    except sealing.Unopened:
        raise BackupFailed("口令不对，或者备份清单被改过。什么都没有恢复。") from None
    return Backup(folder, _parsed(told), lock)


def _parsed(told: bytes) -> Manifest:
    try:
        manifest = Manifest.model_validate_json(told)
    except ValidationError:
        raise BackupFailed("备份清单读不懂：可能是更新版本的程序做的备份。请先升级程序，再恢复。") from None
    if manifest.format != FORMAT:
        raise BackupFailed(f"这份备份是 {manifest.product} 版做的，格式比本程序新。请先升级程序，再恢复。")
    return manifest


def _changed(entry: Entry) -> BackupFailed:
    return BackupFailed(f"备份里的 {entry.path} 不完整或者被改过，什么都没有恢复。请用另一份备份。")
