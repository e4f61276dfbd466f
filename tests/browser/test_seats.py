"""Two real Chromium pages in one room of the real media node, recognised by the real transcriber.

Only web/static/js/seat.js is ours on the page; microphones speak sentences of the demo's dialogue.
"""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, get_args

import jwt
import pytest
from playwright.sync_api import Page

from server.media import journal
from server.protocol.base import Role
from server.protocol.media_control import GapFound
from server.protocol.recording import JOURNAL_NAME
from server.protocol.signalling import EndReason, SeatClaims
from tests.browser.conftest import OpenChromium
from tests.browser.media_files import ROOT, camera_mjpeg, microphone_wav
from tests.browser.programs import Programs, wait_until

pytestmark = pytest.mark.browser

HERE = Path(__file__).parent
WORDS_S = 60.0
PETITIONER, LEADER = "p-petitioner", "p-leader"


class Handler(SimpleHTTPRequestHandler):
    """Our page, and the product's static files."""

    def translate_path(self, path: str) -> str:
        if path == "/":
            return str(HERE / "seat_page.html")
        return str(ROOT / "web" / path.partition("?")[0].lstrip("/"))

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def page_server() -> Iterator[str]:
    """Serves the page on a free port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()


class Tickets:
    """The office's part: tickets for two seats of one reception."""

    def __init__(self, programs: Programs, reception_id: str) -> None:
        self._programs = programs
        self._reception_id = reception_id
        self.given = 0

    def give(self, participant_id: str, role: Role, lifetime_s: float = 60) -> dict[str, Any]:
        """A JoinTicket."""
        self.given += 1
        now = time.time()
        claims = SeatClaims(
            reception_id=self._reception_id,
            participant_id=participant_id,
            role=role,
            name="某人",
            may_end=True,
            jti=f"{self._reception_id}-{participant_id}-{self.given}",
            iat=now,
            exp=now + lifetime_s,
        )
        settings = self._programs.settings
        token = jwt.encode(claims.model_dump(mode="json"), settings.key("seat"), "HS256")
        return {"token": token, "signalling_url": settings.client_signalling_url(), "participant_id": participant_id}


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    """A media node and a transcriber."""
    running = Programs(tmp_path_factory.mktemp("seats"))
    running.settings.key("seat")
    try:
        for name, port in (
            ("transcriber", running.settings.transcriber_port),
            ("media", running.settings.media_port),
        ):
            running.start(name)
            running.wait_ready(name, port)
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def pages(open_chromium: OpenChromium, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Page]]:
    """A page for each, on a browser with their own voice and face."""
    folder = tmp_path_factory.mktemp("devices")
    cuts = {"leader": (0.8, 12.5), "petitioner": (22.3, 5.0)}
    opened = {}
    with page_server() as url:
        for role, (start, seconds) in cuts.items():
            microphone = microphone_wav(folder / f"{role}.wav", role, start=start, seconds=seconds)
            browser = open_chromium(microphone=microphone, camera=camera_mjpeg(folder / f"{role}.mjpeg", role))
            opened[role] = browser.new_page()
            opened[role].goto(url)
        yield opened


@pytest.fixture
def room(programs: Programs, pages: dict[str, Page], request: pytest.FixtureRequest) -> Iterator[dict[str, Page]]:
    """Both pages in a fresh room."""
    tickets = Tickets(programs, f"r-{request.node.name.replace('_', '-')}")
    for page in pages.values():
        page.reload()
    _sit(pages["petitioner"], partial(tickets.give, PETITIONER, Role.PETITIONER))
    _sit(pages["leader"], partial(tickets.give, LEADER, Role.LEADER))
    try:
        for page in pages.values():
            wait_until(lambda page=page: told(page, "connection", state="connected"), f"connected\n{programs.output()}")
        yield pages
    finally:
        for page in pages.values():
            page.evaluate("window.seat.close()")


def _sit(page: Page, give: Any) -> None:
    asked = "__ticket" + str(time.monotonic_ns())
    page.expose_function(asked, give)
    page.evaluate(f"void (window.ticket = () => window.{asked}())")  # a function as result would be called
    page.evaluate("window.sit()")


def told(page: Page, name: str, **wanted: object) -> list[dict[str, Any]]:
    """Details of the events of this name whose fields are as wanted."""
    events = page.evaluate("window.told.filter(([name]) => name !== 'stream')")
    details = [detail for one, detail in events if one == name]
    return [d for d in details if all(d.get(key) == value for key, value in wanted.items())]


