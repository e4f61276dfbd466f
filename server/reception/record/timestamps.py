"""可信时间戳: when an outside authority saw a record or a recording's manifest, as it is shown, verified and exported."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy.orm import Session

from server import clock
from server.archive.plan import Encoded, Written
from server.domain import terms
from server.domain.states import StampKind
from server.protocol.canonical import canonical_json
from server.protocol.recording import MANIFEST_NAME
from server.protocol.signing import TimestampView
from server.reception.record.timestamp_authority import NoStamp, check, configured, roots_of
from server.settings import Settings
from server.store import receptions, records
from server.store import timestamps as store
from server.store.engine import Store
from server.store.models import Reception, StoredCase, StoredTimestamp

SECOND = "%Y-%m-%d %H:%M:%S"


def content_of(session: Session, one: StoredTimestamp) -> bytes:
    """What it is about, as it is now; empty where it is not there."""
    if one.kind == StampKind.MANIFEST:
        manifest = session.get_one(Reception, one.reception_id).manifest
        return canonical_json(manifest) if manifest else b""
    record = receptions.record_of(session, one.reception_id)
    versions = [found.after for found in records.revisions(session, record.id)] if record else []
    kept = next((after["record"] for after in versions if after.get("record_sha256") == one.sha256), None)
    return canonical_json(kept) if kept is not None else b""


# --- showing them ------------------------------------------------------------------------------------------------


def views(session: Session, reception_id: str | None, *sha256: str) -> tuple[TimestampView, ...]:
    """Those of what has these hashes; what nobody asks for is not shown."""
    found = store.of_reception(session, reception_id, [one for one in sha256 if one]) if reception_id else ()
    return tuple(
        TimestampView(kind="record" if one.kind == StampKind.RECORD else "manifest", at=one.at, authority=one.authority)
        for one in found
        if one.at or one.next_at
    )


def lines(session: Session, reception_id: str, *sha256: str) -> tuple[str, ...]:
    """Those that are there, a line each, as they are printed."""
    return tuple(f"{_of(one)}时间戳：{_said(one)}" for one in store.of_reception(session, reception_id, sha256) if one.at)


def trouble(session: Session, settings: Settings) -> str:
    """What administrators are to know; empty: nothing is wrong."""
    found = store.failing(session) if configured(settings) else ()
    if not found:
        return ""
    reasons = "；".join(dict.fromkeys(one.why for one in found))
    since = found[0].noted_at.astimezone(clock.OFFICE_ZONE)
    return f"有 {len(found)} 个时间戳还没有取到，最早的从{since.month}月{since.day}日 {since:%H:%M} 等起：{reasons}。会自动再试；接谈、签字、归档不受影响。"


def _of(one: StoredTimestamp) -> str:
    return terms.STAMPED[StampKind(one.kind)]


def _said(one: StoredTimestamp) -> str:
    return f"{one.at.astimezone(clock.OFFICE_ZONE):{SECOND}}　{one.authority}" if one.at else "还没有取到，会自动再试"


# --- verifying them ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Checked:
    """What a look at one time stamp gave, as a Chinese sentence."""

    words: str
    wrong: bool = False


def verify(store_: Store, settings: Settings, manifest: dict[str, Any]) -> list[Checked]:
    """Every time stamp of the reception that a manifest on the disk is of: held against that manifest, the versions of the
    record as they are kept now, and the office's roots."""
    reception_id = str(manifest.get("reception_id", ""))
    try:
        roots = roots_of(settings)
    except NoStamp as error:
        return [Checked(f"时间戳没有验：{error.words}。", wrong=True)]
    with store_.read() as session:
        return [
            _checked(one, canonical_json(manifest) if one.kind == StampKind.MANIFEST else content_of(session, one), roots)
            for one in store.all_of_reception(session, reception_id)
            if one.at or one.next_at
        ]


