"""Makes a backup while the office runs.

It grows as NAME.part and gets its name when all of it is on the disk.  Durable jobs are copied before the case store: a job
that is done twice does no harm, one that is not in its store would be done by nobody.  Files come last: what the store
names is there by then.
"""

import hashlib
import importlib.metadata
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from server import clock
from server.backup import databases, files, sealing
from server.backup.manifest import (
    DATA,
    FILES,
    FORMAT,
    LOCK_BOX,
    PART,
    PLAIN,
    PLAIN_SUM,
    SEALED,
    SETTINGS,
    BackupFailed,
    Entry,
    JobsAt,
    Manifest,
    database_entry,
    words_of,
)
from server.backup.progress import Progress, in_words
from server.backup.reading import Backup, open_backup
from server.durable import sync_folder
from server.protocol.recording import JOURNAL_NAME, MANIFEST_NAME
from server.protocol.recording import Manifest as Recording
from server.settings import Settings, config_file
from server.store import migrate
from server.store.engine import Store

MADE_AGAIN = {"models", "peaks", "run", "serve.lock", "serve.log", "first-admin-link.txt"}
"""In the data folder, and not in a backup."""
UNFINISHED = (PART, ".tmp", ".new")
SCRATCH = ".backup"
"""In the data folder: where databases lie before they are sealed, as they lie open there anyway."""
KEPT_FOR_GOOD = {"recordings", "archives", "copies", "papers", "documents", "signing"}
"""Folders whose files do not change once they are whole: those of an earlier backup are taken from there."""
SECRET = "secret.key"


@dataclass(frozen=True)
class _Source:
    """A file to be backed up."""

    path: str
    file: Path
    size: int
    modified_ns: int
    lines: bool = False
    """One that grows: whole lines of it."""
    sha256: str = ""
    """What it should have; empty: not known."""

    @property
    def lasting(self) -> bool:
        parts = self.path.split("/")
        return parts[0] == DATA and parts[1] in KEPT_FOR_GOOD and parts[-1] not in (JOURNAL_NAME, MANIFEST_NAME)


@dataclass
class Outcome:
    """What was backed up."""

    folder: Path
    manifest: Manifest
    seconds: float
    linked: int = 0
    """Bytes that lie in an earlier backup, too, and took no room."""
    damaged: list[str] = field(default_factory=list)
    """Recordings that no longer are what their own manifest says."""
    missing: list[str] = field(default_factory=list)
    """Recordings that their manifest lists and that are not there."""
    open_segments: int = 0
    """Files that were being recorded to, which are not in it."""


def back_up(settings: Settings, target: Path, *, passphrase: str = "", full: bool = False) -> Outcome:
    """Make the backup `target`.  `full`: copy what an earlier backup beside it has, too.  Raises BackupFailed."""
    target = target.absolute()
    _check_target(settings, target)
    try:
        with files.own_folder(settings.data_dir / SCRATCH) as scratch, files.own_folder(_part_of(target)) as part:
            return _Making(settings, target, part, scratch, passphrase, full).run()
    except files.Taken:
        raise BackupFailed("另一个备份正在做，等它做完。") from None
    except (OSError, sqlite3.Error) as error:
        raise BackupFailed(f"备份没有做成：{words_of(error)}。做了一半的已经删掉，原来的备份没有动。") from error
    except SQLAlchemyError as error:
        raise BackupFailed(f"备份没有做成：数据库连不上或者读不了（{type(error.__cause__ or error).__name__}）。") from error


def _check_target(settings: Settings, target: Path) -> None:
    if target.exists():
        raise BackupFailed(f"{target} 已经有了。每次备份用一个新名字，例如日期。")
    if target.is_relative_to(settings.data_dir.absolute()):
        raise BackupFailed("备份不能放在数据文件夹里面：数据坏了，备份也跟着坏。")
    if not target.parent.is_dir():
        raise BackupFailed(f"没有 {target.parent} 这个文件夹。磁盘挂上了吗？")


def _part_of(target: Path) -> Path:
    return target.with_name(target.name + PART)