def heard(page: Page, speaker: str) -> str:
    """Everything that final captions say of this speaker."""
    finals = [d["utterance"] for d in told(page, "caption", final=True)]
    return "".join(u["text"] for u in finals if u["participant_id"] == speaker)


def picture_moves(page: Page) -> bool:
    """New frames are shown, and they differ from those before."""
    shown, before = page.evaluate("[window.frames_shown, window.picture()]")
    time.sleep(0.4)
    later, after = page.evaluate("[window.frames_shown, window.picture()]")
    changed = sum(abs(a - b) > 12 for a, b in zip(before, after, strict=True))
    return later >= shown + 3 and changed > 20


COMES_OFF = """() => {
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  window.plugged = false;
  navigator.mediaDevices.getUserMedia = (wanted) => window.plugged ? open(wanted) : Promise.reject(new DOMException("", "NotFoundError"));
  for (const track of window.seat._media.getTracks()) { track.stop(); track.dispatchEvent(new Event("ended")); }
}"""


def test_microphone_and_camera_pulled_out(room: dict[str, Page], programs: Programs) -> None:
    petitioner, leader = room["petitioner"], room["leader"]
    wait_until(lambda: told(leader, "room", state="running", recording=True), "the room is recorded")
    time.sleep(1)
    came_off = time.monotonic()
    petitioner.evaluate(COMES_OFF)
    wait_until(lambda: len(told(petitioner, "device", lost=True)) == 2, "told of both")
    away = told(petitioner, "device", lost=True)
    assert [one["kind"] for one in away] == ["audio", "video"]
    assert "您的话筒和摄像头都断开了" in away[-1]["missing"], "the second does not hide the first"
    lost = lambda: next(one["lost"] for one in told(leader, "room")[-1]["seats"] if one["participant_id"] == PETITIONER)  # noqa: E731
    wait_until(lambda: sorted(lost()) == ["audio", "video"], "the leader is told")
    time.sleep(2)
    assert told(petitioner, "device", lost=False) == []
    words = len(heard(leader, PETITIONER))
    petitioner.evaluate("window.plugged = true")
    wait_until(lambda: len(told(petitioner, "device", lost=False)) == 2, "taken again")
    (back,) = (one for one in told(petitioner, "device", lost=False) if one["kind"] == "audio")
    assert 2 <= back["seconds"] <= time.monotonic() - came_off + 1
    assert told(petitioner, "device", lost=False)[-1]["missing"] == ""
    wait_until(lambda: not lost(), "the leader is told that it is back")
    wait_until(lambda: picture_moves(leader), "the picture is back")
    wait_until(lambda: len(heard(leader, PETITIONER)) > words, "words are heard again", WORDS_S)
    leader.evaluate("window.seat.hangUp()")
    folder = programs.settings.recordings_dir / "r-test-microphone-and-camera-pulled-out"
    wait_until(lambda: causes(folder) >= {"microphone_lost", "camera_lost"}, "the gaps say why")


def test_a_microphone_that_came_off_before_the_talk_is_taken_when_the_talk_begins(programs: Programs, pages: dict[str, Page]) -> None:
    page = pages["petitioner"]
    page.reload()
    page.evaluate("""() => {
      const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      let times = 0;
      navigator.mediaDevices.getUserMedia = async (wanted) => {
        const media = await open(wanted);
        if (times++ === 0) media.getAudioTracks()[0].stop();
        return media;
      };
    }""")
    _sit(page, partial(Tickets(programs, "r-came-off-before").give, PETITIONER, Role.PETITIONER))
    wait_until(lambda: told(page, "device", kind="audio", lost=False), "taken again")
    sends = "async () => [...(await window.seat.peer.getStats()).values()].some((one) => one.type === 'outbound-rtp' && one.kind === 'audio' && one.packetsSent > 20)"
    wait_until(lambda: page.evaluate(f"window.seat.peer ? ({sends})() : false"), "sound is sent")
    page.evaluate("window.seat.close()")


def causes(folder: Path) -> set[str]:
    """Of the gaps in a recording's journal."""
    entries, _ = journal.read(folder / JOURNAL_NAME)
    return {entry.fact.gap.cause for entry in entries if isinstance(entry.fact, GapFound)}


