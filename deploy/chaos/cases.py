"""The table of cases: what is broken in the middle of a talk, and for how long.

A case breaks something and mends it; `faults` says between which moments it was broken.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from deploy.chaos.measure import Fault
from deploy.chaos.stage import PROGRAMS, Stage
from tests.browser.programs import wait_until

Break = Callable[[Stage], Fault]
START = 1.5
"""Seconds that a killed program stays dead before it is started again."""


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    name: str
    about: str
    disturb: Break
    causes: tuple[str, ...] = ()
    """Causes under which the record may tell of gaps; empty: there must be none."""
    away: tuple[str, ...] = ()
    """Whose recording has the gap."""
    copied: bool = False
    """The kiosk keeps its own copy, and the record is looked at when that has filled the gap: words said during the fault
    count, too."""
    parts: int = 1
    """So many copies fill the gap together: a page that is loaded anew begins another."""
    served: bool = False
    """The kiosk's screens come from its own computer, so that they are there without a line."""
    before: Callable[[Stage], None] | None = None
    """Breaks something before the leader takes the call, which `disturb` mends; else all is well until the talk runs."""
    calm_s: float = 8.0
    """Seconds for which the talk runs before it is disturbed."""


def _during(stage: Stage, start: Callable[[], None], seconds: float, end: Callable[[], None]) -> Fault:
    begun = time.time()
    start()
    stage.pass_time(seconds * 0.7)
    stage.look("during")
    stage.pass_time(begun + seconds - time.time())
    end()
    return Fault(begun, time.time())


def _nothing_missing() -> Fault:
    """From now on something is hard, but nothing explains that anything be missing."""
    return Fault(now := time.time(), now)


def calm(stage: Stage) -> Fault:
    """Nothing happens: what the recogniser itself does not understand."""
    fault = _nothing_missing()
    stage.pass_time(20)
    return fault


def loss(share: float) -> Break:
    """The kiosk's line loses packets for the rest of the talk."""

    def disturb(stage: Stage) -> Fault:
        fault = _nothing_missing()
        stage.lines["petitioner"].lose(share)
        stage.pass_time(25)
        return fault

    return disturb


def thin(kbit: int) -> Break:
    """The kiosk's line becomes thin, and is mended: the talk must go on all the while, the picture come back after."""

    def disturb(stage: Stage) -> Fault:
        stage.lines["petitioner"].thin(kbit)
        stage.pass_time(20)
        stage.look("during")
        stage.pass_time(5)
        stage.lines["petitioner"].heal()
        return _nothing_missing()

    return disturb


def gone(seconds: float, who: str = "petitioner") -> Break:
    """Nothing reaches or leaves somebody's place for a while; nobody is told."""
    return lambda stage: _during(stage, stage.lines[who].cut, seconds, stage.lines[who].heal)


def gone_and_opened_again(stage: Stage) -> Fault:
    """Nothing reaches or leaves the kiosk for a while, and in the middle of it the page is loaded anew."""

    def cut() -> None:
        stage.lines["petitioner"].cut()
        stage.pass_time(5)
        stage.people["petitioner"].page.reload()

    return _during(stage, cut, 20, stage.lines["petitioner"].heal)


def unplugged(seconds: float) -> Break:
    """The kiosk's cable is pulled."""
    return lambda stage: _during(stage, stage.lines["petitioner"].unplug, seconds, stage.lines["petitioner"].heal)


def socket_silent(stage: Stage) -> Fault:
    """The kiosk's signalling gets no answers, media flows."""
    line, port = stage.lines["petitioner"], stage.programs.settings.media_port
    return _during(stage, lambda: line.cut_port(port), 15, line.heal)


def socket_reset(stage: Stage) -> Fault:
    """The kiosk's signalling is cut off and refused, media flows."""
    line, port = stage.lines["petitioner"], stage.programs.settings.media_port
    return _during(stage, lambda: line.reset_port(port), 10, line.heal)


def media_gone(stage: Stage) -> Fault:
    """The kiosk's signalling stands, media does not get through."""
    line = stage.lines["petitioner"]
    return _during(stage, line.cut_media, 10, line.heal)


def kiosk_reloaded(stage: Stage) -> Fault:
    """The kiosk's page is loaded anew."""
    page = stage.people["petitioner"].page
    begun = time.time()
    page.reload()
    return Fault(begun, time.time())


def leader_reloaded(stage: Stage) -> Fault:
    """The leader's page is loaded anew."""
    page = stage.people["leader"].page
    begun = time.time()
    page.reload()
    return Fault(begun, time.time())


