"""Search tokens, canonical JSON, the dictionary of terms and the sentences about gaps."""

from datetime import UTC, datetime

import pytest

from server.domain import states, terms
from server.domain.canonical import check_code
from server.domain.gaps import gap_sentence
from server.domain.searchtokens import BOUNDARY, excerpt, phrase, phrases, tokens
from server.protocol.base import Role
from server.protocol.canonical import canonical_json, fingerprint


def found(text: str, term: str) -> bool:
    """What the database does: the phrase's tokens side by side, the last one as a beginning."""
    return " " + " ".join(phrase(term)) in " " + tokens([text])


@pytest.mark.parametrize(("text", "term"), [
    ("村里修路占了地", "修路"), ("村里修路占了地", "地"), ("村里修路占了地", "村里修路占了地"),
    ("占地1.2亩", "2亩"), ("LX-2026-000418", "lx-2026-000418"), ("LX-2026-000418", "0004"),
    ("姓𬭚的", "𬭚"), ("姓𬭚的", "姓𬭚"), ("ABC公司", "abc公"), ("https" + "a1" * 1021, "httpsa1"), ("b" * 2047, "B" * 100), ("３组Ａ区", "3组a区"), ("3组A区", "３组ａ"),
])
def test_what_is_there_is_found(text, term):
    assert found(text, term)


@pytest.mark.parametrize(("text", "term"), [
    ("村里修路占了地", "里路"), ("村里修路", "修路占"), ("2026", "026"), ("占地。补偿", "占补"),
])
def test_what_is_not_there_is_not_found(text, term):
    assert not found(text, term)


def test_a_phrase_does_not_cross_parts():
    assert BOUNDARY in tokens(["占", "地"]).split()
    assert " " + " ".join(phrase("占地")) not in " " + tokens(["占", "地"])


def test_a_query_of_marks_only_looks_for_nothing():
    assert phrases("。 ' \" % *") == []


def test_excerpt_shows_the_place():
    assert "喇叭" in excerpt(["甲" * 200, "乙" * 100 + "喇叭" + "丙" * 100], "喇叭")
    assert excerpt(["甲"], "乙") == ""
    assert excerpt(["占地。补偿（３）"], "占地,补偿3") == "占地。补偿（３）", "marks between the words may be others"
    assert (excerpt(["占地。"], "。"), excerpt(["12360"], "360")) == ("", "")


def test_canonical_json_is_the_same_whatever_the_order():
    assert canonical_json({"b": 1, "a": "问"}) == '{"a":"问","b":1}'.encode()
    assert fingerprint({"a": 1, "b": 2.5}) == fingerprint({"b": 2.5, "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})
    with pytest.raises(ValueError):
        canonical_json({"a": float("nan")})


def test_check_code():
    assert check_code("9f2c41a70d68b3e5" + "0" * 48) == "9F2C 41A7 0D68 B3E5"


@pytest.mark.parametrize(("enum", "words"), [
    (states.FormField, terms.FIELD), (states.RecordState, terms.RECORD_STATE), (states.Purpose, terms.PURPOSE),
    (states.LineKind, terms.LINE_KIND), (states.Consent, terms.CONSENT), (states.StaffRole, terms.STAFF_ROLE),
    (states.ReceptionState, terms.RECEPTION_STATE), (Role, terms.ROLE),
])
def test_every_identifier_has_a_word(enum, words):
    assert set(words) == set(enum)
    assert len(set(words.values())) == len(words)


def test_gap_sentences():
    start = datetime(2026, 6, 9, 9, 41, tzinfo=UTC)
    sentence = gap_sentence(start, 730.0, 734.0, "network_lost", Role.PETITIONER)
    assert sentence == "09:53:10 到 09:53:14，接谈机网络断开，这一段没有录上。"
    assert gap_sentence(start, 730.0, 730.3, "packet_loss", None).startswith("09:53:10 前后约 0.3 秒，")
    assert "接访领导那边" in gap_sentence(start, 1, 2, "left", Role.LEADER)
    assert "没有认出文字" in gap_sentence(start, 1, 2, "recognition_failed", Role.LEADER)
    unheard = gap_sentence(start, 730.0, 734.0, "nothing_understood", Role.PETITIONER)
    assert unheard.endswith("，信访人那边有人说话，但没有听出内容，请听录音。")
    assert "录上" not in unheard
    assert gap_sentence(None, 61, 62, "disk_full", None) == "录音 1 分 1 秒 到 录音 1 分 2 秒，录音的硬盘满了，这一段没有录上。"
