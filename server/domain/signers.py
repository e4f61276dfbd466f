"""Who signs a record, how, and when it is signed: the petitioner and each representative, the leader and the recorder."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from server.domain.formchecks import names_in
from server.domain.states import RecordState


class SignerRole(StrEnum):
    PETITIONER = "petitioner"
    REPRESENTATIVE = "representative"
    RECEIVER = "receiver"
    """接谈人: the leader who received the person."""
    RECORDER = "recorder"
    """记录人: the clerk who wrote the record."""


READERS = (SignerRole.PETITIONER, SignerRole.REPRESENTATIVE)


class SigningWay(StrEnum):
    HANDWRITTEN = "handwritten"
    FINGERPRINT = "fingerprint"
    PAPER = "paper"
    """On the printed sheet of this version, which the office keeps."""
    CONFIRMED = "confirmed"
    """By whoever is logged in, without a drawn name; for the staff only."""
    REFUSED = "refused"
    UNABLE = "unable"


SIGNED = (SigningWay.HANDWRITTEN, SigningWay.FINGERPRINT, SigningWay.PAPER, SigningWay.CONFIRMED)
ROLE_WORDS = {
    SignerRole.PETITIONER: "信访人",
    SignerRole.REPRESENTATIVE: "代表",
    SignerRole.RECEIVER: "接谈人",
    SignerRole.RECORDER: "记录人",
}
WAY_WORDS = {
    SigningWay.HANDWRITTEN: "手写签名",
    SigningWay.FINGERPRINT: "按手印",
    SigningWay.PAPER: "在纸上签名",
    SigningWay.CONFIRMED: "登录确认",
    SigningWay.REFUSED: "没有签名",
    SigningWay.UNABLE: "不能签名",
}


@dataclass(frozen=True)
class Signer:
    """Somebody of the petitioner's side who reads and signs."""

    number: int
    name: str
    role: SignerRole


def readers(petitioner: str, representatives: str) -> tuple[Signer, ...]:
    """The petitioner, and everybody whom the form names as a representative, each once."""
    names = dict.fromkeys([petitioner.strip(), *names_in(representatives)])
    roles = (SignerRole.PETITIONER, *[SignerRole.REPRESENTATIVE] * (len(names) - 1))
    return tuple(Signer(number, name, role) for number, (name, role) in enumerate(zip(names, roles, strict=True)))


def outcome(ways: Sequence[SigningWay | None]) -> RecordState | None:
    """What the record is, by how each reader signed; None: somebody has not yet."""
    if None in ways:
        return None
    return RecordState.SIGNED if any(way in SIGNED for way in ways) else RecordState.REFUSED


def reason_words(name: str, way: SigningWay, reason: str, witness: str) -> str:
    """Why somebody did not sign, and who saw it."""
    seen = f"，见证人：{witness}" if witness else ""
    return f"{name}{WAY_WORDS[way]}，原因：{reason}{seen}"


def reasons(left_out: Iterable[Mapping[str, str]]) -> str:
    """One sentence for all who did not sign; rows with name, way, reason and witness."""
    return "；".join(
        reason_words(one["name"], SigningWay(one["way"]), one["reason"], one["witness"]) for one in left_out
    )