def test_each_sees_the_other_move_and_reads_what_they_say(room: dict[str, Page]) -> None:
    for page in room.values():
        wait_until(lambda page=page: picture_moves(page), "the other's picture moves")
    wait_until(lambda: told(room["leader"], "room", state="running", recording=True), "the room is recorded")
    assert "录音录像" in _wait_for_words(room["leader"], PETITIONER, "录音录像")
    assert "请坐" in _wait_for_words(room["petitioner"], LEADER, "请坐")


def _wait_for_words(page: Page, speaker: str, words: str) -> str:
    deadline = time.monotonic() + WORDS_S
    while words not in heard(page, speaker) and time.monotonic() < deadline:
        time.sleep(0.2)
    return heard(page, speaker)


def test_each_is_told_which_stream_is_whose(room: dict[str, Page]) -> None:
    for role, other in (("leader", PETITIONER), ("petitioner", LEADER)):
        wait_until(lambda role=role: _streams(room[role]), "a stream")
        assert set(_streams(room[role])) == {other}
    assert room["leader"].evaluate("window.seat.participantId") == LEADER
    assert room["leader"].evaluate("window.seat.room.seats.length") == 2


def _streams(page: Page) -> list[str]:
    return page.evaluate("window.told.filter(([name]) => name === 'stream').map(([, id]) => id)")


def test_the_browser_offers_to_send_lost_sound_again(room: dict[str, Page]) -> None:
    sdp = room["leader"].evaluate("window.seat._line._peer.localDescription.sdp")
    opus = sdp.split("a=rtpmap:")[1].split(" ")[0]
    assert f"a=rtcp-fb:{opus} nack\r\n" in sdp


def test_the_browser_sends_its_picture_in_layers(room: dict[str, Page]) -> None:
    asked = """async () => [...(await window.seat.peer.getStats()).values()].find(
      (one) => one.type === "outbound-rtp" && one.kind === "video" && one.framesSent > 5)?.scalabilityMode"""
    wait_until(lambda: room["leader"].evaluate(asked) == "L1T3", "three temporal layers")


def test_sound_goes_alone_over_a_thin_line_and_the_others_are_told(room: dict[str, Page]) -> None:
    wait_until(lambda: picture_moves(room["petitioner"]), "the leader's picture moves")
    room["leader"].evaluate("""() => {
      const thin = window.seat._soundFirst;
      thin._known = async () => ({ bits: thin._rule.alone ? 1e6 : 20_000, trip: 0, pictures: 0 });
    }""")
    wait_until(lambda: _picture(room["petitioner"], LEADER) == "stopped", "the petitioner is told")
    wait_until(lambda: told(room["leader"], "sound_only", alone=True), "the leader is told")
    room["leader"].evaluate("void delete window.seat._soundFirst._known")
    wait_until(lambda: _picture(room["petitioner"], LEADER) == "full", "the picture is tried again")
    wait_until(lambda: picture_moves(room["petitioner"]), "the leader's picture moves again")


def _picture(page: Page, participant_id: str) -> str:
    seats = page.evaluate("window.seat.room?.seats ?? []")
    return next((seat["picture"] for seat in seats if seat["participant_id"] == participant_id), "")


def test_a_picture_is_given_up_late_and_tried_ever_more_rarely(pages: dict[str, Page]) -> None:
    seen = pages["leader"].evaluate("""async () => {
      const { PictureRule } = await import("/static/js/line.js");
      const changes = (rule, bits, from, to, trip = 0) => {
        const found = [];
        for (let s = from, before = rule.alone; s <= to; s += 1) {
          const alone = rule.look(s * 1000, bits(s), undefined, trip);
          if (alone !== before) found.push(s);
          before = alone;
        }
        return found;
      };
      const measured = () => {
        const rule = new PictureRule();
        const alone = (s) => { rule.wide(s * 1000); return rule.look(s * 1000, 20_000); };
        return [alone(1), [2, 3, 4, 5, 6, 7].map(alone).at(-1), [8, 9].map(alone).at(-1)];
      };
      const late = () => {
        const rule = new PictureRule();
        rule.look(1000, 20_000, undefined, 2);
        rule.wide(10_000);
        return [10_000, 11_000, 12_000].map((now) => rule.look(now, 20_000, undefined, 2));
      };
      const soon = (measured) => {
        const rule = new PictureRule();
        rule.look(1000, 20_000, undefined, 2);
        if (measured) rule.wide(1500);
        return [2500, 3000].map((now) => rule.look(now, 20_000));
      };
      const dip = (s) => (s % 5 ? 20_000 : 2e6);
      return [changes(new PictureRule(), dip, 1, 100), changes(new PictureRule(), () => null, 1, 100),
        changes(new PictureRule(), () => 20_000, 1, 400), changes(new PictureRule(), dip, 1, 4, 2),
        changes(new PictureRule(), () => 2e6, 1, 100, 2), measured(), late(), soon(true), soon(false)];
    }""")
    assert seen == [[], [], [7, 37, 44, 104, 111, 231, 238, 358, 365], [1], [], [False, True, False], [False, False, True], [True, False], [True, True]]


