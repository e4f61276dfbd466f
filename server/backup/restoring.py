"""Puts a backup back: into an empty place, and only when every file was checked.

Files are checked while they are written beside the data folder (NAME.part), the databases brought to this program's tables
there, and the folder gets its name at the end.
"""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from server.backup import databases
from server.backup.files import Taken, make_folders, own_folder, write_new
from server.backup.making import SECRET
from server.backup.manifest import (
    DATA,
    DATABASE,
    PART,
    SETTINGS,
    BackupFailed,
    Entry,
    Manifest,
    database_entry,
    words_of,
)
from server.backup.progress import Progress
from server.backup.reading import Backup, open_backup
from server.durable import sync_folder
from server.settings import Settings
from server.store import migrate
from server.store.engine import Store

RESTORED_SETTINGS = "restored-settings"
"""In the data folder: settings of the machine that was backed up; an administrator takes over what fits."""


@dataclass(frozen=True)
class Outcome:
    """What was restored."""

    manifest: Manifest
    revision: str
    """Of the tables now; another than the manifest's where they were brought up to date."""
    seconds: float
    other_secret: bool
    """The setting `secret` is another than the one that was backed up."""


def restore(settings: Settings, source: Path, passphrase: Callable[[], str]) -> Outcome:
    """Restore the backup `source` to where the settings say.  Raises BackupFailed; then nothing is in place."""
    try:
        backup = open_backup(source.absolute(), passphrase)
        _check_revision(backup.manifest)
        _check_place(settings, backup.manifest)
        return _restore(settings, backup)
    except Taken:
        raise BackupFailed(f"另一个恢复正在往 {settings.data_dir} 做，等它做完。") from None
    except (OSError, sqlite3.Error) as error:
        raise BackupFailed(f"没有恢复成：{words_of(error)}。数据文件夹没有动。") from error
    except SQLAlchemyError as error:
        why = type(error.__cause__ or error).__name__
        raise BackupFailed(f"没有恢复成：数据库不能用（{why}）。数据文件夹没有动；用 PostgreSQL 的，请清空那个数据库再试。") from error


def _check_revision(manifest: Manifest) -> None:
    if manifest.revision not in migrate.revisions():
        raise BackupFailed(
            f"这份备份是 {manifest.product} 版做的，数据表（{manifest.revision}）比本程序的新。请先把程序升级到那一版，再恢复。"
        )


def _check_place(settings: Settings, manifest: Manifest) -> None:
    data = settings.data_dir.absolute()
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise BackupFailed(f"{data} 不是空的。只恢复到空的文件夹，免得盖掉现在的数据；要恢复到这里，先把它改名。")
    if data.is_mount():
        raise BackupFailed(f"{data} 本身是一个挂载点，不能一步换上。请把 data_dir 设成它里面的一个文件夹。")
    if manifest.jobs == "in_store" and settings.jobs_url != settings.store_url:
        raise BackupFailed("备份里的任务库和案件库在同一个数据库，设置里却不是。请把 jobs_database_url 设成和 database_url 一样。")
    urls = [("案件库", manifest.store, settings.store_url), ("任务库", manifest.jobs, settings.jobs_url)]
    for what, kind, url in urls:
        if kind not in ("sqlite", "postgresql"):
            continue
        if kind != databases.backend_of(url):
            raise BackupFailed(f"备份里的{what}是 {kind}，设置里写的却是另一种数据库。请把设置改成一样的，再恢复。")
        if kind == "sqlite" and databases.sqlite_path(url).exists():
            raise BackupFailed(f"{databases.sqlite_path(url)} 已经有了。只恢复到空的地方，免得盖掉现在的数据。")
        if kind == "postgresql" and not databases.is_empty(url):
            raise BackupFailed(f"{what}的数据库不是空的。只恢复到空的数据库，免得盖掉现在的数据；请新建一个。")


def _restore(settings: Settings, backup: Backup) -> Outcome:
    manifest = backup.manifest
    progress = Progress("恢复", manifest.size)
    data = settings.data_dir.absolute()
    make_folders(data.parent)
    with _cleared(_outside(settings, manifest)), own_folder(_waiting(data)) as part:
        for entry in manifest.files:
            _write(backup, entry, _staged(part, settings, entry), progress)
        revision = _databases(settings, part, manifest)
        secret = part / SECRET
        other = bool(settings.secret) and secret.exists() and settings.secret.strip() != secret.read_text().strip()
        for folder, _, _ in os.walk(part):
            sync_folder(Path(folder))
        for staged, place in _outside(settings, manifest).items():
            staged.rename(place)
            sync_folder(place.parent)
        if data.exists():
            data.rmdir()
        part.rename(data)
        sync_folder(data.parent)
    return Outcome(manifest, revision, progress.seconds, other)


@contextmanager
def _cleared(outside: Iterable[Path]) -> Iterator[None]:
    """Databases that wait beside their places are gone at the end."""
    try:
        yield
    finally:
        for staged in outside:
            staged.unlink(missing_ok=True)


def _staged(part: Path, settings: Settings, entry: Entry) -> Path:
    """Where a file lies until everything was checked."""
    kind, _, rest = entry.path.partition("/")
    if kind == DATA:
        return part / rest
    if kind == SETTINGS:
        return part / RESTORED_SETTINGS / rest
    what, _, suffix = rest.partition(".")
    if suffix != "sqlite":
        return part / f".{rest}"
    return _staged_sqlite(part, settings, what)


def _staged_sqlite(part: Path, settings: Settings, what: str) -> Path:
    """Inside the folder, where the data folder holds the database; else beside its place."""
    place = databases.sqlite_path(settings.store_url if what == "store" else settings.jobs_url)
    data = settings.data_dir.absolute()
    return part / place.relative_to(data) if place.is_relative_to(data) else _waiting(place)


def _write(backup: Backup, entry: Entry, target: Path, progress: Progress) -> None:
    if entry.path.startswith(f"{DATABASE}/"):
        target.unlink(missing_ok=True)  # beside the database's place, of a try before this one

    def counted() -> Iterator[bytes]:
        for block in backup.content(entry):
            progress.add(len(block))
            yield block

    write_new(target, counted())
    if entry.modified_ns:
        os.utime(target, ns=(entry.modified_ns, entry.modified_ns))


def _databases(settings: Settings, part: Path, manifest: Manifest) -> str:
    """Every database filled, and the case store's tables as this program wants them; returns their revision."""
    if manifest.store == "sqlite":
        url = f"sqlite:///{_staged_sqlite(part, settings, 'store')}"
    else:
        url = settings.store_url
        _load(url, part / f".{Path(database_entry('store', 'postgresql')).name}")
    if manifest.jobs == "postgresql":
        _load(settings.jobs_url, part / f".{Path(database_entry('jobs', 'postgresql')).name}")
    store = Store(url)
    try:
        migrate.migrate(store.engine)
        with store.engine.connect() as connection:
            return migrate.revision(connection)
    finally:
        store.close()


def _load(url: str, dump: Path) -> None:
    databases.load_postgresql(url, dump)
    dump.unlink()


def _outside(settings: Settings, manifest: Manifest) -> dict[Path, Path]:
    """SQLite databases that the settings place outside the data folder: where each waits, and its place."""
    urls = (settings.store_url if manifest.store == "sqlite" else "", settings.jobs_url if manifest.jobs == "sqlite" else "")
    places = [databases.sqlite_path(url) for url in urls if url]
    return {_waiting(place): place for place in places if not place.is_relative_to(settings.data_dir.absolute())}


def _waiting(place: Path) -> Path:
    return place.with_name(place.name + PART)
