"""语音自助登记: from the kiosk's sealed file to a reception with recording, record and photographs; once, and whole, or
with what is missing said."""

import base64
import hashlib
import io
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from server.domain import alone as questions
from server.protocol import alone
from server.protocol.copies import PIECE_BYTES, PIECE_HASH_HEADER
from server.protocol.sealed import Sealer
from server.protocol.sittings import SaidCard
from server.reception.kiosk.alone import reception_id_of
from server.reception.record.recordings import verify_folder
from server.signing_key import load
from server.store import alone as store
from server.store.models import AloneSitting, Reception
from server.store.querycodes import new_query_code
from tests.office import OWN_PAGE, TestOffice, running, settings_for
from tests.reception.conftest import Neighbours, until
from tests.reception.copied_talk import make_copy, make_recording
from tests.reception.programs import Node, Transcriber

BEGUN = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
NAME_DRAWN = ((*((0.2 + n * 0.02, 0.2 + n % 2 * 0.1, n * 10, 0.5) for n in range(30)),),)
CARD = SaidCard(number="511025195803124412", sex="female", ethnic_group="汉", address="石桥镇柳湾村四组")
PICTURE = io.BytesIO()
Image.new("L", (620, 877), 240).save(PICTURE, "JPEG")
JPEG = PICTURE.getvalue()


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """What a page's recorder gives: with pictures, and sound alone."""
    folder = tmp_path_factory.mktemp("sounds")
    make_copy(folder / "filmed.webm")
    make_recording(folder / "sound.webm", 0.0, 4.0)
    return [(folder / name).read_bytes() for name in ("filmed.webm", "sound.webm")]


@pytest.fixture(scope="module")
def neighbours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbours]:
    """One office for all: starting it takes longer than each of these tests."""
    folder = tmp_path_factory.mktemp("office")
    node, transcriber = Node(settings_for(folder).key("control")).start(), Transcriber()
    yield Neighbours(node, transcriber, settings_for(folder, media_url=f"ws://127.0.0.1:{node.port}", transcriber_url=transcriber.url))
    node.stop()
    transcriber.stop()


@pytest.fixture(scope="module")
def office(neighbours: Neighbours) -> Iterator[TestOffice]:
    with running(neighbours.settings) as started:
        until(lambda: started.office.media.connected, "the control connection")
        load(started.settings)
        neighbours.transcriber.says((0.5, 3.0, "去年秋收以后村里占了我家的晒谷场。"))
        yield started


