"""Papers on the office's disk: what comes from the kiosk as one file, then its pages and all of them as one PDF.

The pages are what the kiosk's program photographed, byte for byte; the PDF is made of them once.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from server.durable import make_folder, replace_file
from server.errors import Unavailable
from server.protocol import sealed
from server.store import copyfiles
from server.store.models import StoredPapers


class PapersDamaged(Unavailable):
    """A file is gone or not what it was."""

    code = "papers_damaged"
    message = "这份材料的文件不见了或者被改过，请找管理员。"


def incoming(folder: Path, papers: StoredPapers) -> Path:
    """Where what comes is put together: its pages, sealed, a piece each."""
    return folder / papers.reception_id / f"{papers.id}.pages"


def page_path(folder: Path, papers: StoredPapers, number: int) -> Path:
    """Where page `number` (from 1) lies."""
    return folder / papers.reception_id / f"{papers.id}-{number}.jpg"


def pdf_path(folder: Path, papers: StoredPapers) -> Path:
    """Where all of them lie as one file."""
    return folder / papers.reception_id / f"{papers.id}.pdf"


def opened(folder: Path, papers: StoredPapers, private: X25519PrivateKey) -> list[bytes]:
    """The pages of what has come.

    Raises copyfiles.WrongOffset while something is missing, CopyDamaged where a page is not what was photographed: it begins
    again; sealed.Unreadable.
    """
    path = incoming(folder, papers)
    there = copyfiles.received(path)
    if there < sealed.size_of(page["size"] for page in papers.pages):
        raise copyfiles.WrongOffset(received=there)
    with copyfiles.part_of(path).open("rb") as file:
        pages = [piece.data or b"" for piece in sealed.unsealed(file, papers.id, private)]
    if [hashlib.sha256(page).hexdigest() for page in pages] != [page["sha256"] for page in papers.pages]:
        copyfiles.remove(path)
        raise copyfiles.CopyDamaged
    return pages


def keep(folder: Path, papers: StoredPapers, pages: Sequence[bytes], pdf: bytes) -> None:
    """Write pages and PDF, synced; may be done again with the same content."""
    make_folder(folder / papers.reception_id)
    for number, page in enumerate(pages, start=1):
        replace_file(page_path(folder, papers, number), page)
    replace_file(pdf_path(folder, papers), pdf)


def whole(path: Path, sha256: str) -> Path:
    """The path of a file that is still what it was; raises PapersDamaged."""
    if not path.is_file() or copyfiles.hash_of(path) != sha256:
        raise PapersDamaged
    return path
