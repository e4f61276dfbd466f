"""A recording that was exchanged, cut, reordered or signed by somebody else is noticed, and said in words."""

import copy
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import signing_key
from server.domain.verification import WORDS, verify
from server.protocol import chain
from server.protocol.base import Role, TrackKind
from server.protocol.canonical import fingerprint
from server.protocol.recording import Gap, Manifest, Segment
from server.settings import Settings, UnusableSecret

STARTED = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
Json = dict[str, Any]


def file_hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def segments(count: int, reception_id: str = "r1") -> list[Segment]:
    made: list[Segment] = []
    previous = chain.start(reception_id)
    for number in range(1, count + 1):
        gap = Gap(participant_id="p1", kind=TrackKind.AUDIO, start=number, end=number + 0.25, cause="packet_loss")
        bare = Segment(
            id=f"p1-audio-{number:03d}", participant_id="p1", role=Role.PETITIONER, kind=TrackKind.AUDIO,
            source="microphone", codec="audio/opus", file=f"p1-audio-{number:03d}.webm", start=number * 300.1,
            seconds=300, size=1000 + number, sha256=file_hash(f"p1-audio-{number:03d}.webm"), gaps=(gap,),
        )  # fmt: skip
        made.append(chain.linked(bare, number, previous))
        previous = made[-1].chain
    return made


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> signing_key.SigningKey:
    return signing_key.load(Settings(data_dir=tmp_path_factory.mktemp("key")))


def signed(key: signing_key.SigningKey, count: int = 4) -> Json:
    made = segments(count)
    manifest = Manifest(
        reception_id="r1", started_at=STARTED, ended_at=STARTED, seconds=300.0 * count, segments=tuple(made),
        chain=made[-1].chain if made else "",
    )  # fmt: skip
    return dict(json.loads(key.sign(manifest).model_dump_json(indent=1)))


def files_of(manifest: Json) -> dict[str, str]:
    return {s["file"]: file_hash(s["file"]) for s in manifest["segments"]}


def codes(manifest: Json, files: dict[str, str], key: bytes, **more: str) -> set[str]:
    found = verify(manifest, files, key, **more)
    assert all(finding.words for finding in found)
    return {finding.code for finding in found}


def test_what_was_signed_is_right(key: signing_key.SigningKey) -> None:
    for count in (0, 1, 4):
        manifest = signed(key, count)
        assert verify(manifest, files_of(manifest), key.public, filed_sha256=fingerprint(manifest)) == []


def test_an_exchanged_lost_or_foreign_file(key: signing_key.SigningKey) -> None:
    manifest = signed(key)
    files = files_of(manifest)
    name = "p1-audio-002.webm"
    exchanged = verify(manifest, {**files, name: file_hash("another")}, key.public)
    assert [(f.code, f.file) for f in exchanged] == [("file_changed", name)]
    assert name in exchanged[0].words
    del files[name]
    assert codes(manifest, {**files, "p9-audio-001.webm": "00"}, key.public) == {"file_missing", "file_unknown"}


def _adjusted(manifest: Json) -> None:
    manifest["segments"][1]["sha256"] = file_hash("another")


def _adjusted_and_linked(manifest: Json) -> None:
    _adjusted(manifest)
    previous = chain.start("r1")
    for segment in manifest["segments"]:
        previous = segment["chain"] = chain.link(previous, segment)
    manifest["chain"] = previous


def _removed(manifest: Json) -> None:
    del manifest["segments"][1]


def _last_removed(manifest: Json) -> None:
    del manifest["segments"][-1]


def _reordered(manifest: Json) -> None:
    one, two = manifest["segments"][1:3]
    one["number"], two["number"] = two["number"], one["number"]


def _gap_hidden(manifest: Json) -> None:
    manifest["segments"][2]["gaps"] = []


def _all_removed(manifest: Json) -> None:
    manifest["segments"] = []


def _other_reception(manifest: Json) -> None:
    manifest["reception_id"] = "r2"


