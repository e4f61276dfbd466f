"""How the administrator's kiosks are doing, who is told of what is wrong, and orders to one of them from afar."""

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.orm import Session

from server import clock
from server.domain.organizations import own_and_above
from server.domain.states import NoticeKind, StaffRole
from server.errors import WrongState
from server.protocol.fleet import Alert, Fleet, KioskState, Part
from server.protocol.health import Checked, Health, Measured, OrderKind, order_kind
from server.protocol.kiosks import KioskCopies
from server.protocol.lines import KioskLine
from server.protocol.signalling import LineWord
from server.reception.kiosk import copies, kiosks
from server.reception.kiosk.kiosk_health import health_of
from server.reception.matter import notices
from server.reception.talk import lines
from server.store import accounts as account_store
from server.store import copies as store
from server.store import notices as notice_store
from server.store import receptions
from server.store.access import Actor
from server.store.models import Kiosk, KioskAgent
from server.store.records import note_access

CAMERA_WORDS = {
    "missing": "摄像头打不开",
    "covered": "摄像头被挡住了",
    "dark": "屋里太暗",
    "glare": "光太强",
    "blurred": "画面模糊",
    "frozen": "画面不动",
    "turned": "摄像头被转开了",
}
MICROPHONE_WORDS = {
    "missing": "话筒打不开",
    "dead": "话筒没有声音",
    "clipping": "声音太大，破音",
    "quiet": "声音太小",
    "hum": "话筒里有电流声",
    "noisy": "屋里太吵",
    "loudspeaker": "话筒听不到喇叭的声音",
}
PRINTER_WORDS = {
    "no_paper": "没有纸了", "open": "盖子没有盖好", "jam": "卡纸了", "no_ink": "没有墨了", "offline": "没有接好", "stopped": "停了",
}  # fmt: skip
DEVICE_WORDS = {
    "no_reader": "读卡器没有接好",
    "no_button": "紧急按钮没有接好",
    "no_handset": "听筒没有接好",
    "no_display": "叫号屏没有接好",
} | {f"{which}_{code}": f"{name}{words}" for which, name in (("slip", "小票打印机"), ("paper", "打印机")) for code, words in PRINTER_WORDS.items()}
MEASURED_WORDS = {
    "brightness": "亮度 {0:.0%}", "contrast": "反差 {0:.0%}", "sharpness": "清晰度 {0:.0%}", "speech_db": "最响 {0:.0f} 分贝",
    "room_db": "最静 {0:.0f} 分贝", "hum_db": "电流声 {0:.0f} 分贝",
}  # fmt: skip
SERIOUS = ("missing", "dead")
"""Of a microphone: nobody can be heard."""
DISK_LOW_BYTES = 2_000_000_000
PAGE_SILENT = timedelta(minutes=5)
"""The page asks its program every half minute."""
UNTESTED = timedelta(hours=3)
"""An idle kiosk tests itself every hour."""
UNSENT = timedelta(days=1)
SILENT = timedelta(days=1)
"""A kiosk that is switched off at night is no news; one that has been silent for so long is."""
TOLD_AGAIN = timedelta(hours=12)
"""What comes and goes is told of once in that time."""


def fleet(session: Session, actor: Actor, screens: str = "") -> Fleet:
    """The actor's kiosks in use, those with something wrong first; `screens`: the office's version of them."""
    measured = {line.kiosk_id: line for line in lines.of_kiosks(session, actor)}
    own = receptions.kiosks_in_use(session, actor)
    agents = store.agents_of(session, [kiosk.id for kiosk in own])
    states = [_state(kiosk, agents.get(kiosk.id), measured[kiosk.id], screens) for kiosk in own]
    return Fleet(kiosks=tuple(sorted(states, key=_urgency)))


def _urgency(kiosk: KioskState) -> tuple[bool, bool, int]:
    return not any(alert.serious for alert in kiosk.alerts), not kiosk.alerts, kiosk.kiosk_id


