"""Copies on the kiosk's disk: what a power cut, a full disk and a spoilt sector leave of them."""

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kiosk.outbox import Outbox, OutboxFull, OutboxInUse, WrongOrder, make_key
from server.protocol.copies import LARGEST_CHUNK, Open

BEGUN = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)


def asked(copy_id: str = "c1") -> Open:
    return Open(
        secret="s" * 16, copy_id=copy_id, reception_id="r1", participant_id="p1", begun_at=BEGUN, position=2.5
    )


def outbox(folder: Path, *, limit: int = 10**9, reserve: int = 0) -> Outbox:
    return Outbox(folder / "outbox", make_key(folder / "key"), limit=limit, reserve=reserve)


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
    return folder / "outbox" / "c1" / "chunks"


def test_what_was_kept_is_there_after_the_program_was_killed(tmp_path: Path) -> None:
    killed(filled(tmp_path, b"first" * 100, b"second" * 100))
    copy = outbox(tmp_path).copies()[0]
    assert (copy.next, copy.size, copy.about.position) == (2, 1100, 2.5)
    assert copy.read(0, 10_000) == b"first" * 100 + b"second" * 100
    copy.add(2, b"third")
    assert copy.read(1100, 10) == b"third"


def test_only_the_last_second_goes_when_the_power_is_cut_in_the_middle_of_it(tmp_path: Path) -> None:
    killed(filled(tmp_path, b"one", b"two", b"three" * 50))
    whole = chunks_file(tmp_path).stat().st_size
    for cut in range(1, 260, 37):
        os.truncate(chunks_file(tmp_path), whole - cut)
        box = outbox(tmp_path)
        copy = box.copies()[0]
        assert (copy.next, copy.read(0, 100)) == (2, b"onetwo")
        copy.add(2, b"three" * 50)
        killed(box)


def test_nobody_reads_or_exchanges_a_copy_on_the_disk(tmp_path: Path) -> None:
    box = filled(tmp_path, b"what was said " * 20, b"and then said " * 20)
    content = chunks_file(tmp_path).read_bytes()
    assert b"said" not in content
    assert [stat.S_IMODE(file.stat().st_mode) for file in (chunks_file(tmp_path), tmp_path / "key")] == [0o600, 0o600]
    half = len(content) // 2
    chunks_file(tmp_path).write_bytes(content[half:] + content[:half])
    copy = box.copies()[0]
    assert copy.read(0, 1000) == bytes(560), "chunks out of their places are not taken for what they were"


def test_a_spoilt_sector_costs_its_own_second_and_no_more(tmp_path: Path) -> None:
    killed(filled(tmp_path, b"a" * 50, b"b" * 50, b"c" * 50))
    content = bytearray(chunks_file(tmp_path).read_bytes())
    content[100] ^= 1
    chunks_file(tmp_path).write_bytes(content)
    assert outbox(tmp_path).copies()[0].read(0, 150) == b"a" * 50 + bytes(50) + b"c" * 50


def test_reading_from_anywhere_gives_the_same_bytes(tmp_path: Path) -> None:
    pieces = [bytes([n]) * (n + 1) for n in range(40)]
    copy = filled(tmp_path, *pieces).copies()[0]
    whole = b"".join(pieces)
    for offset in (0, 1, 2, 3, 77, 300, len(whole) - 1, len(whole)):
        assert copy.read(offset, 33) == whole[offset : offset + 33]


def test_a_chunk_twice_changes_nothing_and_one_out_of_order_is_refused(tmp_path: Path) -> None:
    copy = filled(tmp_path, b"one").copies()[0]
    copy.add(0, b"another")
    with pytest.raises(WrongOrder):
        copy.add(2, b"three")
    with pytest.raises(WrongOrder):
        copy.add(1, bytes(LARGEST_CHUNK + 1))
    assert copy.read(0, 100) == b"one"


def test_when_it_is_full_it_says_so_and_what_is_there_stays(tmp_path: Path) -> None:
    box = outbox(tmp_path, limit=2000)
    copy = box.open(asked())
    copy.add(0, bytes(1500))
    with pytest.raises(OutboxFull):
        copy.add(1, bytes(1000))
    assert box.full
    assert copy.size == 1500
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
    assert outbox(tmp_path).copies()[0].read(0, 100) == b"onetwo again"


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
    assert outbox(tmp_path).copies()[0].read(0, 10) == b"one"