def _checked(one: StoredTimestamp, content: bytes, roots: Sequence[x509.Certificate]) -> Checked:
    head = f"{_of(one)}时间戳：{_said(one)}"
    if one.answer is None:
        return Checked(f"{head}。")
    if not roots:
        return Checked(f"{head}。没有设置 timestamp_roots，没有验。")
    try:
        found = check(one.answer, hashlib.sha256(content).hexdigest(), roots)
    except NoStamp as error:
        return Checked(f"{head}。对不上：{error.words}。", wrong=True)
    if (found.at, found.authority) != (one.at, one.authority):
        return Checked(f"{head}。对不上：登记的时间或者机构改过。", wrong=True)
    return Checked(f"{head}。验过，对得上。")


# --- in the export bundle ----------------------------------------------------------------------------------------

FOLDER = "timestamps"
FILES = {StampKind.MANIFEST: f"recording/{MANIFEST_NAME}", StampKind.RECORD: f"{FOLDER}/record.json"}
"""What the hash in each token is of: to the byte, as it lies in the bundle."""
HOW = f"""怎样验时间戳（RFC 3161）

时间戳由本单位以外的机构签发，证明下面的文件在那个时间已经有了，以后没有改过。
{FOLDER}/roots.pem 是导出的单位设置的根证书：先到签发机构自己公布的地方核对是不是同一份，再用。
在这个文件夹里运行 OpenSSL（1.1.0 以后的版本），回答 Verification: OK 就是对得上。-attime 后面是时间戳里的时间：证书当时有效就行，以后过期了也能验。"""
NOT_VERIFIED = f"（这是时间戳里写的，这个页面没有验。怎么验，见 {FOLDER}/README.txt）"


@dataclass(frozen=True)
class Packing:
    """What of a case's time stamps goes into its bundle."""

    about: tuple[tuple[str, str], ...] = ()
    texts: tuple[Written, ...] = ()
    tokens: tuple[Encoded, ...] = ()


def packed(session: Session, settings: Settings, case: StoredCase, *, record: bool) -> Packing:
    """The tokens of a filed case, with all that somebody needs to verify them without us.

    `record`: the record itself is among it, with what a clerk took out; without it its token is held against the printed hash.
    """
    found = [one for one in store.of_reception(session, case.talk_id, (case.record_sha256, case.manifest_sha256)) if one.answer]
    if not found:
        return Packing()
    return Packing(
        about=(("时间戳", "\n".join([*(f"{_of(one)}：{_said(one)}" for one in found), NOT_VERIFIED])),),
        texts=tuple(_texts(case if record else None, found, _roots_pem(settings))),
        tokens=tuple(Encoded(name=_token(one), base64=base64.b64encode(one.answer or b"").decode()) for one in found),
    )


def _texts(case: StoredCase | None, found: Sequence[StoredTimestamp], roots: str) -> Iterator[Written]:
    if case is not None:
        yield Written(name=FILES[StampKind.RECORD], text=canonical_json(case.filed_record).decode())
    if roots:
        yield Written(name=f"{FOLDER}/roots.pem", text=roots)
    yield Written(name=f"{FOLDER}/README.txt", text="\n\n".join([HOW, *(_command(one, case is not None) for one in found)]) + "\n")


def _token(one: StoredTimestamp) -> str:
    return f"{FOLDER}/{one.kind}.tsr"


def _command(one: StoredTimestamp, record: bool) -> str:
    assert one.at is not None  # it has its answer
    kind = StampKind(one.kind)
    what = f"-data {FILES[kind]}" if record or kind is StampKind.MANIFEST else f"-digest {one.sha256}"
    words = f"openssl ts -verify {what} -in {_token(one)} -CAfile {FOLDER}/roots.pem -attime {int(one.at.timestamp())}"
    return f"{_of(one)}，{_said(one)}：\n{words}"


def _roots_pem(settings: Settings) -> str:
    """Empty where there are none that can be read: whoever verifies needs the authority's own anyway."""
    try:
        return "".join(one.public_bytes(Encoding.PEM).decode() for one in roots_of(settings))
    except NoStamp:
        return ""
