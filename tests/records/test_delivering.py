"""Notices by e-mail and SMS, to real servers on this machine that answer well, slowly, wrongly or not at all."""

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import select

from server import clock
from server.domain.flow import Step
from server.domain.states import DeliveryState, NoticeKind
from server.errors import InvalidInput, NotAllowed, WrongState
from server.protocol.flow import NewMatter, StepOrder, UnitOrder
from server.protocol.notices import Contact
from server.reception.matter import cases, code_sms, delivering, notices, registering
from server.settings import Settings
from server.store.models import AccessEntry, NoticeDelivery, StoredCase, User
from tests.ports import free_port
from tests.records.office import TALK, World
from tests.records.test_flow import HANDLER, LAND, LETTER, Matter


class Mail(StreamRequestHandler):
    """A mail server; `server.says` is what it does with a message: an answer, or "silence" or "hang up"."""

    timeout = 60

    def handle(self) -> None:
        self.say("220 here")
        while line := self.rfile.readline().strip().upper():
            if line.startswith(b"DATA"):
                if not self.take():
                    return
            elif line.startswith(b"RCPT"):
                self.say(self.server.rcpt)
            else:
                self.say("250 ok")

    def take(self) -> bool:
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        self.server.got.append(b"".join(lines))
        if self.server.says == "silence":
            self.server.over.wait(60)
        if self.server.says in ("silence", "hang up"):
            return False
        self.say(self.server.says)
        return True

    def say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")