class Kiosk:
    """The program of the kiosk, and one sitting there."""

    def __init__(self, office: TestOffice) -> None:
        self.office, self.id = office, f"a{secrets.token_hex(6)}"
        sitting_id, self.code = self.id, new_query_code()
        self.reception = reception_id_of(office.ids["kiosk"], sitting_id)
        code = office.administrator.post(f"/api/admin/kiosks/{office.ids['kiosk']}/agent").json()["code"]
        self.http = TestClient(office.anonymous.app, headers=OWN_PAGE, raise_server_exceptions=False)
        self.http.portal = office.anonymous.portal
        key = self.http.post("/api/agent/enrol", json={"code": code}).json()
        self.http.headers["Authorization"] = f"Bearer {key['token']}"
        self.sealer = Sealer(sitting_id, bytes.fromhex(key["office"]["key"]))
        self.file = self.sealer.key_record
        self.pieces = 0

    def add(self, message: Any, data: bytes = b"") -> None:
        self.file += self.sealer.piece(self.pieces, alone.pack(message, data))
        self.pieces += 1

    def begin(self, **values: Any) -> "Kiosk":
        told = {"begun_at": BEGUN, "number": "K1-01", "query_code": self.code, "consent": "audio_video", "notice": "2026-11",
                "agreed_at": BEGUN, "questions": questions.QUESTIONS.version}  # fmt: skip
        self.add(alone.Begun(**(told | values)))
        return self

    def ask(self, question: str, at: float) -> None:
        self.add(alone.Asked(question=question, at=at, words=questions.question(question).say))

    def speak(self, question: str, take: int, at: float, sound: bytes, *, stopped: float | None) -> None:
        for start in range(0, len(sound), 3_000):
            self.add(alone.Sound(question=question, take=take, at=at, mime="video/webm"), sound[start : start + 3_000])
        if stopped is not None:
            self.add(alone.Stopped(take=take, at=stopped))

    def end(self, at: float, how: str = "signed") -> "Kiosk":
        if how == "signed":
            self.add(alone.Signed(at=at, name="王桂兰", summary="我说的都写在这里了。", strokes=NAME_DRAWN, aspect=0.3))
        self.add(alone.Ended(at=at, how=how))
        return self

    @property
    def path(self) -> str:
        return f"/api/agent/sittings/{self.id}"

    def send(self, offset: int = 0) -> Any:
        for at in range(offset, len(self.file), PIECE_BYTES):
            piece = self.file[at : at + PIECE_BYTES]
            headers = {PIECE_HASH_HEADER: hashlib.sha256(piece).hexdigest()}
            assert self.http.patch(f"{self.path}?offset={at}", content=piece, headers=headers).status_code == 200
        return self.finish()

    def finish(self, **values: Any) -> Any:
        told = {"size": len(self.file), "sha256": hashlib.sha256(self.file).hexdigest(), "begun_at": BEGUN.isoformat(),
                "now": datetime.now(UTC).isoformat(), "number": "K1-01"}  # fmt: skip
        return self.http.post(f"{self.path}/finish", json=told | values)

    def record(self) -> dict[str, Any]:
        def made() -> dict[str, Any]:
            record_id = self.office.clerk.get(f"/api/receptions/{self.reception}").json()["record_id"]
            return dict(self.office.clerk.get(f"/api/records/{record_id}").json()) if record_id else {}

        until(lambda: made().get("recognition") == "done", "the record")
        return made()


def whole(kiosk: Kiosk, sounds: list[bytes]) -> Kiosk:
    """Somebody answers, types, shows a paper and signs."""
    kiosk.begin()
    kiosk.add(alone.Person(name="王桂兰", card=CARD))
    kiosk.add(alone.Person(name="王桂兰", phone="13800001234", card=CARD))
    kiosk.ask("who", 1.0)
    kiosk.add(alone.Typed(question="who", at=5.0, words="我叫王桂兰，家住河口镇柳树村。"))
    kiosk.ask("what", 8.0)
    kiosk.speak("what", 0, 20.0, sounds[0], stopped=51.6)
    kiosk.ask("where", 60.0)
    kiosk.add(alone.Typed(question="where", at=66.0, words="柳树村东头的晒谷场。"))
    kiosk.ask("asked", 80.0)
    kiosk.speak("asked", 1, 90.0, sounds[1], stopped=94.0)
    kiosk.add(alone.Photo(question="papers", at=100.0), JPEG)
    kiosk.add(alone.Photo(question="papers", at=104.0), b"no picture")
    return kiosk.end(120.0)