class _Making:
    """One backup under way."""

    def __init__(self, settings: Settings, target: Path, part: Path, scratch: Path, passphrase: str, full: bool) -> None:
        self._settings, self._target, self._part, self._scratch = settings, target, part, scratch
        previous = _newest_beside(target, passphrase)
        self._lock = (previous.lock if previous else sealing.new_lock(passphrase)) if passphrase else None
        self._earlier = {} if full or previous is None else {entry.path: entry for entry in previous.manifest.files}
        self._earlier_files = previous.folder / FILES if previous else part
        self._entries: list[Entry] = []
        self._linked = self._open = 0
        self._damaged: list[str] = []
        self._missing: set[str] = set()
        self._progress = Progress("备份", 0)

    def run(self) -> Outcome:
        """All of it."""
        self._check_room()
        jobs = self._jobs()
        store = databases.backend_of(self._settings.store_url)
        revision = self._database("store", self._settings.store_url)
        for source in self._sources():
            with suppress(FileNotFoundError):  # an export bundle whose time was over meanwhile
                self._file(source)
        if self._settings.secret:
            self._write(f"{DATA}/{SECRET}", [self._settings.secret.encode()], 0)
        manifest = Manifest(
            format=FORMAT, product=importlib.metadata.version("jietan"), made_at=clock.now(), revision=revision,
            store=store, jobs=jobs, files=tuple(self._entries),
        )  # fmt: skip
        self._finish(manifest)
        return Outcome(self._target, manifest, self._progress.seconds, self._linked, self._damaged, sorted(self._missing), self._open)

    def _check_room(self) -> None:
        """Better told before than after an hour; whatever fills the disk meanwhile is told, too."""
        sources = list(self._sources())
        self._progress.total = sum(source.size for source in sources)
        urls = (self._settings.jobs_url, self._settings.store_url)
        places = [databases.sqlite_path(url) for url in urls if databases.backend_of(url) == "sqlite"]
        copied = [place.stat().st_size for place in places if place.exists()]
        linked = sum(source.size for source in sources if self._earlier_of(source))
        _check_disk(self._target.parent, self._progress.total - linked + sum(copied))
        _check_disk(self._settings.data_dir, max(copied, default=0))
        self._progress.total += 2 * sum(copied)

    def _jobs(self) -> JobsAt:
        url = self._settings.jobs_url
        backend = databases.backend_of(url)
        if backend == "postgresql" and url == self._settings.store_url:
            return "in_store"
        if backend == "sqlite" and not databases.sqlite_path(url).exists():
            return "none"
        self._database("jobs", url)
        return backend

    def _database(self, what: str, url: str) -> str:
        """A copy of one moment; returns the revision of the case store's tables, for others nothing."""
        backend = databases.backend_of(url)
        path = database_entry(what, backend)
        if backend == "postgresql":
            revision = _revision(url) if what == "store" else ""
            self._write(path, databases.dump_postgresql(url), 0)
            return revision
        source = databases.sqlite_path(url)
        if not source.exists():
            raise BackupFailed(f"没有数据库 {source}，没有什么可备份的。data_dir 和 database_url 设对了吗？")
        copy = self._scratch / f"{what}.sqlite"
        databases.copy_sqlite(source, copy, self._progress.add)
        revision = databases.revision_in(copy) if what == "store" else ""
        self._write(path, files.blocks(copy), 0)
        copy.unlink()
        return revision

    def _sources(self) -> Iterator[_Source]:
        """Every file of the data folder and of the settings that goes into a backup as it is."""
        self._open = 0
        own = (self._settings.drafting_words, self._settings.statutory_routes, self._settings.turn_secret_file)
        for file in (config_file(), *own):
            if file is not None and file.is_file():
                yield _source(f"{SETTINGS}/{file.name}", file)
        used = {databases.sqlite_path(url) for url in (self._settings.store_url, self._settings.jobs_url)}
        data = self._settings.data_dir.absolute()
        for folder, inside, names in os.walk(data):
            here = Path(folder)
            inside[:] = sorted(name for name in inside if not _is_left_out(here.relative_to(data) / name))
            if here.parent == data / "recordings":
                yield from self._recording(here, here.relative_to(data), names)
                continue
            for name in sorted(names):
                file, path = here / name, here.relative_to(data) / name
                if self._is_wanted(path) and not _is_database(file, used) and not file.is_symlink() and file.is_file():
                    yield _source(f"{DATA}/{path.as_posix()}", file)

    def _is_wanted(self, path: Path) -> bool:
        return not _is_left_out(path) and not (str(path) == SECRET and self._settings.secret)

    def _recording(self, folder: Path, path: Path, names: list[str]) -> Iterator[_Source]:
        """The journal, then the manifest, then the files it lists: what comes later is never missing what came before."""
        closed: dict[str, str] = {}
        if JOURNAL_NAME in names:
            yield _source(f"{DATA}/{path.as_posix()}/{JOURNAL_NAME}", folder / JOURNAL_NAME, lines=True)
        if MANIFEST_NAME in names:
            yield _source(f"{DATA}/{path.as_posix()}/{MANIFEST_NAME}", folder / MANIFEST_NAME)
            with suppress(ValidationError):  # what it lists by now: no less than the one that was just copied
                told = Recording.model_validate_json((folder / MANIFEST_NAME).read_bytes())
                closed = {segment.file: segment.sha256 for segment in told.segments if segment.file == Path(segment.file).name}
        for name, sha256 in sorted(closed.items()):
            if (folder / name).is_file():
                yield _source(f"{DATA}/{path.as_posix()}/{name}", folder / name, sha256=sha256)
            else:
                self._missing.add(f"{path.as_posix()}/{name}")
        left = set(names) - {JOURNAL_NAME, MANIFEST_NAME} - closed.keys()
        self._open += sum(not name.endswith(UNFINISHED) for name in left)

    def _file(self, source: _Source) -> None:
        earlier = self._earlier_of(source)
        if earlier is not None and self._link(earlier):
            self._linked += earlier.size
            self._progress.add(earlier.size)
            return
        blocks = files.whole_lines(source.file) if source.lines else files.blocks(source.file)
        entry = self._write(source.path, blocks, source.modified_ns)
        if source.sha256 and entry.sha256 != source.sha256:
            self._damaged.append(source.path.removeprefix(f"{DATA}/"))

    def _earlier_of(self, source: _Source) -> Entry | None:
        """The same file in an earlier backup, as far as name, size, time and its own manifest tell."""
        entry = self._earlier.get(source.path) if source.lasting else None
        if entry is None or (entry.size, entry.modified_ns) != (source.size, source.modified_ns):
            return None
        return entry if source.sha256 in ("", entry.sha256) else None

    def _link(self, entry: Entry) -> bool:
        target = self._part / FILES / entry.path
        files.make_folders(target.parent)
        try:
            os.link(self._earlier_files / entry.path, target)
        except OSError:  # gone, linked too often, or a file system without links: it is copied
            return False
        self._entries.append(entry)
        return True

    def _write(self, path: str, plain: Iterable[bytes], modified_ns: int) -> Entry:
        digest, size = hashlib.sha256(), 0

        def counted() -> Iterator[bytes]:
            nonlocal size
            for block in plain:
                digest.update(block)
                size += len(block)
                self._progress.add(len(block))
                yield block

        target = self._part / FILES / path
        files.write_new(target, sealing.seal(self._lock, counted()) if self._lock else counted())
        entry = Entry(path=path, size=size, sha256=digest.hexdigest(), modified_ns=modified_ns)
        self._entries.append(entry)
        return entry

    def _finish(self, manifest: Manifest) -> None:
        """The manifest last, and the name when everything is on the disk."""
        plain = manifest.model_dump_json(indent=1).encode()
        if self._lock:
            files.write_new(self._part / LOCK_BOX, [self._lock.box])
            files.write_new(self._part / SEALED, sealing.seal(self._lock, [plain]))
        else:
            files.write_new(self._part / PLAIN_SUM, [f"{hashlib.sha256(plain).hexdigest()}  {PLAIN}\n".encode()])
            files.write_new(self._part / PLAIN, [plain])
        for folder, _, _ in os.walk(self._part):
            sync_folder(Path(folder))
        self._part.rename(self._target)
        sync_folder(self._target.parent)


