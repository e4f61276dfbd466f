"""The export bundle: a ZIP of everything of a case's recording, and a page that plays and verifies it offline.

Nothing is compressed that is so already, and no file is ever whole in memory.
"""

import base64
import hashlib
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from server import signing_key
from server.archive.disk import Disk
from server.archive.plan import BundlePlan, Packed
from server.protocol import chain
from server.protocol.canonical import canonical_json

WEB = Path(__file__).resolve().parents[2] / "web" / "static"
PAGE = {
    "index.html": "export/index.html",
    "player/player.js": "export/player.js",
    "player/verify.js": "export/verify.js",
    "player/player.css": "export/player.css",
    "player/sha256.js": "vendor/js-sha256/sha256.min.js",
    "player/sha256-LICENSE.txt": "vendor/js-sha256/LICENSE.txt",
    "player/ed25519.js": "vendor/tweetnacl/nacl-fast.min.js",
    "player/ed25519-LICENSE.txt": "vendor/tweetnacl/LICENSE",
}
"""Name in the bundle: file under web/static."""
LIST, SUMS, DATA = "bundle.json", "SHA256SUMS", "player/data.js"
CHUNK = 1 << 20
VERSION = 1


class _Sink:
    """What a ZIP is written to that nobody keeps: pieces wait here until they are taken."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._waiting.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """There is nothing behind it."""

    def taken(self) -> bytes:
        found, self._waiting = b"".join(self._waiting), []
        return found


class Bundle:
    """Packs one plan into one ZIP."""

    def __init__(self, plan: BundlePlan, disk: Disk, progress: Callable[[float], None]) -> None:
        self._plan, self._disk, self._progress = plan, disk, progress
        self._listed: list[dict[str, Any]] = []
        self._done = 0
        self.notes: list[str] = []

    def pack(self, target: Path) -> None:
        """Write the ZIP; raises OSError (the disk)."""
        for _ in self._steps(target):
            pass

    def pieces(self) -> Iterator[bytes]:
        """The ZIP as it is packed, for whoever saves it at once: nothing of it lies on this machine.  Raises OSError."""
        sink = _Sink()
        for _ in self._steps(sink):
            yield sink.taken()
        yield sink.taken()

    def _steps(self, target: "Path | _Sink") -> Iterator[None]:
        """Write the ZIP, with a pause after every piece of a file."""
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=True) as bundle:  # type: ignore[call-overload]
            for wanted in (*self._plan.files, *self._page()):
                yield from self._add(bundle, wanted)
            for text in self._plan.texts:
                self._add_content(bundle, text.name, text.text.encode())
            for one in self._plan.encoded:
                self._add_content(bundle, one.name, base64.b64decode(one.base64))
            about = [*self._plan.about, *([("没有放好的", "\n".join(self.notes))] if self.notes else [])]
            partly = {"partly": True} if self._plan.partly else {}
            listing = canonical_json({"version": VERSION, "about": [list(pair) for pair in about], "files": self._listed, **partly})
            sums = "".join(f"{listed['sha256']}  {listed['name']}\n" for listed in self._listed)
            self._write(bundle, LIST, listing)
            self._write(bundle, SUMS, sums.encode())
            self._write(bundle, DATA, self._data(listing))

    def _page(self) -> Iterator[Packed]:
        for name, file in PAGE.items():
            yield Packed(name=name, file=WEB / file)

    def _add(self, bundle: zipfile.ZipFile, wanted: Packed) -> Iterator[None]:
        """Copy one file; one that is gone or not what it was is told, never left out in silence."""
        try:
            source = wanted.file.open("rb")
        except FileNotFoundError:
            self.notes.append(f"{wanted.name} 的文件不在了，没有放进去。")
            return
        digest, size = hashlib.sha256(), 0
        with source, bundle.open(self._entry(wanted.name), "w", force_zip64=True) as copy:
            while chunk := source.read(CHUNK):
                self._disk.check()
                digest.update(chunk)
                copy.write(chunk)
                size += len(chunk)
                self._count(len(chunk))
                yield
        if wanted.sha256 and digest.hexdigest() != wanted.sha256:
            self.notes.append(f"{wanted.name} 和登记的校验值不一样，照现在的样子放进去了。")
        self._list(wanted.name, size, digest.hexdigest())

    def _add_content(self, bundle: zipfile.ZipFile, name: str, content: bytes) -> None:
        self._write(bundle, name, content)
        self._list(name, len(content), hashlib.sha256(content).hexdigest())

    def _write(self, bundle: zipfile.ZipFile, name: str, content: bytes) -> None:
        bundle.writestr(self._entry(name), content, zipfile.ZIP_DEFLATED)

    def _entry(self, name: str) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(f"{self._plan.folder}/{name}", time.localtime()[:6])
        entry.external_attr = 0o644 << 16
        return entry

    def _list(self, name: str, size: int, sha256: str) -> None:
        self._listed.append({"name": name, "size": size, "sha256": sha256})

    def _count(self, size: int) -> None:
        self._done += size
        total = sum(one.size or 0 for one in self._plan.files)
        self._progress(min(1.0, self._done / max(1, total)))

    def _data(self, listing: bytes) -> bytes:
        """What the page knows: a script, because a page from a file may not fetch other files."""
        plan = self._plan
        data: dict[str, Any] = {
            "list": listing.decode(),
            "captions": [[one.start, one.end, one.text] for one in plan.captions],
            "voice": [[one.name, one.start, one.seconds] for one in plan.voice],
            "key": plan.public_key,
            "keyName": chain.key_name(base64.b64decode(plan.public_key)) if plan.public_key else "",
        }
        signature = plan.manifest.get("signature")
        if signature:
            data["manifest"] = chain.signed_bytes(plan.manifest).decode()
            data["manifestSignature"], data["manifestKey"] = signature["value"], signature["key"]
        if plan.signing_key is not None:
            signed = signing_key.read(plan.signing_key).sign_bytes(listing)
            data["listSignature"] = base64.b64encode(signed).decode()
        return f"window.BUNDLE = {json.dumps(data, ensure_ascii=True)};\n".encode()
