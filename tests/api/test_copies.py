"""Taking kiosks' copies in: pieces twice, out of order, damaged, too large, foreign; a full disk; a killed office."""

import hashlib
import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from fastapi.testclient import TestClient
from sqlalchemy import update

from server import clock
from server.domain.states import CopyState, ReceptionState
from server.protocol.copies import PIECE_BYTES, PIECE_HASH_HEADER
from server.protocol.sealed import Sealer
from server.store import copies as store
from server.store.models import KioskCopy, Reception
from tests.office import OWN_PAGE, TestOffice, running, settings_for

COPY = b"".join(bytes([n]) * 1000 for n in range(90))
SECRET = "s" * 32


class Kiosk:
    """The copy program of a kiosk, and the page beside it."""

    def __init__(self, office: TestOffice, kiosk_id: int | None = None) -> None:
        self.office = office
        self.name = f"c{secrets.token_hex(6)}"
        path = f"/api/admin/kiosks/{kiosk_id or office.ids['kiosk']}/agent"
        code = office.administrator.post(path).json()["code"]
        self.http = TestClient(office.anonymous.app, headers=OWN_PAGE, raise_server_exceptions=False)
        self.enrolled = self.http.post("/api/agent/enrol", json={"code": code})
        self.http.headers["Authorization"] = f"Bearer {self.enrolled.json()['token']}"
        self.content = self.sealed(COPY)

    def sealed(self, content: bytes) -> bytes:
        """The copy as it lies at the kiosk: in pieces of 10,000 bytes."""
        sealer = Sealer(self.name, bytes.fromhex(self.enrolled.json()["office"]["key"]))
        pieces = [content[at : at + 10_000] for at in range(0, len(content), 10_000)]
        return sealer.key_record + b"".join(sealer.piece(number, piece) for number, piece in enumerate(pieces))

    def report(self, *held: str, **values: Any) -> Any:
        told = {"secret": SECRET, "held": [{"id": one, "bytes": 1000} for one in held]} | values
        return self.http.post("/api/agent/report", json=told)

    def begin(self, reception_id: str) -> Any:
        """The page began a copy, and the program tells of it."""
        return self.report(held=[{"id": self.name, "bytes": 0, "reception_id": reception_id}])

    def where(self) -> Any:
        return self.http.get(f"/api/agent/copies/{self.name}")

    def piece(self, offset: int, data: bytes, sha256: str = "") -> Any:
        headers = {PIECE_HASH_HEADER: sha256 or hashlib.sha256(data).hexdigest()}
        return self.http.patch(f"/api/agent/copies/{self.name}?offset={offset}", content=data, headers=headers)

    def finish(self, **values: Any) -> Any:
        told = {"size": len(self.content), "sha256": hashlib.sha256(self.content).hexdigest()}
        told |= {"begun_at": "2026-11-21T09:30:00+08:00", "position": 1.5} | values
        return self.http.post(f"/api/agent/copies/{self.name}/finish", json=told)

    def file(self) -> Path:
        with self.office.office.store.read() as session:
            copy = session.get_one(KioskCopy, self.name)
        return self.office.settings.copies_dir / copy.reception_id / f"{self.name}.webm"


def talk(office: TestOffice, state: ReceptionState = ReceptionState.RUNNING, **values: Any) -> str:
    """A sitting in which somebody talks, or talked."""
    reception_id = str(office.sitting()["reception_id"])
    set_state(office, reception_id, state, **values)
    return reception_id


def set_state(office: TestOffice, reception_id: str, state: ReceptionState, **values: Any) -> None:
    with office.office.store.write() as session:
        reception = session.get_one(Reception, reception_id)
        reception.state, reception.started_at = state, clock.now()
        for name, value in values.items():
            setattr(reception, name, value)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestOffice]:
    with running(settings_for(tmp_path_factory.mktemp("office"))) as started:
        yield started


@pytest.fixture
def office(shared: TestOffice) -> TestOffice:
    """The office with nobody at the kiosk, whose program is not enrolled."""
    with shared.office.store.write() as session:
        session.execute(update(Reception).values(left_kiosk_at=clock.now()))
        store.drop_agent(session, shared.ids["kiosk"])
    return shared


