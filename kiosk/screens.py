"""The kiosk's screens on its own disk: fetched from the office, checked file by file, changed between sittings, taken back
where they do not come up (server/protocol/copies.md, "The screens")."""

import base64
import contextlib
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import Field, ValidationError

from kiosk.office import Office
from kiosk.outbox import write_private
from server.protocol.base import Message
from server.protocol.chain import key_name
from server.protocol.health import EventCode
from server.protocol.screens import LARGEST_VERSION, SHELL, PageBeat, ScreenFile, Screens, to_sign, version_of

log = structlog.get_logger(__name__)

TRIAL_S = 60.0
"""A new version whose page has not come up within so long is taken back."""
NO_PAGE_S = 300.0
"""Where no page was heard of for so long, nobody is disturbed by other screens."""
MOST_BAD = 20
"""So many versions that did not come up are remembered."""


class Unsound(Exception):
    """Screens that are not as the office signed them; `code` says why: `foreign_key`, `bad_signature`, `bad_version`,
    `too_large`, `no_shell`, `unreadable`, `bad_file`."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def check(screens: Screens, public_key: bytes) -> None:
    """Whether this is what the office of this key (32 bytes) signed; the files are checked apart.  Raises Unsound."""
    if screens.key != key_name(public_key):
        raise Unsound("foreign_key")
    if screens.version != version_of(screens.files, screens.policy):
        raise Unsound("bad_version")
    try:
        value = base64.b64decode(screens.signature, validate=True)
        Ed25519PublicKey.from_public_bytes(public_key).verify(value, to_sign(screens.version))
    except (ValueError, InvalidSignature):
        raise Unsound("bad_signature") from None
    if sum(file.size for file in screens.files) > LARGEST_VERSION:
        raise Unsound("too_large")
    if all(file.path != SHELL for file in screens.files):
        raise Unsound("no_shell")


@dataclass(frozen=True)
class Version:
    """Screens that were checked, in memory: what happens to the disk afterwards changes nothing that is shown."""

    manifest: Screens
    contents: dict[str, bytes]
    """By hash."""
    by_path: dict[str, ScreenFile]

    @property
    def name(self) -> str:
        return self.manifest.version

    def file(self, path: str) -> tuple[ScreenFile, bytes] | None:
        """What lies at a path; None: nothing does."""
        found = self.by_path.get(path)
        return None if found is None else (found, self.contents[found.sha256])


class Remembered(Message):
    """state.json."""

    current: str = ""
    before: str = ""
    """The last one whose page came up, while `current` is on trial."""
    on_trial: bool = False
    bad: tuple[str, ...] = Field((), max_length=MOST_BAD)
    """Versions that did not come up, oldest first."""


class ScreenStore:
    """Versions on the disk: files by their hashes, one manifest for each version."""

    def __init__(self, folder: Path, public_key: bytes) -> None:
        self.folder = folder
        self._key = public_key
        (folder / "files").mkdir(mode=0o700, parents=True, exist_ok=True)

    def remembered(self) -> Remembered:
        """Nothing where nothing readable is there."""
        with contextlib.suppress(OSError, ValidationError):
            return Remembered.model_validate_json((self.folder / "state.json").read_bytes())
        return Remembered()

    def remember(self, state: Remembered) -> None:
        """Raises OSError."""
        write_private(self.folder / "state.json", state.model_dump_json().encode())

    def load(self, name: str) -> Version:
        """A version whose every file is as it was signed.  Raises Unsound."""
        try:
            manifest = Screens.model_validate_json((self.folder / f"{name}.json").read_bytes())
        except (OSError, ValidationError):
            raise Unsound("unreadable") from None
        check(manifest, self._key)
        if manifest.version != name:
            raise Unsound("bad_version")
        contents = {}
        for file in manifest.files:
            content = self._content(file)
            if content is None:
                raise Unsound("bad_file")
            contents[file.sha256] = content
        return Version(manifest, contents, {file.path: file for file in manifest.files})

    def missing(self, manifest: Screens) -> list[ScreenFile]:
        """Files of a version that are not here whole, each content once.  Raises Unsound."""
        check(manifest, self._key)
        wanted = {file.sha256: file for file in manifest.files}
        return [file for file in wanted.values() if self._content(file) is None]

    def add(self, file: ScreenFile, content: bytes) -> None:
        """Raises Unsound for other content than was signed, OSError."""
        if not _is(file, content):
            raise Unsound("bad_file")
        write_private(self.folder / "files" / file.sha256, content)

    def keep(self, manifest: Screens) -> Version:
        """A version whose files are all here.  Raises Unsound, OSError."""
        write_private(self.folder / f"{manifest.version}.json", manifest.model_dump_json().encode())
        return self.load(manifest.version)

    def prune(self, versions: set[str]) -> None:
        """Only these versions and their files stay."""
        used = set()
        for path in self.folder.glob("*.json"):
            if path.stem in versions:
                used |= {file.sha256 for file in Screens.model_validate_json(path.read_bytes()).files}
            elif path.stem != "state":
                path.unlink()
        for path in (self.folder / "files").iterdir():
            if path.name not in used:
                path.unlink()

    def _content(self, file: ScreenFile) -> bytes | None:
        try:
            content = (self.folder / "files" / file.sha256).read_bytes()
        except OSError:
            return None
        return content if _is(file, content) else None


def _is(file: ScreenFile, content: bytes) -> bool:
    return len(content) == file.size and hashlib.sha256(content).hexdigest() == file.sha256


class ShownScreens:
    """Which version is served, and when that changes."""

    def __init__(
        self, store: ScreenStore, happened: Callable[[EventCode, str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`happened(code, version)` is told what an administrator should know (protocol/health.py)."""
        self._store = store
        self._happened = happened
        self._clock = clock
        self._state = store.remembered()
        self.current: Version | None = None
        self.ready: Version | None = None
        """Fetched and checked; shown as soon as nobody is there."""
        self._page_at = clock()
        """When the page last said something."""
        self._trial_until: float | None = None
        self._begin()

    def _begin(self) -> None:
        """Take up what was shown before the program ended; a version that was tampered with is not."""
        for name in filter(None, (self._state.current, self._state.before)):
            try:
                self.current = self._store.load(name)
            except Unsound as error:
                self._happened("screens_unsound", error.code)
                continue
            if name == self._state.current and self._state.on_trial:
                self._trial_until = self._clock() + TRIAL_S
            elif name != self._state.current:
                self._set(current=name, on_trial=False)
            return

    @property
    def on_trial(self) -> bool:
        """Whether the present version's page has still to come up."""
        return self._trial_until is not None

    @property
    def rolled_back(self) -> str:
        """The version that last did not come up; empty: none since the last one that was new."""
        return self._state.bad[-1] if self._state.bad else ""

    def wants(self, version: str) -> bool:
        """Whether a version is worth fetching."""
        have = {shown.name for shown in (self.current, self.ready) if shown}
        return bool(version) and version not in have and version not in self._state.bad

    def forgive(self) -> None:
        """Versions that did not come up may be tried again: an administrator asked for it."""
        self._set(bad=())

    async def fetch(self, office: Office) -> None:
        """Get what the office has now; half of it is never shown.  Raises OfficeRefused, ConnectionError, Unsound, OSError."""
        try:
            manifest = Screens.model_validate_json(await office.fetch("/api/agent/screens"))
        except ValidationError:
            raise Unsound("unreadable") from None
        if not self.wants(manifest.version):
            return
        for file in self._store.missing(manifest):
            self._store.add(file, await office.fetch(f"/api/agent/screens/{file.sha256}"))
        self.ready = self._store.keep(manifest)
        log.info("screens fetched", version=manifest.version[:12])
        if self.current is None:
            self._change()

    def page_says(self, beat: PageBeat) -> bool:
        """The page is there; whether it should open itself again."""
        self._page_at = self._clock()
        if self.on_trial and self.current is not None and beat.version == self.current.name and beat.screen:
            self._trial_until = None
            self._set(on_trial=False)
            self._happened("screens_shown", self.current.name[:12])
            self._prune()
        if beat.busy or self.current is None:
            return False
        if self.ready is not None and not self.on_trial:
            self._change()
        return beat.version != self.current.name

    def look(self) -> bool:
        """Called every second; whether the screens were changed or taken back without a page that knows."""
        if self._trial_until is not None and self._clock() > self._trial_until:
            return self._take_back()
        if self.ready is not None and not self.on_trial and self._clock() - self._page_at > NO_PAGE_S:
            self._change()
            return True
        return False

    def _change(self) -> None:
        """The version that waits is shown, on trial; nobody is there."""
        assert self.ready is not None
        before = self.current.name if self.current else ""
        self.current, self.ready = self.ready, None
        self._trial_until = self._clock() + TRIAL_S
        self._set(current=self.current.name, before=before, on_trial=True)
        self._happened("screens_changed", self.current.name[:12])

    def _take_back(self) -> bool:
        assert self.current is not None
        failed, self._trial_until = self.current.name, None
        try:
            before = self._store.load(self._state.before) if self._state.before else None
        except Unsound as error:
            self._happened("screens_unsound", error.code)
            before = None
        if before is None:
            self._set(on_trial=False)  # there is nothing better: it is shown as it is
            self._happened("screens_dead", failed[:12])
            return False
        self.current = before
        bad = (*(name for name in self._state.bad if name != failed), failed)[-MOST_BAD:]
        self._set(current=before.name, before="", on_trial=False, bad=bad)
        self._happened("screens_taken_back", failed[:12])
        return True

    def _set(self, **changes: object) -> None:
        self._state = self._state.model_copy(update=changes)
        try:
            self._store.remember(self._state)
        except OSError as error:
            log.warning("cannot remember which screens are shown", error=type(error).__name__)

    def _prune(self) -> None:
        kept = {shown.name for shown in (self.current, self.ready) if shown} | {self._state.before}
        try:
            self._store.prune(kept)
        except (OSError, ValidationError) as error:
            log.warning("old screens not deleted", error=type(error).__name__)
