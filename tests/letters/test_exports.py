"""The filed record as plain JSON and as WebVTT: the schema, the invariants, and that all say the same words."""

import json
import re

import fastjsonschema
import pytest
from pydantic import ValidationError

from server.protocol import export
from server.reception import documents
from tests.letters.test_documents import filed, fixed_clock, world  # noqa: F401

CHECK = fastjsonschema.compile(json.loads(export.SCHEMA_FILE.read_text(encoding="utf-8")))


@pytest.fixture
def plain(world):  # noqa: F811
    case_id = filed(world)
    return case_id, json.loads(documents.fetch(world.office, case_id, "record.json").read_bytes())


def test_the_schema_in_the_repository_is_that_of_the_code():
    assert export.SCHEMA_FILE.read_text(encoding="utf-8") == export.schema(), "python -m server.protocol.export writes it"


def test_an_export_follows_the_schema_and_says_what_was_signed(plain):
    _, found = plain
    CHECK(found)
    assert export.RecordExport.model_validate(found).case_no == "LX-2026-000001"
    assert found["text"].split("\n") == [line["text"] for line in found["lines"]]
    said = {one["id"]: one["text"] for one in found["utterances"]}
    line = found["lines"][1]
    assert "".join(said[id_] for id_ in line["utterances"]) == line["recognised"]
    assert {one["label"]: one["words"] for one in found["form"]}["形式"] == "视频接访"


def test_word_subtitles_and_plain_text_are_the_same_words(world, plain):  # noqa: F811
    case_id, found = plain
    subtitles = documents.fetch(world.office, case_id, "record.vtt").read_text(encoding="utf-8")
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
    (unknown_speaker, "a speaker is not there"), (backwards, "an end lies before its start"), (twice, "ids are not unique"),
    (invented, "recognised from nothing"), (other_text, "text is not that of the lines"), (miscounted, "not counted right"),
])  # fmt: skip
def test_what_breaks_an_invariant_is_refused(plain, spoil, why):
    _, found = plain
    spoil(found)
    CHECK(found)
    with pytest.raises(ValidationError, match=why):
        export.RecordExport.model_validate(found)


def test_what_breaks_the_schema_is_refused(plain):
    _, found = plain
    found["lines"][0]["kind"] = "shout"
    with pytest.raises(fastjsonschema.JsonSchemaException):
        CHECK(found)
