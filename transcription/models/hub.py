"""Published models, from a hub that answers like huggingface.co or from a mirror of it.

A download that broke off goes on where it was, in this call and in the next; every file is checked against the hash
that the hub names before it counts.  Source of the addresses and fields: huggingface_hub 2.4 (hf_api.py, model_info
with files_metadata; file_download.py, hf_hub_url).
"""

import contextlib
import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from transcription.models import archives
from transcription.models.shelf import WANTED, ModelError, make_room, require

ROUNDS = 3
"""How often every address is tried for one file; what has come is kept."""
PAUSE_S = 1.0
_BLOCK = 1 << 20
_TIMEOUT = httpx.Timeout(30, connect=10)
_LISTING = "listing.json"

T = TypeVar("T")
Progress = Callable[[str, int, int], None]
"""Name of a file, bytes that are there, bytes of the whole."""


@dataclass(frozen=True)
class HubFile:
    """A published file; large ones have a SHA-256 (Git LFS), small ones Git's SHA-1 of a blob."""

    name: str
    size: int
    sha256: str = ""
    blob_sha1: str = ""


@dataclass(frozen=True)
class Listing:
    """What a repository holds of a model at one commit."""

    repository: str
    commit: str
    files: tuple[HubFile, ...]


class _Failed(Exception):
    """One address did not give what was asked for; the text says why."""


class Hub:
    """The same hub under one or more addresses, the first one first."""

    def __init__(self, addresses: Sequence[str], progress: Progress) -> None:
        self._addresses = [address.rstrip("/") for address in addresses if address]
        self._progress = progress

    def download(self, repository: str, target: Path) -> Listing:
        """Bring a model into `target`, going on with what is there; raises ModelError, OSError."""
        with httpx.Client(follow_redirects=True, timeout=_TIMEOUT, headers={"Accept-Encoding": "identity"}) as client:
            listing = self._listing(client, repository)
            _keep_only_of(listing, target)
            make_room(target, sum(file.size - _there(target, file) for file in listing.files))
            for file in listing.files:
                self._file(client, listing, file, target)
        (target / _LISTING).unlink()
        return listing

    def _listing(self, client: httpx.Client, repository: str) -> Listing:
        def ask(address: str) -> Listing:
            answer = client.get(f"{address}/api/models/{quote(repository)}/revision/main", params={"blobs": "true"})
            _require_ok(answer)
            try:
                return _read(repository, answer.json())
            except (ValueError, KeyError, TypeError):
                raise _Failed("answers something else than a list of files") from None

        return self._first(ask, repository)

    def _file(self, client: httpx.Client, listing: Listing, file: HubFile, target: Path) -> None:
        """One file, whole and checked, under its name."""
        done = target / file.name
        if done.is_file() and _is(file, done):
            return
        path = f"{quote(listing.repository)}/resolve/{quote(listing.commit)}/{file.name}"
        part = target / f"{file.name}.part"

        def fetch(address: str) -> None:
            self._fetch(client, f"{address}/{path}", part, file)
            if not _is(file, part):
                part.unlink()
                raise _Failed("gave a file with another hash")

        self._first(fetch, file.name, ROUNDS)
        part.rename(done)

    def _fetch(self, client: httpx.Client, url: str, part: Path, file: HubFile) -> None:
        """Append what is missing to the part."""
        if part.exists() and part.stat().st_size > file.size:
            part.unlink()
        have = part.stat().st_size if part.exists() else 0
        if have == file.size and have:
            return
        headers = {"Range": f"bytes={have}-"} if have else {}
        with client.stream("GET", url, headers=headers) as answer:
            _require_ok(answer)
            if answer.status_code != httpx.codes.PARTIAL_CONTENT:
                have = 0
            with part.open("ab" if have else "wb") as output, contextlib.suppress(httpx.TransportError):
                for block in answer.iter_raw():
                    have += len(block)
                    if have > file.size:
                        break
                    output.write(block)
                    self._progress(file.name, have, file.size)
        if have != file.size:
            raise _Failed(f"broke off after {have} of {file.size} bytes" if have < file.size else "sends too much")

    def _first(self, ask: Callable[[str], T], what: str, rounds: int = 1) -> T:
        """What the first address gives that gives something; raises ModelError with what each said."""
        said: dict[str, str] = {}
        for number in range(rounds):
            for address in self._addresses:
                try:
                    return ask(address)
                except _Failed as error:
                    said[address] = str(error)
                except httpx.HTTPError as error:
                    said[address] = f"cannot be reached or broke off ({type(error).__name__})"
            time.sleep(PAUSE_S if number + 1 < rounds else 0)
        reasons = "; ".join(f"{address} {reason}" for address, reason in said.items()) or "no address is set"
        raise ModelError(f"{what} could not be had: {reasons}")


def _require_ok(answer: httpx.Response) -> None:
    if answer.status_code == httpx.codes.NOT_FOUND:
        raise _Failed("does not have it (404)")
    if answer.status_code not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
        raise _Failed(f"answers {answer.status_code}")


def _read(repository: str, body: dict[str, Any]) -> Listing:
    files = []
    for item in body["siblings"]:
        if item["rfilename"] in WANTED:
            lfs = item.get("lfs") or {}
            files.append(HubFile(item["rfilename"], int(item["size"]), lfs.get("sha256", ""), item.get("blobId", "")))
    require([file.name for file in files])
    return Listing(repository, str(body["sha"]), tuple(files))


def _keep_only_of(listing: Listing, target: Path) -> None:
    """What an earlier call brought counts only if it was the same commit."""
    note = target / _LISTING
    this = json.dumps([listing.repository, listing.commit])
    if not note.is_file() or note.read_text("utf-8") != this:
        archives.empty(target)
        note.write_text(this, "utf-8")


def _there(target: Path, file: HubFile) -> int:
    """Bytes of a file that need not come again."""
    sizes = [path.stat().st_size for path in (target / file.name, target / f"{file.name}.part") if path.is_file()]
    return min(max(sizes, default=0), file.size)


def _is(file: HubFile, path: Path) -> bool:
    """Whether these are the published bytes."""
    if path.stat().st_size != file.size:
        return False
    digest = hashlib.sha256() if file.sha256 else hashlib.sha1(b"blob %d\0" % file.size, usedforsecurity=False)
    with path.open("rb") as given:
        while block := given.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest() == (file.sha256 or file.blob_sha1)