def test_a_sitting_alone_becomes_a_record_on_the_clerks_list(office, sounds):
    kiosk = whole(Kiosk(office), sounds)
    assert kiosk.send().json() == {"received": len(kiosk.file), "stored": True}
    record = kiosk.record()
    form = {one["field"]: one for one in record["form"]}
    assert [line["text"] for line in record["body"]][:4] == [
        "请问您叫什么名字？住在哪里？留一个能找到您的电话。", "我叫王桂兰，家住河口镇柳树村。",
        "您要反映什么事情？事情的经过是怎样的？请慢慢说，说多久都可以。", "去年秋收以后村里占了我家的晒谷场。",
    ]  # fmt: skip
    assert {name: form[name]["value"] for name in ("form_of_visit", "name", "phone", "problem_place")} == {
        "form_of_visit": "alone", "name": "王桂兰", "phone": "13800001234", "problem_place": "柳树村东头的晒谷场。",
    }  # fmt: skip
    assert {name: form[name]["value"] for name in ("id_type", "id_number", "ethnic_group")} == {
        "id_type": "identity_card", "id_number": CARD.number, "ethnic_group": "汉",
    }  # fmt: skip
    assert form["materials"]["value"] == "在接谈终端拍下材料 1 张"
    assert form["problem_place"]["evidence"], "a field rests on the answer"
    assert (record["petitioner"], record["gaps"]) == ("王桂兰", [])
    kinds = sorted((one["kind"], round(one["start"]), one["seconds"] > 30) for one in record["segments"])
    assert kinds == [("audio", 20, True), ("audio", 90, False), ("video", 20, True)]
    folder = office.settings.recordings_dir / kiosk.reception
    assert verify_folder(office.office.store, folder, load(office.settings).public) == []


def test_what_it_brought_beside_its_recording_is_seen_by_who_may_read_the_record(office, sounds):
    kiosk = whole(Kiosk(office), sounds)
    kiosk.send()
    record = kiosk.record()["id"]
    shown = office.clerk.get(f"/api/records/{record}/alone").json()
    assert (shown["number"], shown["signed_name"], shown["missing"]) == ("K1-01", "王桂兰", ["拍的材料有 1 张打不开，没有存下来。"])
    assert base64.b64decode(shown["signature"].partition(",")[2])[:4] == b"\x89PNG"
    (papers,) = office.clerk.get(f"/api/records/{record}").json()["papers"]
    assert (papers["words"].partition(" ")[2], papers["position"]) == ("自助登记时拍了 1 张材料。", 100.0)
    assert office.clerk.get(papers["pages"][0]).content == JPEG
    assert office.clerk.get(papers["pdf"]).content[:5] == b"%PDF-"
    assert office.stranger.get(f"/api/records/{record}/alone").status_code == 404
    assert office.stranger.get(papers["pages"][0]).status_code == 404
    asked = {"code": kiosk.code, "phone_last4": "1234"}
    assert office.anonymous.post("/api/progress", json=asked).json()["number"] == "K1-01"
    left = [file.name for file in (office.settings.copies_dir / "alone").rglob("*") if kiosk.id in str(file) or kiosk.reception in str(file)]
    assert left == [], "nothing of it stays but recording and papers"



def test_however_often_it_comes_it_is_there_once(office, sounds):
    kiosk = whole(Kiosk(office), sounds)
    kiosk.send()
    for answer in (kiosk.finish(), kiosk.http.get(kiosk.path), kiosk.send()):
        assert answer.json() == {"received": len(kiosk.file), "stored": True}
    kiosk.record()
    with office.office.store.read() as session:
        found = [one.reception_id for one in session.query(AloneSitting) if one.id == kiosk.id]
        assert (found, store.of_reception(session, "unknown")) == ([kiosk.reception], None)
        assert len(session.get_one(Reception, kiosk.reception).participants) == 2


def test_an_office_killed_before_it_was_stored_makes_the_same_again(office, sounds, monkeypatch):
    kiosk = whole(Kiosk(office), sounds)
    with monkeypatch.context() as patched:
        patched.setattr("server.reception.record.ingest.take_manifest", lambda *_: 1 / 0)
        assert kiosk.send().status_code == 500
    assert kiosk.http.get(kiosk.path).json() == {"received": len(kiosk.file), "stored": False}
    assert kiosk.finish().json()["stored"]
    assert len(kiosk.record()["segments"]) == 3