class Sms(BaseHTTPRequestHandler):
    """An SMS gateway; `server.says` is its status, or "silence" or "hang up"."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.headers["Authorization"], json.loads(body)))
        if self.server.says == "silence":
            self.server.over.wait(60)
        if isinstance(self.server.says, int):
            self.send_response(self.server.says)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(kind, says, *, context: ssl.SSLContext | None = None) -> Iterator[object]:
    base = ThreadingTCPServer if kind is Mail else ThreadingHTTPServer
    server = base(("127.0.0.1", 0), kind)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    server.got, server.says, server.rcpt, server.over = [], says, "250 ok", threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def ways(port: int, way: str, *, silent: bool = False) -> dict[str, delivering.Sender]:
    """`silent`: nobody need wait long for an answer that does not come."""
    own = {"notice_timeout_s": 0.3 if silent else 30}
    if way == "mail":
        own |= {"notice_smtp_host": "127.0.0.1", "notice_smtp_port": port, "notice_smtp_tls": "none", "notice_from": "jietan@example.gov.cn"}
    else:
        own |= {"notice_sms_url": f"http://127.0.0.1:{port}/send", "notice_sms_key": "k"}
    return delivering.senders(Settings(secret="s" * 32, **own))


@pytest.fixture
def world(world: World) -> World:
    """The clerk wants everything; one notice waits each way."""
    matter = Matter(world)
    with world.write() as session:
        notices.set_contact(session, world.office.settings, world.clerk, Contact(mail="lin@example.gov.cn", phone="138 0000-1111"))
        case, user = session.get_one(StoredCase, matter.id), session.get_one(User, 1)
        notices.tell(session, user, NoticeKind.URGED, case, "何守田家的地，快一点。", about="办结")
    return world


def state(world: World, way: str) -> NoticeDelivery:
    with world.read() as session:
        return session.scalars(select(NoticeDelivery).where(NoticeDelivery.way == way)).one()


def only(world: World, way: str) -> None:
    with world.write() as session:
        for one in session.scalars(select(NoticeDelivery).where(NoticeDelivery.way != way)):
            session.delete(one)


@pytest.mark.parametrize(("kind", "way", "says"), [(Mail, "mail", "250 taken"), (Sms, "sms", 202)])
def test_what_goes_out_is_the_cases_number_and_the_step_and_nothing_else(world, kind, way, says):
    only(world, way)
    with serving(kind, says) as server:
        assert delivering.send_due(world.office, ways(server.server_address[1], way)) == 1
        assert delivering.send_due(world.office, ways(server.server_address[1], way)) == 0
        got, = server.got
    assert state(world, way).state == DeliveryState.SENT
    expected = "LX-2026-000001：催办：办结。请登录查看。"
    if way == "sms":
        assert got == ("Bearer k", {"id": "jietan-notice-2", "to": "13800001111", "text": expected})
    else:
        head, _, body = got.partition(b"\r\n\r\n")
        assert base64.b64decode(body).decode().strip() == expected
        assert b"To: lin@example.gov.cn" in head
        assert b"Message-ID: <jietan-notice-1@example.gov.cn>" in head


@pytest.mark.parametrize(("kind", "way", "says", "expected"), [
    (Mail, "mail", "451 busy", DeliveryState.WAITING), (Mail, "mail", "554 no", DeliveryState.FAILED),
    (Mail, "mail", "silence", DeliveryState.UNKNOWN), (Mail, "mail", "hang up", DeliveryState.UNKNOWN),
    (Sms, "sms", 503, DeliveryState.WAITING), (Sms, "sms", 400, DeliveryState.FAILED),
    (Sms, "sms", "silence", DeliveryState.UNKNOWN), (Sms, "sms", "hang up", DeliveryState.UNKNOWN),
])  # fmt: skip
def test_only_what_was_certainly_not_taken_is_tried_again(world, kind, way, says, expected):
    only(world, way)
    with serving(kind, says) as server:
        delivering.send_due(world.office, ways(server.server_address[1], way, silent=says == "silence"))
        assert state(world, way).state == expected
        server.says = "250 taken" if kind is Mail else 200
        delivering.send_due(world.office, ways(server.server_address[1], way))
        clock.set_source(lambda: TALK + timedelta(hours=1, minutes=2))
        delivering.send_due(world.office, ways(server.server_address[1], way))
        assert len(server.got) == (2 if expected is DeliveryState.WAITING else 1)
    after = state(world, way)
    assert after.state == (DeliveryState.SENT if expected is DeliveryState.WAITING else expected)
    assert (after.why == "") == (after.state == DeliveryState.SENT)


@pytest.mark.parametrize("way", ["mail", "sms"])
def test_a_server_that_is_away_is_asked_again_after_growing_pauses_and_then_no_more(world, way):
    only(world, way)
    away, at, waits = ways(free_port(), way), TALK + timedelta(hours=1), []
    clock.set_source(lambda: at)
    for _ in delivering.PAUSES:
        delivering.send_due(world.office, away)
        one = state(world, way)
        assert one.state == DeliveryState.WAITING
        waits.append(one.next_at - at)
        at = one.next_at
    assert waits == sorted(set(waits)) == list(delivering.PAUSES)
    delivering.send_due(world.office, away)
    assert state(world, way).state == DeliveryState.FAILED
    assert "连不上" in state(world, way).why


def test_an_address_that_the_mail_server_does_not_know_is_given_up(world):
    only(world, "mail")
    with serving(Mail, "250 taken") as server:
        server.rcpt = "550 unknown"
        delivering.send_due(world.office, ways(server.server_address[1], "mail"))
        assert server.got == []
    assert state(world, "mail").state == DeliveryState.FAILED


def test_one_that_was_being_sent_when_the_program_was_killed_is_not_sent_again(world):
    only(world, "sms")

    class Killed(BaseException):
        pass

    class Kills:
        def send(self, message: delivering.Message) -> None:
            raise Killed

    with pytest.raises(Killed):
        delivering.send_due(world.office, {"sms": Kills()})
    delivering.take_up(world.office.store)
    with serving(Sms, 200) as server:
        delivering.send_due(world.office, ways(server.server_address[1], "sms"))
        assert server.got == []
    assert state(world, "sms").state == DeliveryState.UNKNOWN


def test_a_way_that_is_not_set_up_or_not_wanted_any_more_sends_nothing(world):
    with world.write() as session:
        notices.set_contact(session, world.office.settings, world.clerk, Contact(mail="", phone="13800001111"))
    with serving(Mail, "250 taken") as server:
        delivering.send_due(world.office, ways(server.server_address[1], "mail"))
        assert server.got == []
    assert {state(world, way).state for way in ("mail", "sms")} == {DeliveryState.FAILED}


def test_over_tls_the_servers_name_is_checked(world, tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False).sign(key, hashes.SHA256())
    pem, secret = tmp_path / "cert.pem", tmp_path / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(pem, secret)
    message = delivering.Message(id="x", to="lin@example.gov.cn", text="提醒")
    with serving(Mail, "250 taken", context=theirs) as server:
        own = {"notice_smtp_port": server.server_address[1], "notice_from": "jietan@example.gov.cn", "notice_timeout_s": 30, "secret": "s" * 32}
        trusted = ssl.create_default_context(cafile=str(pem))
        delivering.Mailer(Settings(notice_smtp_host="localhost", **own), trusted).send(message)
        assert len(server.got) == 1
        with pytest.raises(delivering.NotTaken):
            delivering.Mailer(Settings(notice_smtp_host="localhost", **own)).send(message)
        with pytest.raises(delivering.NotTaken):
            delivering.Mailer(Settings(notice_smtp_host="127.0.0.1", **own), trusted).send(message)
        assert len(server.got) == 1


@pytest.mark.parametrize("wrong", [{"mail": "lin"}, {"mail": "林@例子.中国"}, {"mail": "a@b.c\r\nBcc: x@y.z"}, {"phone": "12ab"}, {"phone": "123"}])
def test_what_is_no_address_is_told(world, wrong):
    with pytest.raises(InvalidInput), world.write() as session:
        notices.set_contact(session, world.office.settings, world.clerk, Contact(**wrong))


# --- query codes -------------------------------------------------------------------------------------------------


def test_whoever_brings_a_matter_gets_its_query_code_once_and_nothing_of_the_matter(world):
    clerk = world.clerk
    with world.write() as session:
        for one in session.scalars(select(NoticeDelivery)):
            session.delete(one)
        told, accusation, landline = (
            registering.register(session, clerk, NewMatter.model_validate({**LETTER, **changed}))[0].id
            for changed in ({}, {"purpose": "accusation"}, {"phone": "0791-88886666"})
        )
        code = session.get_one(StoredCase, told).query_code
        given = session.scalars(select(StoredCase.id).order_by(StoredCase.id)).first()
        order = StepOrder(version=1, units=(UnitOrder(organization_id=LAND),))
        cases.take_step(session, clerk, given, Step.ASSIGN, order)
    with serving(Sms, 202) as server:
        port = server.server_address[1]
        own = {"notice_sms_url": f"http://127.0.0.1:{port}/send", "public_url": "https://xf.example.gov.cn"}
        office = replace(world.office, settings=world.office.settings.model_copy(update=own))
        with world.write() as session:
            made = [code_sms.on_registering(session, office.settings, session.get_one(StoredCase, one)) for one in (told, told, accusation, landline)]
            assert made == ["查询码也发短信给他。", "", "", ""], "once; not to whom somebody beside could see; not to what rings only"
            assert code_sms.on_registering(session, world.office.settings, session.get_one(StoredCase, told)) == ""
        assert delivering.send_due(office, ways(port, "sms")) == 1
        (_, body), = server.got
        assert body["to"] == "13800004321"
        assert body["text"] == (
            f"临溪县信访局：您反映的事登记好了，查询码 {code}。凭查询码和手机号后 4 位在 https://xf.example.gov.cn/progress 查办到哪一步。查询码请不要告诉别人。"
        )
        with world.read() as session:
            assert code_sms.told(session, told).endswith(" 发了短信")

        def ask(case_id: int, actor=clerk, settings=office.settings) -> str:
            with world.write() as session:
                return code_sms.send(session, settings, actor, case_id).sent

        def refusal(case_id: int, settings=office.settings) -> str:
            with pytest.raises(WrongState) as refused:
                ask(case_id, settings=settings)
            return refused.value.message

        assert refusal(told).startswith("刚发过")
        assert refusal(landline).startswith("信访人没有留手机号")
        assert refusal(accusation, settings=world.office.settings).startswith("本单位还没有设置短信网关")
        with pytest.raises(NotAllowed):
            ask(given, actor=HANDLER)
        assert ask(accusation) == "短信等着发"
        assert refusal(accusation) == "短信等着发。"
        with world.read() as session:
            assert session.scalars(select(AccessEntry.thing_id).where(AccessEntry.action == "send_code")).all() == [str(accusation)]