@pytest.fixture
def kiosk(office: TestOffice) -> Kiosk:
    found = Kiosk(office)
    found.report()
    return found


@pytest.fixture
def begun(kiosk: Kiosk) -> Kiosk:
    """A copy was begun in a talk."""
    assert kiosk.begin(talk(kiosk.office)).status_code == 200
    return kiosk


def code_of(answer: Any) -> tuple[int, str]:
    assert answer.json()["error"]["message"]
    return answer.status_code, answer.json()["error"]["code"]


def test_a_copy_that_was_begun_without_a_line_is_told_by_the_program_when_the_talk_is_over(kiosk: Kiosk) -> None:
    reception = talk(kiosk.office)
    set_state(kiosk.office, reception, ReceptionState.CLOSED, ended_at=clock.now() - timedelta(minutes=5))
    assert code_of(kiosk.where()) == (404, "copy_unknown")
    assert kiosk.begin(reception).json()["unwanted"] == []
    assert kiosk.begin(reception).status_code == 200, "told again"
    kiosk.piece(0, kiosk.content)
    assert kiosk.finish().json()["stored"]
    with kiosk.office.office.store.read() as session:
        known = session.get_one(KioskCopy, kiosk.name)
        (petitioner,) = (one.id for one in session.get_one(Reception, reception).participants if one.role == "petitioner")
    assert (known.reception_id, known.participant_id, known.position) == (reception, petitioner, 1.5)


def test_a_copy_whose_page_did_not_know_of_the_talk_yet_is_placed_by_its_clock(begun: Kiosk) -> None:
    with begun.office.office.store.read() as session:
        reception = session.get_one(Reception, session.get_one(KioskCopy, begun.name).reception_id)
    assert reception.started_at is not None
    begun.piece(0, begun.content)
    began = (reception.started_at - timedelta(seconds=2.25)).isoformat()
    assert begun.finish(position=None, begun_at=began).json()["stored"]
    with begun.office.office.store.read() as session:
        assert session.get_one(KioskCopy, begun.name).position == -2.25


def test_a_kiosk_keeps_no_copy_of_a_talk_elsewhere(kiosk: Kiosk) -> None:
    reception = talk(kiosk.office)
    asked = {"name": "隔壁的机器", "organization_id": kiosk.office.ids["town"]}
    stranger = Kiosk(kiosk.office, kiosk.office.administrator.post("/api/admin/kiosks", json=asked).json()["kiosk_id"])
    assert stranger.begin(reception).status_code == 200
    assert code_of(stranger.where()) == (404, "copy_unknown")
    assert stranger.begin("r-nobody").status_code == 200


def test_the_page_is_told_where_the_program_is(office: TestOffice) -> None:
    assert code_of(office.kiosk.get("/api/kiosk/devices")) == (404, "no_agent")
    Kiosk(office).report()
    assert office.kiosk.get("/api/kiosk/devices").json() == {"url": "ws://127.0.0.1:8610/", "secret": SECRET}


def test_pieces_make_the_copy_and_it_is_kept_for_good(begun: Kiosk) -> None:
    assert begun.where().json() == {"received": 0, "stored": False}
    assert begun.piece(0, begun.content[:50_000]).json()["received"] == 50_000
    assert begun.piece(50_000, begun.content[50_000:]).json()["received"] == len(begun.content)
    assert begun.finish().json() == {"received": len(begun.content), "stored": True}
    assert begun.file().read_bytes() == COPY
    assert begun.finish().json()["stored"], "an answer that was lost is given again"
    assert begun.piece(0, b"late").json() == {"received": len(COPY), "stored": True}
    assert begun.file().read_bytes() == COPY


def test_what_is_sealed_for_another_office_stays_at_the_kiosk(begun: Kiosk) -> None:
    stranger = Sealer(begun.name, X25519PrivateKey.generate().public_key().public_bytes_raw())
    begun.content = stranger.key_record + stranger.piece(0, b"said elsewhere")
    begun.piece(0, begun.content)
    assert code_of(begun.finish()) == (422, "sealed_for_another")
    assert (begun.where().json()["stored"], begun.file().exists()) == (False, False)


