"""Whether a recording still is what was signed: files against the manifest, its chain and its signature."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from server.protocol import chain
from server.protocol.canonical import canonical_json, fingerprint
from server.protocol.recording import Manifest

WORDS = {
    "manifest_unreadable": "录音录像清单读不出来，或者内容不完整。",
    "unsigned": "这份清单没有签名（旧版本做的，或者签名被去掉了）：只能核对文件，证明不了清单没有改过。",
    "foreign_key": "清单不是用本单位的密钥签的。",
    "signature_wrong": "签名对不上：清单在签名以后改过。",
    "not_ended": "接谈还没有结束，或者没有正常收尾：这还不是最后的清单。",
    "not_the_filed_one": "清单和归档笔录里记下的不是同一份。",
    "number_missing": "清单里少了文件：编号不连着。",
    "chain_broken": "清单里这个文件的登记和前后接不上：换过、改过或者挪过位置。",
    "head_differs": "清单的末尾对不上：最后的文件被去掉了，或者后面加过。",
    "file_missing": "清单里有，文件不在了。",
    "file_changed": "文件和清单里登记的不一样：换过或者改过。",
    "file_unknown": "清单里没有登记过的文件。",
}
"""What each code means, for whoever asked."""


@dataclass(frozen=True)
class Finding:
    """Something that is not right; `file`: which file, where it is about one."""

    code: str
    file: str = ""

    @property
    def words(self) -> str:
        """A Chinese sentence."""
        return f"{self.file}：{WORDS[self.code]}" if self.file else WORDS[self.code]


def verify(
    manifest: Mapping[str, Any], files: Mapping[str, str], public_key: bytes, *, filed_sha256: str = ""
) -> list[Finding]:
    """Everything that is not right; empty: all of it is as it was signed.

    `manifest`: as JSON, exactly as it was written (no field added).  `files`: SHA-256 of each recorded file there
    is, by name.  `public_key`: 32 bytes, from whom one trusts.  `filed_sha256`: the manifest's hash in the filed
    record, if there is one.
    """
    try:
        Manifest.model_validate_json(canonical_json(dict(manifest)), strict=True)
    except ValueError:
        return [Finding("manifest_unreadable")]
    found = list(_signature(manifest, public_key))
    if filed_sha256 and fingerprint(dict(manifest)) != filed_sha256:
        found.append(Finding("not_the_filed_one"))
    if manifest.get("started_at") and not manifest.get("ended_at"):
        found.append(Finding("not_ended"))
    segments = manifest.get("segments", ())
    if any(segment.get("chain") for segment in segments) or manifest.get("version") == 2:
        found += _chain(manifest, segments)
    return found + list(_files(segments, files))


def _signature(manifest: Mapping[str, Any], public_key: bytes) -> Iterator[Finding]:
    signature = manifest.get("signature")
    if signature is None:
        yield Finding("unsigned")
    elif signature["key"] != chain.key_name(public_key):
        yield Finding("foreign_key")
    elif not _genuine(signature["value"], chain.signed_bytes(manifest), public_key):
        yield Finding("signature_wrong")


def _genuine(value: str, signed: bytes, public_key: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(base64.b64decode(value, validate=True), signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def _chain(manifest: Mapping[str, Any], segments: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    previous = chain.start(manifest["reception_id"])
    ordered = sorted(segments, key=lambda segment: segment.get("number", 0))
    for number, segment in enumerate(ordered, 1):
        if segment.get("number", 0) != number:
            yield Finding("number_missing")
            return
        if not _follows(previous, segment):
            yield Finding("chain_broken", segment["file"])
        previous = segment.get("chain", "")
    if manifest.get("chain", "") != (previous if segments else ""):
        yield Finding("head_differs")


def _follows(previous: str, segment: Mapping[str, Any]) -> bool:
    try:
        return chain.link(previous, segment) == segment["chain"]
    except (KeyError, ValueError):
        return False


def _files(segments: Sequence[Mapping[str, Any]], files: Mapping[str, str]) -> Iterator[Finding]:
    wanted = {segment["file"]: segment["sha256"] for segment in segments}
    for name, sha256 in wanted.items():
        if name not in files:
            yield Finding("file_missing", name)
        elif files[name] != sha256:
            yield Finding("file_changed", name)
    for name in files:
        if name not in wanted:
            yield Finding("file_unknown", name)