def test_a_power_cut_in_the_middle_is_told(office, sounds):
    kiosk = Kiosk(office).begin()
    kiosk.ask("what", 8.0)
    kiosk.speak("what", 0, 20.0, sounds[1][: len(sounds[1]) * 2 // 3], stopped=None)
    kiosk.file = kiosk.file[:-100]
    assert kiosk.send().json()["stored"]
    record = kiosk.record()
    assert "断电或者程序中断" in record["gaps"][-1]["text"]
    assert record["segments"], "what was recorded until then is there"
    shown = office.clerk.get(f"/api/records/{record['id']}/alone").json()
    assert shown["missing"] == ["机器断电或者程序中断，没有办完，说到哪里记到哪里。"]
    assert shown["signature"] == ""


def test_what_was_lost_is_told_with_its_times(office, sounds):
    kiosk = Kiosk(office).begin()
    kiosk.speak("what", 0, 20.0, sounds[1], stopped=24.0)
    kiosk.add(alone.Lost(what="camera", start=20.0, end=22.0))
    kiosk.add(alone.Lost(what="disk", start=25.0))
    kiosk.add(alone.Typed(question="asked", at=40.0, words="请把地还给我。"))
    kiosk.end(45.0, "unsigned").send()
    record = kiosk.record()
    shown = office.clerk.get(f"/api/records/{record['id']}/alone").json()
    assert shown["missing"] == [
        "09:30:20 到 09:30:22，摄像头断开，这一段没有画面。", "09:30:25 到 09:30:45，接谈机的硬盘满了，这一段没有存下来。",
    ]  # fmt: skip
    assert ["硬盘满了" in one["text"] for one in record["gaps"]] == [True]
    assert {one["field"]: one["value"] for one in record["form"]}["requests"] == "请把地还给我。"


def test_a_code_that_is_taken_is_another(office):
    first = Kiosk(office).begin().end(10.0, "left")
    first.send()
    second = Kiosk(office)
    second.code = first.code
    assert second.begin().end(10.0, "left").send().json()["stored"]
    with office.office.store.read() as session:
        codes = [session.get_one(Reception, kiosk.reception).query_code for kiosk in (first, second)]
    assert (codes[0] == first.code, codes[1] == first.code) == (True, False)


def test_the_time_of_a_kiosk_whose_clock_is_wrong_is_the_offices(office):
    kiosk = Kiosk(office).begin()
    kiosk.end(10.0, "left")
    piece = kiosk.file
    headers = {PIECE_HASH_HEADER: hashlib.sha256(piece).hexdigest()}
    kiosk.http.patch(f"{kiosk.path}?offset=0", content=piece, headers=headers)
    assert kiosk.finish(now=(BEGUN + timedelta(hours=1)).isoformat()).json()["stored"]
    with office.office.store.read() as session:
        began = session.get_one(Reception, kiosk.reception).started_at
    assert abs(datetime.now(UTC) - timedelta(hours=1) - began) < timedelta(minutes=1)


@pytest.mark.parametrize("content", [b"{}\n", b"no line feed", b'{"type":"begun"}\nx', b"\xff\n"])
def test_what_is_no_piece_is_missing_and_the_rest_is_there(office, content):
    kiosk = Kiosk(office).begin()
    kiosk.file += kiosk.sealer.piece(kiosk.pieces, content)
    kiosk.pieces += 1
    kiosk.add(alone.Typed(question="what", at=5.0, words="我要反映一件事。"))
    assert kiosk.end(10.0, "unsigned").send().json()["stored"]
    record = kiosk.record()
    assert "1 小段内容读不出来" in office.clerk.get(f"/api/records/{record['id']}/alone").json()["missing"][0]
    assert "我要反映一件事。" in [line["text"] for line in record["body"]]


def test_the_questions_are_what_the_form_needs():
    asked = questions.QUESTIONS.questions
    assert [one.id for one in asked] == ["who", "what", "when", "where", "against", "tried", "asked", "papers"]
    assert {one.field for one in asked} - questions.FORMS == set()
    for wrong in ([{"id": "a", "title": "", "say": "", "field": "nowhere"}], [{"id": "a", "title": "", "say": ""}] * 2):
        with pytest.raises(ValueError):
            questions.read({"version": "1", "questions": wrong})