def test_others_pictures_that_come_again_say_that_the_line_is_wide(pages: dict[str, Page]) -> None:
    seen = pages["leader"].evaluate("""async () => {
      const { SoundFirst } = await import("/static/js/line.js");
      const watch = (starved, counts) => {
        const first = new SoundFirst({}, () => {}, () => starved);
        first.close();
        return counts.map((count) => first._comeAgain(count));
      };
      return [watch(true, [7, 9, 9, 9, 14, 20]), watch(false, [7, 7, 9, 9, 12])];
    }""")
    assert seen == [[False, False, False, False, True, False], [False] * 5], "still for want of room, then moving: once"


def test_a_talk_is_over_only_where_the_node_says_so(pages: dict[str, Page]) -> None:
    ends = pages["leader"].evaluate("""async (reasons) => {
      const { ending } = await import("/static/js/room/endings.js");
      return Object.fromEntries(reasons.map((reason) => [reason, ending(reason)]));
    }""", list(get_args(EndReason)))
    assert {reason for reason, ending in ends.items() if ending is None} == {"hung_up", "office"}
    assert {reason for reason, ending in ends.items() if ending and not ending["back"]} == {"kicked"}
    assert all("谈完" not in ending["title"] + ending["why"] for ending in ends.values() if ending)


def test_muting_and_marks_reach_the_other(room: dict[str, Page]) -> None:
    room["leader"].evaluate("window.seat.mute('audio', true)")
    wait_until(lambda: _muted(room["petitioner"], LEADER), "the petitioner sees that the leader is muted")
    wait_until(lambda: told(room["leader"], "room", recording=True), "the room is recorded")
    room["leader"].evaluate("window.seat.mark('这里再听')")
    wait_until(lambda: told(room["petitioner"], "marked", note="这里再听"), "the mark")


def _muted(page: Page, participant_id: str) -> bool:
    seats = page.evaluate("window.seat.room?.seats ?? []")
    return any(seat["participant_id"] == participant_id and seat["audio_muted"] for seat in seats)


def test_sound_and_picture_go_on_while_the_socket_is_made_anew(room: dict[str, Page]) -> None:
    page = room["leader"]
    wait_until(lambda: told(page, "room", state="running"), "the room runs")
    wait_until(lambda: picture_moves(page), "the other's picture moves")
    page.evaluate("void ([window.socket, window.peer] = [window.seat._socket, window.seat.peer])")
    page.evaluate("window.socket._socket.close()")
    wait_until(lambda: page.evaluate("window.seat._joined && window.seat._socket !== window.socket"), "joined again")
    assert page.evaluate("window.seat.peer === window.peer && window.peer.connectionState === 'connected'")
    wait_until(lambda: picture_moves(page), "the other's picture moves on")
    assert len(told(page, "connection", state="reconnecting")) == 0
    page.evaluate("window.seat.mark('还在')")
    wait_until(lambda: told(room["petitioner"], "marked", note="还在"), "the mark over the new socket")


