"""Papers from the kiosk's program to the leader: pieces, damage, whose they are, what the record and the case say of them."""

import hashlib
import io
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from PIL import Image
from sqlalchemy import update

from server import clock
from server.domain.states import FormField, ReceptionState
from server.protocol.copies import PIECE_HASH_HEADER
from server.protocol.papers import LARGEST_SET
from server.protocol.sealed import Sealer
from server.reception.record import canonical, drafts
from server.store import copies, papersfiles
from server.store.models import Reception, StoredPapers
from tests.api.test_copies import Kiosk, code_of, set_state, talk
from tests.office import TestOffice, running, settings_for


def jpeg(shade: int, size: tuple[int, int] = (124, 175)) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, (shade, shade, shade)).save(made, "JPEG")
    return made.getvalue()


PAGES = (jpeg(250), jpeg(200, (175, 124)))


class Sender:
    """A kiosk's program with one set."""

    def __init__(self, kiosk: Kiosk, reception_id: str, pages: tuple[bytes, ...] = PAGES) -> None:
        self.kiosk, self.reception_id, self.pages = kiosk, reception_id, pages
        self.name = f"m{secrets.token_hex(6)}"
        self.whole = self.sealed(bytes.fromhex(kiosk.enrolled.json()["office"]["key"]))

    def sealed(self, office_key: bytes) -> bytes:
        """What a kiosk of the office with this key sends."""
        sealer = Sealer(self.name, office_key)
        return sealer.key_record + b"".join(sealer.piece(number, page) for number, page in enumerate(self.pages))

    def announce(self, **values: Any) -> Any:
        pages = [{"size": len(page), "sha256": hashlib.sha256(page).hexdigest()} for page in self.pages]
        told = {"id": self.name, "reception_id": self.reception_id, "pages": pages, "sent_at": "2026-06-09T09:50:00+08:00", "position": 61.5}
        return self.kiosk.http.post("/api/agent/papers", json=told | values)

    def piece(self, offset: int, data: bytes, sha256: str = "") -> Any:
        headers = {PIECE_HASH_HEADER: sha256 or hashlib.sha256(data).hexdigest()}
        return self.kiosk.http.patch(f"/api/agent/papers/{self.name}?offset={offset}", content=data, headers=headers)

    def finish(self) -> Any:
        return self.kiosk.http.post(f"/api/agent/papers/{self.name}/finish")

    def all(self) -> Any:
        assert self.announce().status_code == 200
        assert self.piece(0, self.whole).status_code == 200
        return self.finish()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestOffice]:
    with running(settings_for(tmp_path_factory.mktemp("office"))) as started:
        yield started


@pytest.fixture
def office(shared: TestOffice) -> TestOffice:
    with shared.office.store.write() as session:
        session.execute(update(Reception).values(left_kiosk_at=clock.now()))
        copies.drop_agent(session, shared.ids["kiosk"])
    return shared


@pytest.fixture
def sender(office: TestOffice) -> Sender:
    kiosk = Kiosk(office)
    kiosk.report()
    return Sender(kiosk, talk(office))


