"""Sending notices out of the house: by e-mail or through an SMS gateway, each handed over at most once.

A message that was certainly not taken is tried again after growing pauses.  One that may have been taken (the line broke
after it was handed over, or the program was killed just then) is not sent a second time: it is in the page anyway.
"""

import re
import smtplib
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from typing import Protocol

import httpx
import structlog
from prometheus_client import Counter
from sqlalchemy.orm import Session

from server import clock
from server.domain.states import DeliveryState
from server.reception.account.accounts import actor_of_user
from server.reception.matter import code_sms
from server.reception.matter.notices import MAIL, SMS, outside
from server.reception.office import Office
from server.settings import Settings
from server.store import accounts
from server.store import notices as store
from server.store.engine import Store
from server.store.models import NoticeDelivery

log = structlog.get_logger()

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720, 1440))
"""Before each further try; after the last it is given up."""
SUBJECT = "信访事项提醒"

sent_total = Counter("jietan_notices_sent_total", "Notices by e-mail or SMS", ["way", "outcome"])


class NotTaken(Exception):
    """It was certainly not taken, and may be later.  `away`: nobody answered, so others would not be taken either."""

    def __init__(self, why: str, *, away: bool = False) -> None:
        super().__init__(why)
        self.away = away


class Refused(Exception):
    """It will never be taken."""


class Unsure(Exception):
    """It was handed over, and nobody said whether it was taken."""


@dataclass(frozen=True)
class Message:
    """What goes out."""

    id: str
    """The same however often it is tried."""
    to: str
    text: str


class Sender(Protocol):
    """One way out of the house."""

    def send(self, message: Message) -> None:
        """Hand it over; raises NotTaken, Refused or Unsure."""


def senders(settings: Settings) -> dict[str, Sender]:
    """The ways that the office has set up."""
    found: dict[str, Sender] = {}
    if settings.notice_smtp_host:
        found[MAIL] = Mailer(settings)
    if settings.notice_sms_url:
        found[SMS] = SmsGateway(settings)
    return found


class Mailer:
    """E-mail by SMTP (RFC 5321), over TLS unless the server is on this machine."""

    def __init__(self, settings: Settings, context: ssl.SSLContext | None = None) -> None:
        self._settings = settings
        self._context = context or ssl.create_default_context()

    def send(self, message: Message) -> None:
        try:
            server = self._connected()
        except smtplib.SMTPAuthenticationError as error:
            raise NotTaken(f"邮件服务器不让登录（{error.smtp_code}）", away=True) from None
        except (OSError, smtplib.SMTPException) as error:
            raise NotTaken(f"连不上邮件服务器（{type(error).__name__}）", away=True) from None
        try:
            self._hand_over(server, message)
        finally:
            server.close()

    def _connected(self) -> smtplib.SMTP:
        own = self._settings
        host, port, wait = own.notice_smtp_host, own.notice_smtp_port, own.notice_timeout_s
        if own.notice_smtp_tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=wait, context=self._context)
        else:
            server = smtplib.SMTP(host, port, timeout=wait)
        try:
            if own.notice_smtp_tls == "starttls":
                server.starttls(context=self._context)
            server.ehlo_or_helo_if_needed()
            if own.notice_smtp_user:
                server.login(own.notice_smtp_user, own.notice_smtp_password)
        except BaseException:
            server.close()
            raise
        return server

    def _hand_over(self, server: smtplib.SMTP, message: Message) -> None:
        try:
            _judge(server.mail(self._settings.notice_from)[0])
            _judge(server.rcpt(message.to)[0])
            _judge(server.docmd("DATA")[0])
        except (OSError, smtplib.SMTPException) as error:
            raise NotTaken(f"邮件服务器中途断开（{type(error).__name__}）", away=True) from None
        try:
            server.send(re.sub(rb"(?m)^\.", b"..", self._written(message)) + b"\r\n.\r\n")
            code = server.getreply()[0]
        except (OSError, smtplib.SMTPException) as error:
            raise Unsure(f"邮件交出去了，服务器没有回话（{type(error).__name__}）") from None
        _judge(code)

    def _written(self, message: Message) -> bytes:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self._settings.notice_from, message.to, SUBJECT
        mail["Date"] = clock.now()
        mail["Message-ID"] = f"<{message.id}@{self._settings.notice_from.rpartition('@')[2]}>"
        mail.set_content(message.text, cte="base64")
        return mail.as_bytes(policy=mail.policy.clone(linesep="\r\n")).rstrip(b"\r\n")