def order(session: Session, actor: Actor, kiosk: Kiosk, what: OrderKind) -> None:
    """Page, program or computer are opened or started again as soon as nobody is there, or the room is looked at anew.

    One order at a time: asked again while one waits, nothing changes.  Raises WrongState where no program takes it.
    """
    agent = store.agent_of(session, kiosk.id)
    health = health_of(agent)
    if agent is None or health is None:
        raise WrongState("这台终端没有装备份程序，不能从这里办。", code="no_agent")
    if what not in health.obeys:
        raise WrongState("这台终端的程序办不了这件事，请到机器跟前办。", code="not_obeyed")
    if not agent.restart:
        agent.restart, agent.restart_asked_at = f"{what}-{secrets.token_hex(8)}", clock.now()
        note_access(session, actor, f"order_{what}", "kiosk", str(kiosk.id), agent.restart_asked_at)


def tell_of_alerts(session: Session) -> int:
    """Administrators of a kiosk's place and of those above are told of what is newly wrong there; how much that was."""
    told = 0
    for kiosk, agent in store.agents_in_use(session):
        words = set(_worth_telling(session, kiosk, agent))
        now = clock.now()
        known = {one: at for one, at in (agent.alerts_told or {}).items() if one in words or now - datetime.fromisoformat(at) < TOLD_AGAIN}
        new = sorted(words - set(known))
        if new:
            places = own_and_above(kiosk.organization.path)
            to = notice_store.officers(session, places, [StaffRole.ADMINISTRATOR])
            notices.announce(session, to, NoticeKind.KIOSK, f"{kiosks.where(kiosk)}：{''.join(new)}", about=kiosk.name)
        if known != agent.alerts_told or new:
            agent.alerts_told = known | dict.fromkeys(new, now.isoformat())
        told += len(new)
    return told


def _worth_telling(session: Session, kiosk: Kiosk, agent: KioskAgent) -> Iterator[str]:
    """Alerts of a kiosk that runs; of one that is silent, that it has been for long."""
    kept = copies.shown(agent)
    if kept.state == "silent":
        if kept.seen_at and clock.now() - kept.seen_at > SILENT:
            yield "有一天多没有消息了，可能关了机，也可能断了网。"
        return
    health = health_of(agent)
    yield from (alert.words for alert in _alerts("online", health, kept, (*_own_parts(health), _disk(health, kept))))


def _own_parts(health: Health | None) -> tuple[Part, Part, Part]:
    camera = _part(health.camera if health else None, CAMERA_WORDS)
    microphone = _part(health.microphone if health else None, MICROPHONE_WORDS)
    return camera, microphone, _part(health.devices if health else None, DEVICE_WORDS)


def revoke(session: Session, actor: Actor, kiosk: Kiosk) -> None:
    """The kiosk's computer may do nothing any more, and shows no screens; it needs a new code."""
    account_store.drop_kiosk_sessions(session, kiosk.id)
    account_store.drop_kiosk_links(session, kiosk.id)
    store.drop_agent(session, kiosk.id)
    note_access(session, actor, "revoke", "kiosk", str(kiosk.id), clock.now())


def _screens_are(health: Health | None, newest: str) -> Literal["unknown", "office", "current", "older", "taken_back"]:
    if health is None:
        return "unknown"
    if not health.screens:
        return "office"
    if health.screens_back and health.screens_back == newest:
        return "taken_back"
    return "current" if health.screens == newest or not newest else "older"