def test_pages_go_from_the_kiosk_to_the_leader_the_form_and_what_is_signed(sender: Sender, office: TestOffice) -> None:
    assert sender.announce().json() == {"received": 0, "stored": False}
    whole = sender.whole
    assert sender.piece(0, whole[:100]).json()["received"] == 100
    assert code_of(sender.finish()) == (409, "wrong_offset")
    assert office.leader.get(f"/api/receptions/{sender.reception_id}/papers").json() == {"papers": []}, "not before all of it is here"
    assert sender.announce().json()["received"] == 100, "told again after a break, it goes on where it was"
    assert sender.piece(100, whole[100:]).status_code == 200
    assert sender.finish().json() == {"received": len(whole), "stored": True}
    assert sender.finish().json()["stored"], "an answer that was lost is given again"
    assert sender.piece(0, b"late").json()["stored"]

    (shown,) = office.leader.get(f"/api/receptions/{sender.reception_id}/papers").json()["papers"]
    assert (shown["words"], shown["position"], len(shown["pages"])) == ("09:50 谈话时给领导看了 2 张材料。", 61.5, 2)
    for client in (office.leader, office.clerk):
        assert [client.get(url).content for url in shown["pages"]] == list(sender.pages)
    pdf = office.clerk.get(shown["pdf"])
    assert pdf.content.startswith(b"%PDF")
    assert hashlib.sha256(pdf.content).hexdigest() == shown["sha256"]
    assert all(page in pdf.content for page in sender.pages), "the pictures are in it as they came"
    assert office.clerk.get(shown["pages"][0].replace("pages/1", "pages/3")).status_code == 404

    with office.office.store.write() as session:
        reception = session.get_one(Reception, sender.reception_id)
        reception.state, reception.ended_at = ReceptionState.CLOSED, clock.now()
        record = drafts.create_draft(session, reception)
        (materials,) = [one for one in canonical.canonical_record(session, record)["form"] if one["field"] == FormField.MATERIALS]
        assert (materials["value"], materials["source"]) == ("在接谈终端拍下材料 2 张", "kiosk")
        (signed,) = canonical.canonical_record(session, record)["papers"]
        assert signed["pages"] == [hashlib.sha256(page).hexdigest() for page in sender.pages]
        record_id = record.id
    desk = office.clerk.get(f"/api/records/{record_id}/desk").json()
    assert [one["words"] for one in desk["papers"]] == ["09:50 谈话时给领导看了 2 张材料。"]


def test_what_is_not_right_is_refused_and_loses_nothing(sender: Sender, office: TestOffice) -> None:
    many = [{"size": 2_000_000, "sha256": "0" * 64}] * (LARGEST_SET // 2_000_000 + 1)
    assert code_of(sender.announce(pages=many)) == (413, "too_large")
    assert code_of(sender.announce(reception_id="nowhere")) == (404, "reception_unknown")
    assert code_of(sender.piece(0, b"x")) == (404, "papers_unknown")
    sender.announce()
    assert code_of(sender.announce(pages=[{"size": 1, "sha256": "0" * 64}])) == (422, "papers_known")
    assert code_of(sender.piece(0, b"x", "0" * 64)) == (422, "piece_damaged")
    assert code_of(sender.piece(5, b"x")) == (409, "wrong_offset")
    assert code_of(sender.piece(0, b"x" * (len(sender.whole) + 1))) == (413, "too_large")
    sender.piece(0, b"x" * len(sender.whole))
    assert code_of(sender.finish()) == (422, "copy_damaged")
    assert sender.announce().json()["received"] == 0, "it begins again"
    sender.piece(0, sender.whole)
    assert sender.finish().json()["stored"]

    another = Sender(sender.kiosk, sender.reception_id)
    another.announce()
    another.piece(0, another.sealed(X25519PrivateKey.generate().public_key().public_bytes_raw()))
    assert code_of(another.finish()) == (422, "sealed_for_another")

    no_picture = Sender(sender.kiosk, sender.reception_id, (b"no picture",))
    no_picture.announce()
    no_picture.piece(0, no_picture.whole)
    assert code_of(no_picture.finish()) == (422, "no_page")

    given_up = Sender(sender.kiosk, sender.reception_id)
    set_state(office, sender.reception_id, ReceptionState.ABANDONED)
    assert code_of(given_up.announce()) == (409, "papers_unwanted")


def test_they_are_nobody_elses(sender: Sender, office: TestOffice) -> None:
    sender.all()
    with office.office.store.read() as session:
        papers = session.get_one(StoredPapers, sender.name)
    page = f"/api/papers/{sender.name}/pages/1"
    assert office.kiosk.get(page).status_code == 403
    assert office.anonymous.get(page).status_code == 401
    assert office.stranger.get(page).status_code == 404, "who does not see the sitting does not see its papers"
    path = papersfiles.page_path(office.settings.papers_dir, papers, 1)
    path.write_bytes(path.read_bytes() + b"x")
    assert code_of(office.leader.get(page)) == (503, "papers_damaged")