def _judge(code: int) -> None:
    """An SMTP answer: 2xx and 354 go on, 4xx not now, 5xx never (RFC 5321 section 4.2.1)."""
    if code >= 500:
        raise Refused(f"邮件服务器不收（{code}）")
    if code >= 400 or code < 200:
        raise NotTaken(f"邮件服务器现在不收（{code}）")


class SmsGateway:
    """An SMS gateway that takes {id, to, text} as JSON and answers 2xx when it has taken the message over."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def send(self, message: Message) -> None:
        key = {"Authorization": f"Bearer {self._settings.notice_sms_key}"} if self._settings.notice_sms_key else {}
        body = {"id": message.id, "to": message.to, "text": message.text}
        try:
            with httpx.Client(timeout=self._settings.notice_timeout_s, trust_env=False) as client:
                answer = client.post(self._settings.notice_sms_url, json=body, headers=key)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotTaken(f"连不上短信网关（{type(error).__name__}）", away=True) from None
        except httpx.HTTPError as error:
            raise Unsure(f"短信交出去了，网关没有回话（{type(error).__name__}）") from None
        if answer.status_code == 429 or answer.status_code >= 500:
            raise NotTaken(f"短信网关现在不收（{answer.status_code}）")
        if not answer.is_success:
            raise Refused(f"短信网关不收（{answer.status_code}）")


# --- one after the other -----------------------------------------------------------------------------------------


def take_up(store_: Store) -> None:
    """What was being handed over when the program ended may have been taken: it is not sent again."""
    with store_.write() as session:
        for one in store.interrupted(session):
            _end(one, DeliveryState.UNKNOWN, "程序停的时候正在发，不知道发没发出去")


def send_due(office: Office, ways: Mapping[str, Sender], stopped: Callable[[], bool] = lambda: False) -> int:
    """Send what waits, until nothing does, nobody answers, or the program stops; how many were taken."""
    taken, away = 0, set[str]()
    while not stopped():
        claimed = _claim(office, away)
        if claimed is None:
            break
        delivery_id, way, message = claimed
        state, why = DeliveryState.FAILED, "没有设置这种发送方式，或者本人不要了"
        if message is not None and way in ways:
            state, why, gone = _try(ways[way], message)
            away |= {way} if gone else set()
        with office.store.write() as session:
            one = session.get_one(NoticeDelivery, delivery_id)
            outcome = _settle(one, state, why)
        sent_total.labels(way, outcome).inc()
        log.info("notice", delivery=delivery_id, way=way, outcome=outcome)
        taken += outcome == DeliveryState.SENT
    return taken


def _claim(office: Office, away: set[str]) -> tuple[int, str, Message | None] | None:
    """The one that has waited longest, noted as being sent before it is: killed after this, it is not sent again."""
    with office.store.write() as session:
        one = store.next_due(session, clock.now(), away)
        if one is None:
            return None
        one.state, one.tries, one.next_at = DeliveryState.SENDING, one.tries + 1, None
        to, words = code_sms.message(session, office.settings, one.case_id) if one.case_id else _of_notice(session, one)
        return one.id, one.way, Message(id=f"jietan-notice-{one.id}", to=to, text=words) if to else None


def _of_notice(session: Session, one: NoticeDelivery) -> tuple[str, str]:
    """To whom and what; to nobody where the officer does not want it any more, or may not know of the matter any more."""
    notice, case_no = store.notice_and_case(session, one.notice_id or 0)
    contact = store.contacts(session, [notice.user_id]).get(notice.user_id)
    user = accounts.user_with_organization(session, notice.user_id)
    if contact is None or user is None or not store.still_told(session, actor_of_user(user), notice.id):
        return "", ""
    return contact.mail if one.way == MAIL else contact.phone, outside(notice, case_no)


def _try(sender: Sender, message: Message) -> tuple[DeliveryState, str, bool]:
    """What came of it, why, and whether nobody answered at all."""
    try:
        sender.send(message)
    except NotTaken as error:
        return DeliveryState.WAITING, str(error), error.away
    except Refused as error:
        return DeliveryState.FAILED, str(error), False
    except Unsure as error:
        return DeliveryState.UNKNOWN, str(error), True
    return DeliveryState.SENT, "", False


def _settle(one: NoticeDelivery, state: DeliveryState, why: str) -> str:
    if state is DeliveryState.WAITING and one.tries <= len(PAUSES):
        one.state, one.why, one.next_at = state, why[:100], clock.now() + PAUSES[one.tries - 1]
        return state.value
    _end(one, DeliveryState.FAILED if state is DeliveryState.WAITING else state, why)
    return one.state


def _end(one: NoticeDelivery, state: DeliveryState, why: str) -> None:
    one.state, one.why, one.next_at, one.ended_at = state.value, why[:100], None, clock.now()
