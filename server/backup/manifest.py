"""What a backup holds, and the errors it is told with.

A backup is a folder: `files/` with `database/…` (copies of the databases), `data/…` (the data folder without what can be
made again) and `settings/…`, and `manifest.json` with the SHA-256 of each; in an encrypted one every file is sealed and the
manifest is `manifest.sealed` (sealing.py).  The manifest is written last: a folder without one is no backup.
"""

import errno
import sqlite3
from datetime import datetime
from pathlib import PurePosixPath
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from server.errors import JietanError

FORMAT = 1
PART = ".part"
FILES = "files"
PLAIN = "manifest.json"
PLAIN_SUM = "manifest.json.sha256"
SEALED = "manifest.sealed"
LOCK_BOX = "sealed.json"
"""What a passphrase becomes the key with; no secret."""
DATABASE, DATA, SETTINGS = "database", "data", "settings"

Backend = Literal["sqlite", "postgresql"]
JobsAt = Backend | Literal["none", "in_store"]


class BackupFailed(JietanError):
    """A backup or a restore that came to nothing; the message says why and what to do."""

    code = "backup_failed"
    message = "备份没有做成。"


class Entry(BaseModel):
    """One file."""

    model_config = ConfigDict(frozen=True)

    path: str
    """Below files/, with slashes."""
    size: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Of the content before it was sealed."""
    modified_ns: int

    @field_validator("path")
    @classmethod
    def _inside(cls, given: str) -> str:
        """A name that leads out of its folder would be written to wherever it points."""
        path = PurePosixPath(given)
        if str(path) != given or len(path.parts) < 2 or ".." in path.parts or path.parts[0] not in (DATABASE, DATA, SETTINGS):
            raise ValueError("not a path of a backup")
        return given


class Manifest(BaseModel):
    """All of a backup."""

    model_config = ConfigDict(frozen=True)

    format: int
    product: str
    """Version of the program that made it."""
    made_at: datetime
    revision: str
    """Of the case store's tables."""
    store: Backend
    jobs: JobsAt
    """Where the durable jobs were: `in_store` in the same PostgreSQL database, `none`: there were none yet."""
    files: tuple[Entry, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(entry.size for entry in self.files)


def database_entry(what: str, backend: Backend) -> str:
    """The path of a database's copy; `what` is store or jobs."""
    return f"{DATABASE}/{what}.{'sqlite' if backend == 'sqlite' else 'dump'}"


def words_of(error: OSError | sqlite3.Error) -> str:
    """Why the disk or SQLite refused, for an administrator."""
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if full or getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        return "磁盘满了"
    if isinstance(error, OSError):
        return f"{error.filename or ''} {error.strerror or error}".strip()
    return f"数据库读写出错（{error}）"