def test_each_line_is_told_in_a_word_and_to_the_office_in_numbers(room: dict[str, Page]) -> None:
    leader = room["leader"]
    wait_until(lambda: _line(leader, PETITIONER).get("word") == "good", "the petitioner's line is good")
    wait_until(lambda: ((_line(leader, PETITIONER)["numbers"] or {}).get("level") or 0) > 0, "their microphone's level")
    wait_until(lambda: (_line(leader, LEADER)["numbers"] or {}).get("frozen_s") == 0, "nothing stands still at the leader")
    wait_until(lambda: ((_line(leader, PETITIONER)["numbers"] or {}).get("up_kbps") or 0) > 20, "what it carries")
    leader.evaluate(_CHIPS, [PETITIONER])
    wait_until(lambda: "信访人 好" in _text(leader, "button"), "the word is on the page")
    numbers = re.compile(r"往返.*\d 毫秒.*丢包.*\d %.*抖动.*码率.*\d kbit/s.*停顿.*音量.*(没有声音|最响 -?\d+ dB)", re.S)
    wait_until(lambda: numbers.search(_text(leader, "dl")), "the numbers behind it")
    assert {seat["numbers"] for seat in told(room["petitioner"], "lines")[-1]["seats"]} == {None}, "words only"
    room["petitioner"].evaluate("window.seat.mute('video', true)")
    wait_until(lambda: (_line(leader, LEADER)["numbers"] or {"frozen_s": 0})["frozen_s"] is None, "a switched-off picture is still")
    room["petitioner"].evaluate("window.seat.mute('video', false)")
    wait_until(lambda: (_line(leader, LEADER)["numbers"] or {}).get("frozen_s") == 0, "it is back")
    room["petitioner"].evaluate("void window.seat._line._senders.get('video').replaceTrack(null)")
    wait_until(lambda: ((_line(leader, LEADER)["numbers"] or {}).get("frozen_s") or 0) > 1, "no frames: it stands still")


_CHIPS = """async ([petitioner]) => {
  const { LineChips } = await import("/static/js/line_word.js");
  const list = document.body.appendChild(document.createElement("ul"));
  const chips = new LineChips(list, (id) => (id === petitioner ? "信访人" : "您"));
  window.seat.addEventListener("lines", ({ detail }) => chips.show(detail.seats));
}"""


def _text(page: Page, tag: str) -> str:
    return str(page.evaluate(f"[...document.querySelectorAll('ul {tag}')].map((one) => one.textContent).join(' ')"))


def test_the_words_do_not_flicker(pages: dict[str, Page]) -> None:
    script = """async (told) => {
      const { SteadyWords, plainWords } = await import("/static/js/line_word.js");
      const steady = new SteadyWords({ worse: 2, better: 3 });
      const words = told.map((word) => steady.take([{ participant_id: "p", word, numbers: null }]).get("p"));
      return [words, words.map((word) => plainWords(word, "good"))];
    }"""
    course = "good poor good poor poor good good poor good fair good fair fair lost lost"
    words, plain = pages["leader"].evaluate(script, course.split())
    assert words == ["good"] * 4 + ["poor"] * 6 + ["good"] * 2 + ["fair"] * 2 + ["lost"]
    assert plain[4:6] == ["线路不好，请说慢一点。"] * 2
    assert plain[-1] == "", "that somebody is gone is told elsewhere"


def _line(page: Page, participant_id: str) -> dict[str, Any]:
    """How somebody's line does, as this page was told last."""
    seats = (told(page, "lines") or [{"seats": []}])[-1]["seats"]
    return next((seat for seat in seats if seat["participant_id"] == participant_id), {"numbers": None})


def test_hanging_up_ends_it_for_both(room: dict[str, Page]) -> None:
    wait_until(lambda: told(room["petitioner"], "room", state="running"), "the room runs")
    room["petitioner"].evaluate("window.seat.hangUp()")
    for page in room.values():
        wait_until(lambda page=page: told(page, "ended"), "the end")
        assert told(page, "connection")[-1]["state"] == "connected", told(page, "connection")


def test_an_expired_ticket_is_replaced_by_a_fresh_one(programs: Programs, pages: dict[str, Page]) -> None:
    tickets = Tickets(programs, "r-expired")
    page = pages["leader"]
    page.reload()
    _sit(page, lambda: tickets.give(LEADER, Role.LEADER, 60.0 if tickets.given else -60.0))
    wait_until(lambda: told(page, "connection", state="connected"), "connected with the second ticket")
    assert tickets.given == 2
    assert not told(page, "trouble"), "nobody need know"
    page.evaluate("window.seat.close()")


def test_both_come_back_by_themselves_when_the_node_was_killed(room: dict[str, Page], programs: Programs) -> None:
    wait_until(lambda: told(room["leader"], "room", state="running"), "the room runs")
    programs.kill("media")
    wait_until(lambda: told(room["leader"], "connection", state="reconnecting"), "the page says so")
    programs.start("media")
    programs.wait_ready("media", programs.settings.media_port)
    for page in room.values():
        wait_until(lambda page=page: len(told(page, "connection", state="connected")) >= 2, "connected again")
        wait_until(lambda page=page: picture_moves(page), "the other's picture moves again")
    sentence = told(room["leader"], "connection", state="reconnecting")[0]["message"]
    assert sentence == "线路断了，正在重新接通，请不要离开。"