def test_a_spoilt_sector_costs_its_own_second_and_no_more(begun: Kiosk) -> None:
    spoilt = bytearray(begun.content)
    spoilt[len(spoilt) // 2] ^= 1
    begun.content = bytes(spoilt)
    begun.piece(0, begun.content)
    assert begun.finish().json()["stored"]
    assert begun.file().read_bytes() == COPY[:40_000] + bytes(10_000) + COPY[50_000:]


def test_a_piece_that_came_twice_or_too_early_is_not_taken(begun: Kiosk) -> None:
    begun.piece(0, begun.content[:1000])
    for offset in (0, 500, 2000):
        answer = begun.piece(offset, begun.content[:1000])
        assert code_of(answer) == (409, "wrong_offset")
        assert answer.json()["error"]["details"] == {"received": 1000}


def test_a_piece_damaged_on_its_way_is_not_taken(begun: Kiosk) -> None:
    assert code_of(begun.piece(0, begun.content[:1000], hashlib.sha256(b"other").hexdigest())) == (422, "piece_damaged")
    assert code_of(begun.piece(0, b"")) == (422, "piece_damaged")
    assert begun.where().json()["received"] == 0


def test_pieces_and_copies_that_are_too_large_are_refused(begun: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert code_of(begun.piece(0, bytes(PIECE_BYTES + 1)))[0] == 413
    assert code_of(begun.piece(0, bytes(2_000_000)))[0] == 413
    assert code_of(begun.piece(begun.office.settings.copy_max_mb * 1_000_000, b"x"))[0] == 413


def test_finishing_too_early_or_with_another_hash_loses_nothing(begun: Kiosk) -> None:
    begun.piece(0, begun.content[:1000])
    answer = begun.finish()
    assert (code_of(answer), answer.json()["error"]["details"]) == ((409, "wrong_offset"), {"received": 1000})
    begun.piece(1000, begun.content[1000:])
    assert code_of(begun.finish(sha256="0" * 64)) == (422, "copy_damaged")
    assert begun.where().json()["received"] == 0, "it begins again"
    begun.piece(0, begun.content)
    assert begun.finish().json()["stored"]


def test_a_full_disk_at_the_office_keeps_what_is_there(begun: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    begun.piece(0, begun.content[:1000])

    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        assert code_of(begun.piece(1000, begun.content[1000:])) == (507, "disk_full")
    monkeypatch.setattr(begun.office.settings, "disk_reserve_mb", 10**12)
    assert code_of(begun.piece(1000, begun.content[1000:])) == (507, "disk_full")
    assert begun.where().json()["received"] == 1000


def test_what_a_killed_office_had_written_in_part_is_gone_on_with(begun: Kiosk) -> None:
    begun.piece(0, begun.content[:1000])
    with begun.file().with_suffix(".part").open("ab") as file:
        file.write(begun.content[1000:1300])
    assert begun.where().json()["received"] == 1300
    begun.piece(1300, begun.content[1300:])
    assert begun.finish().json()["stored"]


def test_an_office_killed_between_file_and_store_finishes_the_second_time(begun: Kiosk) -> None:
    begun.piece(0, begun.content)
    begun.file().with_suffix(".part").rename(begun.file().with_suffix(".sealed"))
    assert begun.where().json() == {"received": len(begun.content), "stored": False}
    assert begun.finish().json()["stored"]


def test_copies_of_another_kiosk_and_of_nobody_are_refused(begun: Kiosk) -> None:
    asked = {"name": "别处的机器", "organization_id": begun.office.ids["town"]}
    stranger = Kiosk(begun.office, begun.office.administrator.post("/api/admin/kiosks", json=asked).json()["kiosk_id"])
    stranger.name = begun.name
    for answer in (stranger.where(), stranger.piece(0, begun.content), stranger.finish()):
        assert code_of(answer) == (403, "foreign_copy")
    begun.name = "c2"
    assert code_of(begun.where()) == (404, "copy_unknown")


def test_a_code_works_once_and_a_new_enrolment_takes_the_key_away(kiosk: Kiosk) -> None:
    code = kiosk.office.administrator.post(f"/api/admin/kiosks/{kiosk.office.ids['kiosk']}/agent").json()["code"]
    assert kiosk.report().status_code == 200, "a code alone takes no key away"
    token = kiosk.http.post("/api/agent/enrol", json={"code": code}).json()["token"]
    assert code_of(kiosk.http.post("/api/agent/enrol", json={"code": code})) == (422, "link_used")
    assert code_of(kiosk.report()) == (401, "not_logged_in")
    kiosk.http.headers["Authorization"] = f"Bearer {token}"
    assert kiosk.report().status_code == 200
    link = kiosk.office.administrator.post(f"/api/admin/kiosks/{kiosk.office.ids['kiosk']}/enrolment").json()
    assert code_of(kiosk.report()) == (401, "not_logged_in")
    kiosk.office.kiosk.cookies.clear()
    assert kiosk.office.kiosk.post("/api/kiosk/enrol", json={"code": link["code"]}).status_code == 200


def test_the_key_of_the_program_opens_what_its_page_may_see_and_nothing_else(kiosk: Kiosk) -> None:
    assert kiosk.http.get("/api/kiosk/sitting").status_code == 404, "nobody sits there"
    assert kiosk.http.get("/api/records").status_code == 403
    assert kiosk.http.get("/api/me").status_code == 403


def test_a_copy_of_a_sitting_without_a_talk_is_not_wanted(begun: Kiosk) -> None:
    begun.piece(0, begun.content[:1000])
    part = begun.file().with_suffix(".part")
    reception = part.parent.name
    assert begun.report(begun.name).json()["unwanted"] == []
    set_state(begun.office, reception, ReceptionState.CLOSING, started_at=None)
    assert begun.report(begun.name, "unknown").json()["unwanted"] == [begun.name]
    assert not part.exists()


def test_what_the_program_does_not_hold_is_no_longer_waited_for(begun: Kiosk) -> None:
    ended = clock.now() - timedelta(minutes=5)
    reception = begun.file().parent.name
    begun.report(begun.name)
    assert state(begun) == CopyState.EXPECTED
    begun.report()
    assert state(begun) == CopyState.EXPECTED, "the talk goes on"
    set_state(begun.office, reception, ReceptionState.CLOSED, ended_at=ended)
    begun.report()
    assert state(begun) == CopyState.MISSING
    begun.piece(0, begun.content)
    assert begun.finish().json()["stored"], "it came after all"


def state(kiosk: Kiosk) -> str:
    with kiosk.office.office.store.read() as session:
        found = store.copy(session, kiosk.name)
        assert found is not None
        return found.state


def test_administrators_see_what_waits(begun: Kiosk) -> None:
    def shown() -> dict[str, Any]:
        return dict(begun.office.administrator.get("/api/admin/overview").json()["kiosks"][0]["copies"])

    begun.report(begun.name, oldest="2026-11-21T09:30:00+08:00")
    assert (shown()["state"], shown()["waiting"], shown()["waiting_bytes"]) == ("keeps", 1, 1000)
    begun.report(begun.name, full=True)
    assert shown()["state"] == "full"
    later = clock.now() + timedelta(minutes=5)
    clock.set_source(lambda: later)
    try:
        assert shown()["state"] == "silent"
    finally:
        clock.set_source(None)


def test_the_welcome_page_tells_how_far_the_copies_are(begun: Kiosk) -> None:
    def progress() -> Any:
        return begun.office.kiosk.get("/api/kiosk/copies").json()

    begun.report()
    assert progress() == {"copies": 0, "share": 0}
    begun.report(begun.name, held=[{"id": begun.name, "bytes": 2 * len(begun.content)}])
    before = progress()
    begun.piece(0, begun.content)
    assert progress() == {"copies": 1, "share": pytest.approx(before["share"] + 0.5)}
    clock.set_source(lambda: datetime.now(UTC) + timedelta(minutes=3))
    assert progress() == {"copies": 0, "share": 0}, "the program was not heard of lately"
    clock.set_source(None)


@pytest.mark.parametrize("told", [{"secret": "short"}, {"held": [{"id": "../x", "bytes": 1}]}, {"more": 1}])
def test_a_malformed_report_is_refused_in_chinese(kiosk: Kiosk, told: dict[str, Any]) -> None:
    assert code_of(kiosk.report(**told)) == (422, "invalid_input")
