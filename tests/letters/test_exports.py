"""The filed record as plain JSON and as WebVTT: the schema, the invariants, and that all say the same words."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import fastjsonschema
import pytest
from pydantic import ValidationError

from server import clock
from server.protocol import export
from server.reception.paper import documents
from tests.letters.test_documents import filed
from tests.records.office import TALK, open_world

CHECK = fastjsonschema.compile(json.loads(export.SCHEMA_FILE.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """One filed record: its export and its subtitles."""
    clock.set_source(lambda: TALK + timedelta(hours=1))
    world = open_world(tmp_path_factory.mktemp("exports"))
    case_id = filed(world)
    yield documents.fetch(world.office, case_id, "record.json"), documents.fetch(world.office, case_id, "record.vtt")
    clock.set_source(None)


@pytest.fixture
def found(made: tuple[Path, Path]) -> dict:
    """What the export says; a test may spoil it."""
    return dict(json.loads(made[0].read_bytes()))


def test_the_schema_in_the_repository_is_that_of_the_code():
    assert export.SCHEMA_FILE.read_text(encoding="utf-8") == export.schema(), "python -m server.protocol.export writes it"


def test_an_export_follows_the_schema_and_says_what_was_signed(found):
    CHECK(found)
    assert export.RecordExport.model_validate(found).case_no == "LX-2026-000001"
    assert found["text"].split("\n") == [line["text"] for line in found["lines"]]
    said = {one["id"]: one["text"] for one in found["utterances"]}
    line = found["lines"][1]
    assert "".join(said[id_] for id_ in line["utterances"]) == line["recognised"]
    assert {one["label"]: one["words"] for one in found["form"]}["形式"] == "视频接访"


def test_subtitles_and_plain_text_are_the_same_words(made, found):
    subtitles = made[1].read_text(encoding="utf-8")
    spoken = "".join(re.findall(r"<v [^>]*>[^：]*：(.*)", subtitles))
    assert spoken == "".join(line["text"] for line in found["lines"])
    assert found["characters"] == len(spoken)
    times = re.findall(r"^(\S+) --> (\S+)$", subtitles, re.MULTILINE)
    assert [start for start, _ in times] == sorted(start for start, _ in times)
    assert all(start < end for start, end in times)


def without_utterance(found: dict) -> None:
    found["utterances"].pop()


def swapped(found: dict) -> None:
    found["utterances"].reverse()


def unknown_speaker(found: dict) -> None:
    found["lines"][0]["speaker"] = "nobody"


def backwards(found: dict) -> None:
    found["lines"][0]["end"] = 0.0


def gaps_swapped(found: dict) -> None:
    (gap,) = found["gaps"]
    found["gaps"] = [{**gap, "start": gap["end"]}, gap]


def told_twice(found: dict) -> None:
    found["changes"] = [{"part": "field", "id": "address", "words": "登记表“住址”是补上的"}] * 2


def twice(found: dict) -> None:
    found["lines"].append(found["lines"][0])


def invented(found: dict) -> None:
    found["lines"][0]["utterances"] = []


def other_text(found: dict) -> None:
    found["text"] += "。"


def miscounted(found: dict) -> None:
    found["characters"] += 1


@pytest.mark.parametrize(("spoil", "why"), [
    (without_utterance, "an utterance is not there"), (swapped, "utterances are not in order"),
    (gaps_swapped, "gaps are not in order"), (told_twice, "a change is told twice"),
    (unknown_speaker, "a speaker is not there"), (backwards, "an end lies before its start"), (twice, "ids are not unique"),
    (invented, "recognised from nothing"), (other_text, "text is not that of the lines"), (miscounted, "not counted right"),
])  # fmt: skip
def test_what_breaks_an_invariant_is_refused(found, spoil, why):
    spoil(found)
    CHECK(found)
    with pytest.raises(ValidationError, match=why):
        export.RecordExport.model_validate(found)


def test_what_breaks_the_schema_is_refused(found):
    found["lines"][0]["kind"] = "shout"
    with pytest.raises(fastjsonschema.JsonSchemaException):
        CHECK(found)
