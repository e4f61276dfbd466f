"""Copies on the kiosk's disk: what a power cut, a full disk and a spoilt sector leave of them."""

import hashlib
import io
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from kiosk.outbox import LAST_ROOM, KeptCopy, NoOfficeKey, Outbox, OutboxFull, OutboxInUse, WrongOrder
from server.protocol import sealed
from server.protocol.copies import LARGEST_CHUNK, Open

BEGUN = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
OFFICE = X25519PrivateKey.generate()


def asked(copy_id: str = "c1") -> Open:
    return Open(
        secret="s" * 16, copy_id=copy_id, reception_id="r1", participant_id="p1", begun_at=BEGUN, position=2.5
    )


def outbox(folder: Path, *, limit: int = 10**9, reserve: int = 0) -> Outbox:
    return Outbox(folder / "outbox", OFFICE.public_key().public_bytes_raw(), limit=limit, reserve=reserve)


def opened(copy: KeptCopy) -> list[bytes | None]:
    """Its pieces as the office reads them; None: spoilt."""
    with (copy.folder / "sealed").open("rb") as file:
        return [piece.data for piece in sealed.unsealed(file, copy.id, OFFICE)]


def filled(folder: Path, *chunks: bytes) -> Outbox:
    box = outbox(folder)
    copy = box.open(asked())
    for number, chunk in enumerate(chunks):
        copy.add(number, chunk)
    return box


def killed(box: Outbox) -> None:
    """The program is gone: its lock too, and nothing was closed in order."""
    box._lock.close()


def chunks_file(folder: Path) -> Path:
    return folder / "outbox" / "c1" / "sealed"


def test_what_was_kept_is_there_after_the_program_was_killed(tmp_path: Path) -> None:
    killed(filled(tmp_path, b"first" * 100, b"second" * 100))
    copy = outbox(tmp_path).copies()[0]
    assert (copy.next, copy.about.position) == (2, 2.5)
    copy.add(2, b"third")
    assert opened(copy) == [b"first" * 100, b"second" * 100, b"third"], "each run has its own key, and the office has all"


def test_only_the_last_second_goes_when_the_power_is_cut_in_the_middle_of_it(tmp_path: Path) -> None:
    killed(filled(tmp_path, b"one", b"two", b"three" * 50))
    whole = chunks_file(tmp_path).stat().st_size
    for cut in range(1, 260, 37):
        os.truncate(chunks_file(tmp_path), whole - cut)
        box = outbox(tmp_path)
        copy = box.copies()[0]
        assert (copy.next, opened(copy)) == (2, [b"one", b"two"])
        copy.add(2, b"three" * 50)
        whole = chunks_file(tmp_path).stat().st_size
        killed(box)


def test_nobody_but_the_office_reads_a_copy_and_none_can_be_exchanged(tmp_path: Path) -> None:
    box = filled(tmp_path, b"what was said " * 20, b"and then said " * 20)
    content = chunks_file(tmp_path).read_bytes()
    everything = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"said" not in everything
    assert stat.S_IMODE(chunks_file(tmp_path).stat().st_mode) == 0o600
    with pytest.raises(sealed.Unreadable):
        list(sealed.unsealed(io.BytesIO(content), "c1", X25519PrivateKey.generate()))
    with pytest.raises(sealed.Unreadable):
        list(sealed.unsealed(io.BytesIO(content), "c2", OFFICE))
    key, first, second = (sealed.HEAD.pack(kind, len(one)) + one for kind, one in sealed.records(io.BytesIO(content)))
    chunks_file(tmp_path).write_bytes(key + second + first)
    assert opened(box.copies()[0]) == [None, None], "chunks out of their places are not taken for what they were"


def test_a_spoilt_sector_costs_its_own_second_and_no_more(tmp_path: Path) -> None:
    killed(filled(tmp_path, b"a" * 50, b"b" * 50, b"c" * 50))
    content = bytearray(chunks_file(tmp_path).read_bytes())
    content[-100] ^= 1
    chunks_file(tmp_path).write_bytes(content)
    assert opened(outbox(tmp_path).copies()[0]) == [b"a" * 50, None, b"c" * 50]


def test_it_is_sent_as_it_lies_there(tmp_path: Path) -> None:
    copy = filled(tmp_path, *[bytes([n]) * (n + 1) for n in range(40)]).copies()[0]
    whole = chunks_file(tmp_path).read_bytes()
    assert (copy.size, copy.sha256()) == (len(whole), hashlib.sha256(whole).hexdigest())
    for offset in (0, 1, 77, len(whole) - 1, len(whole)):
        assert copy.read(offset, 33) == whole[offset : offset + 33]


def test_before_the_office_said_whom_to_seal_for_nothing_is_kept(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "outbox", None, limit=10**9, reserve=0)
    with pytest.raises(NoOfficeKey):
        box.open(asked())
    assert list((tmp_path / "outbox").iterdir()) == []


def test_a_chunk_twice_changes_nothing_and_one_out_of_order_is_refused(tmp_path: Path) -> None:
    copy = filled(tmp_path, b"one").copies()[0]
    copy.add(0, b"another")
    with pytest.raises(WrongOrder):
        copy.add(2, b"three")
    with pytest.raises(WrongOrder):
        copy.add(1, bytes(LARGEST_CHUNK + 1))
    assert opened(copy) == [b"one"]


def test_when_it_is_full_it_says_so_and_what_is_there_stays(tmp_path: Path) -> None:
    box = outbox(tmp_path, limit=2000)
    copy = box.open(asked())
    copy.add(0, bytes(1500))
    with pytest.raises(OutboxFull):
        copy.add(1, bytes(1000))
    assert box.full
    assert opened(copy) == [bytes(1500)]
    copy.add(1, b"what is missing", last=True)
    with pytest.raises(OutboxFull):
        copy.add(2, bytes(LAST_ROOM + 1000), last=True)
    assert copy.next == 2
    full = outbox(tmp_path / "other", reserve=1 << 60)
    with pytest.raises(OutboxFull):
        full.open(asked())


def test_a_disk_that_fails_in_the_middle_of_a_chunk_leaves_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = filled(tmp_path, b"one")
    copy = box.copies()[0]

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail)
        with pytest.raises(OutboxFull):
            copy.add(1, b"two")
    copy.add(1, b"two again")
    killed(box)
    assert opened(outbox(tmp_path).copies()[0]) == [b"one", b"two again"]


def test_what_is_deleted_is_gone_and_strange_folders_are_left_alone(tmp_path: Path) -> None:
    box = filled(tmp_path, b"one")
    (tmp_path / "outbox" / "strange").mkdir()
    box.delete("c1")
    assert [folder.name for folder in (tmp_path / "outbox").iterdir()] == ["strange"]
    killed(box)
    assert outbox(tmp_path).copies() == []


def test_two_programs_do_not_work_on_the_same_copies(tmp_path: Path) -> None:
    box = filled(tmp_path, b"one")
    with pytest.raises(OutboxInUse):
        outbox(tmp_path)
    box.close()
    assert opened(outbox(tmp_path).copies()[0]) == [b"one"]