def killed(*names: str) -> Break:
    """kill -9, and started again a little later; the fault ends when the program answers again, of several when the media
    program does: nothing else is needed to come back."""

    def disturb(stage: Stage) -> Fault:
        begun = time.time()
        for name in names:
            stage.programs.kill(name)
        stage.pass_time(START)
        for name in names:
            stage.programs.start(name)
        first, *others = sorted(names, key=lambda name: name != "media")
        _until_ready(stage, first)
        fault = Fault(begun, time.time())
        for name in others:
            _until_ready(stage, name)
        return fault

    return disturb


def _until_ready(stage: Stage, name: str) -> None:
    """Pages are served while we wait: their frames are counted there."""
    wait_until(lambda: stage.pass_time(0.02) or stage.answers(name), f"{name} answers\n{stage.programs.output()}", 60)


def away_at_start(stage: Stage) -> Fault:
    """The media node is not there when both want to begin."""
    begun = time.time()
    stage.pass_time(12)
    stage.programs.start("media")
    _until_ready(stage, "media")
    return Fault(begun, time.time())


def cut_at_start(stage: Stage) -> Fault:
    """The kiosk reaches no address of the office when the leader takes the call."""
    return _during(stage, lambda: None, 12, stage.lines["petitioner"].heal)


def disk_full(stage: Stage) -> Fault:
    """The disk of the recordings is full for a while."""
    filler = stage.disk / "filler"

    def fill() -> None:
        with filler.open("wb") as file:
            try:
                while True:
                    file.write(bytes(1 << 20))
                    file.flush()
            except OSError:
                return

    return _during(stage, fill, 12, filler.unlink)


NODE = ("media_restarted", "truncated")
LINE = ("network_lost", "packet_loss")
KIOSK, BOTH = ("petitioner",), ("petitioner", "leader")
CASES = (
    Case("calm", "nothing happens", calm),
    Case("loss_10", "10 % of packets lost both ways at the kiosk", loss(0.1), LINE),
    Case("loss_20", "20 % of packets lost both ways at the kiosk", loss(0.2), LINE),
    Case("thin_1200", "the kiosk's line has 1.2 Mbit/s each way for 25 s", thin(1200), LINE),
    Case("thin_line", "the kiosk's line has 150 kbit/s each way for 25 s", thin(150), LINE),
    Case("thin_80", "the kiosk's line has 80 kbit/s each way for 25 s", thin(80), LINE),
    Case("gone_3", "the kiosk's network is gone for 3 s", gone(3), LINE, KIOSK),
    Case("gone_10", "the kiosk's network is gone for 10 s", gone(10), LINE, KIOSK),
    Case("copy_10", "as gone_10, and the kiosk's own copy fills the gap", gone(10), LINE, KIOSK, copied=True),
    Case("gone_60", "the kiosk's network is gone for 60 s, and its own copy fills the gap", gone(60), LINE, KIOSK, copied=True, served=True),
    Case("leader_gone_10", "the leader's network is gone for 10 s", gone(10, "leader"), LINE, ("leader",)),
    Case("unplugged_10", "the kiosk's cable is out for 10 s", unplugged(10), LINE, KIOSK),
    Case("socket_silent", "the kiosk's WebSocket gets no answer for 15 s, media flows", socket_silent),
    Case("socket_reset", "the kiosk's WebSocket is cut off and refused for 10 s, media flows", socket_reset),
    Case("media_gone", "no media to and from the kiosk for 10 s, the WebSocket stands", media_gone, LINE, KIOSK),
    Case("kiosk_reload", "the kiosk's page is loaded anew", kiosk_reloaded, LINE, KIOSK),
    Case("leader_reload", "the leader's page is loaded anew", leader_reloaded, LINE, ("leader",)),
    Case("web_killed", "the web program is killed and started again", killed("web")),
    Case("media_killed", "the media process is killed and started again", killed("media"), NODE, BOTH),
    Case("transcriber_killed", "the transcriber is killed and started again", killed("transcriber")),
    Case("all_killed", "all programs are killed at once and started again", killed(*PROGRAMS), NODE, BOTH),
    Case("disk_full", "the disk of the recordings is full for 12 s", disk_full, ("disk_full",), BOTH),
    Case("start_away", "the media node is away when both begin", away_at_start, before=lambda stage: stage.programs.kill("media")),
    Case("start_cut", "the kiosk's line is cut before the leader takes the call, for 12 s", cut_at_start,
         before=lambda stage: stage.lines["petitioner"].cut()),
    Case("copy_start", "the kiosk's network goes as soon as the talk runs, for 10 s, and its own copy fills the gap", gone(10), LINE, KIOSK,
         copied=True, calm_s=0.0),
    Case("copy_reload", "the kiosk's network is gone for 20 s, its page is loaded anew after 5, and its own copy fills the gap",
         gone_and_opened_again, LINE, KIOSK, copied=True, parts=2, served=True),
)
