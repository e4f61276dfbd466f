"""What happened to kiosks' programs, for the administrator: taken in with their reports, told in words."""

from sqlalchemy.orm import Session

from server.protocol.copies import AgentReport
from server.protocol.fleet import KioskEvents, ShownEvent
from server.store import kiosk_events as store
from server.store.models import Kiosk

SHOWN = 100
WORDS = {
    "program_started": "程序启动",
    "screens_changed": "换上新界面",
    "screens_shown": "新界面正常显示",
    "screens_taken_back": "新界面没有显示出来，退回上一版",
    "screens_dead": "界面没有显示出来，也没有上一版可退",
    "screens_unsound": "本机的界面文件被改动或者损坏，没有使用",
    "screens_refused": "收到的界面和签名对不上，没有使用",
    "browser_ended": "浏览器自己退出，已重新打开",
    "browser_stuck": "页面没有回应，已重新打开浏览器",
    "page_fault": "页面程序出错",
    "office_silent": "连不上办公室",
    "office_back": "又连上了办公室",
    "key_revoked": "登记被停用",
    "outbox_full": "硬盘满，备份停止",
}
WHAT = {"program_started": "启动用了 {} 秒", "browser_ended": "退出码 {}", "page_fault": "位置 {}"}
"""How the detail of an event is told, where it is not a plain code."""


def take(session: Session, kiosk_id: int, told: AgentReport) -> int:
    """Keep the events of a report; gives the number up to which they are here."""
    if not told.events:
        return 0
    store.add(session, kiosk_id, told.log, told.events)
    return max(event.number for event in told.events)


def of_kiosk(session: Session, kiosk: Kiosk) -> KioskEvents:
    """The newest ones."""
    found = store.newest(session, kiosk.id, SHOWN)
    return KioskEvents(
        events=tuple(
            ShownEvent(at=event.at, words=WORDS.get(event.code, event.code), what=_what(event.code, event.what), count=event.count)
            for event in found
        )
    )


def _what(code: str, what: str) -> str:
    return WHAT.get(code, "{}").format(what) if what else ""