def _check_disk(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise BackupFailed(f"磁盘放不下：这次备份要 {in_words(needed)}，{folder} 只剩 {in_words(free)}。")


def _newest_beside(target: Path, passphrase: str) -> Backup | None:
    """The last whole backup in the same folder that opens in the same way."""
    name = SEALED if passphrase else PLAIN
    found = sorted(target.parent.glob(f"*/{name}"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in found:
        if not path.parent.name.endswith(PART):
            try:
                return open_backup(path.parent, lambda: passphrase)
            except BackupFailed:
                return None
    return None


def _revision(url: str) -> str:
    store = Store(url)
    try:
        with store.engine.connect() as connection:
            return migrate.revision(connection)
    finally:
        store.close()


def _is_left_out(path: Path) -> bool:
    """Whether something in the data folder can be made again or is not whole yet."""
    first, last = path.parts[0], path.name
    if first in MADE_AGAIN or first == SCRATCH or last.endswith(UNFINISHED):
        return True
    return first == "archives" and len(path.parts) == 2 and last.startswith("work-")


def _is_database(file: Path, used: set[Path]) -> bool:
    """Whether a file is, or belongs to, a database that is copied in another way."""
    return any(str(file) == f"{path}{suffix}" for path in used for suffix in ("", "-wal", "-shm", "-journal"))


def _source(path: str, file: Path, *, lines: bool = False, sha256: str = "") -> _Source:
    found = file.stat()
    return _Source(path, file, found.st_size, found.st_mtime_ns, lines, sha256)