def _state(
    kiosk: Kiosk, agent: KioskAgent | None, measured: KioskLine, screens: str
) -> KioskState:
    health, kept = health_of(agent), copies.shown(agent)
    camera, microphone, devices = _own_parts(health)
    line, disk = _line(measured), _disk(health, kept)
    state = "never" if agent is None or agent.seen_at is None else "late" if kept.state == "silent" else "online"
    screens_are = _screens_are(health, screens)
    alerts = () if state == "never" else tuple(_alerts(state, health, kept, (camera, microphone, line, disk, devices)))
    if screens_are == "taken_back" and state == "online":
        alerts += (Alert(words="新界面在这台机器上没有显示出来，用的还是上一版。", serious=False),)
    asked = bool(agent and agent.restart)
    done = bool(agent and agent.restarted_at)
    return KioskState(
        kiosk_id=kiosk.id,
        kiosk=kiosk.name,
        organization=kiosk.organization.name,
        room=kiosk.room,
        phone=kiosk.phone,
        state=state,
        seen_at=kept.seen_at,
        talking=measured.talking,
        camera=camera,
        microphone=microphone,
        line=line,
        disk=disk,
        devices=devices,
        disk_free=health.disk_free if health else None,
        version=health.version if health else "",
        screens=health.screens if health else "",
        screens_are=screens_are,
        welcome_s=health.welcome_s if health else None,
        started_at=health.started_at if health else None,
        page_seen_at=health.page_seen_at if health else None,
        copies=kept,
        alerts=alerts,
        obeys=health.obeys if health else (),
        order=order_kind(agent.restart) if agent and asked else None,
        restart="asked" if asked else "done" if done else "none",
        restart_at=agent and (agent.restart_asked_at if asked else agent.restarted_at),
    )


def _part(checked: Checked | None, words: dict[str, str]) -> Part:
    if checked is None:
        return Part(state="unknown")
    found = tuple(words.get(code, code) for code in checked.faults)
    return Part(state="fault" if found else "ok", at=checked.at, words=found, measured=tuple(map(_number, checked.measured)))


def _number(measured: Measured) -> str:
    return MEASURED_WORDS[measured.name].format(measured.value)


def _line(measured: KioskLine) -> Part:
    if measured.report is None:
        return Part(state="unknown")
    word = measured.report.word
    bad = word in (LineWord.POOR, LineWord.LOST)
    words = (f"上一次接谈线路{lines.WORDS[word]}",) if bad else ()
    return Part(state="fault" if bad else "ok", at=measured.talked_at, words=words)


def _disk(health: Health | None, kept: KioskCopies) -> Part:
    if kept.state == "full":
        return Part(state="fault", at=kept.seen_at, words=("硬盘满了，不留备份了",))
    if health is None:
        return Part(state="unknown")
    low = health.disk_free < DISK_LOW_BYTES
    return Part(state="fault" if low else "ok", at=kept.seen_at, words=("硬盘快满了",) if low else ())


def _alerts(state: str, health: Health | None, kept: KioskCopies, parts: tuple[Part, ...]) -> Iterator[Alert]:
    """What somebody has to look after, the gravest first."""
    dead = bool(health and health.microphone and set(health.microphone.faults) & set(SERIOUS))
    microphone = parts[1]
    for part in (microphone, *(part for part in parts if part is not microphone)):
        for words in part.words:
            yield Alert(words=f"{words}。", serious=dead and part is microphone)
    now = clock.now()
    if state == "late":
        yield Alert(words="这台机器有一阵没有消息了，可能关了机，也可能断了网。", serious=False)
    elif health is not None:
        yield from _quiet(health, now)
    if kept.oldest and now - kept.oldest > UNSENT:
        yield Alert(words=f"还有 {kept.waiting} 份备份没有传完，最早的等了一天多。", serious=False)


def _quiet(health: Health, now: datetime) -> Iterator[Alert]:
    """Of a kiosk whose program runs."""
    if now - (health.page_seen_at or health.started_at) > PAGE_SILENT:
        yield Alert(words="程序在跑，接谈的页面没有开着，或者卡住了。", serious=False)
        return
    tested = health.microphone.at if health.microphone else health.started_at
    if now - tested > UNTESTED:
        yield Alert(words="好几个小时没有自检了。", serious=False)