@pytest.mark.parametrize(
    ("change", "chain_says"),
    [
        (_adjusted, {"chain_broken"}),
        (_adjusted_and_linked, set()),
        (_removed, {"number_missing"}),
        (_last_removed, {"head_differs"}),
        (_reordered, {"chain_broken"}),
        (_gap_hidden, {"chain_broken"}),
        (_all_removed, {"head_differs"}),
        (_other_reception, {"chain_broken"}),
    ],
)
def test_a_changed_manifest(key: signing_key.SigningKey, change: Callable[[Json], None], chain_says: set[str]) -> None:
    manifest = signed(key)
    filed = fingerprint(manifest)
    change(manifest)
    files = {segment["file"]: segment["sha256"] for segment in manifest["segments"]}
    assert codes(manifest, files, key.public, filed_sha256=filed) == {
        "signature_wrong", "not_the_filed_one", *chain_says,
    }  # fmt: skip


def test_signed_by_somebody_else(key: signing_key.SigningKey, tmp_path: Path) -> None:
    other = signing_key.load(Settings(data_dir=tmp_path))
    manifest = signed(other)
    assert codes(manifest, files_of(manifest), key.public) == {"foreign_key"}
    manifest["signature"]["key"] = chain.key_name(key.public)
    assert codes(manifest, files_of(manifest), key.public) == {"signature_wrong"}
    manifest["signature"]["value"] = "no base64"
    assert codes(manifest, files_of(manifest), key.public) == {"signature_wrong"}


def test_a_signature_that_was_taken_off(key: signing_key.SigningKey) -> None:
    manifest = signed(key)
    manifest["signature"] = None
    assert codes(manifest, files_of(manifest), key.public) == {"unsigned"}
    manifest["version"] = 1
    _adjusted(manifest)
    assert codes(manifest, files_of(manifest), key.public) == {"unsigned", "chain_broken", "file_changed"}


def test_the_first_version_stays_readable(key: signing_key.SigningKey) -> None:
    manifest = signed(key)
    manifest["version"] = 1
    del manifest["chain"], manifest["signature"]
    for segment in manifest["segments"]:
        del segment["number"], segment["chain"]
    assert codes(manifest, files_of(manifest), key.public) == {"unsigned"}
    assert codes(manifest, {}, key.public) == {"unsigned", "file_missing"}


def test_a_talk_that_runs_is_no_final_recording(key: signing_key.SigningKey) -> None:
    manifest = signed(key)
    manifest["ended_at"] = None
    assert "not_ended" in codes(manifest, files_of(manifest), key.public)


@pytest.mark.parametrize("manifest", [{}, {"reception_id": "r1", "segments": 3}, {"version": 3, "reception_id": "r1"}])
def test_nonsense_is_no_manifest(manifest: Json) -> None:
    assert codes(manifest, {}, bytes(32)) == {"manifest_unreadable"}


def _places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every leaf of a piece of JSON."""
    if isinstance(value, dict):
        return [place for name, inner in value.items() for place in _places(inner, (*way, name))]
    if isinstance(value, list):
        return [place for number, inner in enumerate(value) for place in _places(inner, (*way, number))]
    return [way]


@given(st.data())
def test_no_single_value_can_be_changed(key: signing_key.SigningKey, data: st.DataObject) -> None:
    manifest = signed(key, 2)
    way = data.draw(st.sampled_from(_places(manifest)))
    changed = copy.deepcopy(manifest)
    place = changed
    for step in way[:-1]:
        place = place[step]
    old = place[way[-1]]
    place[way[-1]] = data.draw(st.one_of(st.none(), st.integers(0, 9), st.floats(0, 9), st.text(max_size=3)))
    if fingerprint(changed) != fingerprint(manifest):
        assert verify(changed, files_of(manifest), key.public), (way, old)


def test_the_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    made = signing_key.load(settings)
    assert signing_key.load(settings).public == made.public
    assert settings.signing_key_path.stat().st_mode & 0o777 == 0o600
    published = signing_key.public_path(settings)
    assert signing_key.read_public(published.read_bytes()) == made.public
    published.write_bytes(b"cut")
    signing_key.load(settings)
    assert signing_key.read_public(published.read_bytes()) == made.public


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\n", b"\x00" * 40])
def test_a_damaged_key_is_not_replaced(tmp_path: Path, content: bytes) -> None:
    settings = Settings(data_dir=tmp_path)
    settings.signing_key_path.write_bytes(content)
    with pytest.raises(UnusableSecret):
        signing_key.load(settings)
    assert settings.signing_key_path.read_bytes() == content


def test_every_code_has_words() -> None:
    assert all(words.endswith("。") for words in WORDS.values())
