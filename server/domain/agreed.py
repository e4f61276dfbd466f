"""What became different between the first reading and the version that was signed, in sentences for the filed record."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from server.domain import terms, undertakings
from server.domain.gaps import clock_time
from server.domain.states import FormField

MOST_TOLD = 20
"""A note on paper names so many; all of them are in the record's revisions."""

QUOTED = "speech"
"""Source of a field in which nobody wrote: it quotes the lines, whose changes are told already."""


class Change(NamedTuple):
    """One place that is not what was first handed over for reading."""

    part: Literal["line", "field", "promise"]
    id: str
    words: str


Rows = Iterable[Mapping[str, Any]]


def changes(first: Mapping[str, Any], last: Mapping[str, Any], started: datetime | None) -> tuple[Change, ...]:
    """Between two canonical records (reception/canonical.py): lines in their order, then the form, then what was undertaken."""
    return (*_lines(first, last, started), *_fields(first["form"], last["form"]), *_promises(first, last))


def note(found: Iterable[Change]) -> str:
    """All of them as one sentence; "" where nothing was changed."""
    told = [one.words for one in found]
    if not told:
        return ""
    more = f"；其余 {len(told) - MOST_TOLD} 处见修改记录" if len(told) > MOST_TOLD else ""
    return f"经信访人核对，改动 {len(told)} 处：{'；'.join(told[:MOST_TOLD])}{more}。"


def _lines(first: Mapping[str, Any], last: Mapping[str, Any], started: datetime | None) -> Iterator[Change]:
    names = {seat["id"]: seat["name"] for seat in last["participants"]}
    numbers = {line["id"]: number for number, line in enumerate(last["lines"], start=1)}

    def place(line: Mapping[str, Any]) -> str:
        number = f"第 {numbers[line['id']]} 句" if line["id"] in numbers else "原来的一句"
        return f"{number}（{clock_time(started, line['start'])}）"

    def differs(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
        if old["text"] != new["text"]:
            return f"{place(new)}原来写的是“{old['text']}”"
        if old["participant_id"] != new["participant_id"]:
            return f"{place(new)}原来记成是{names.get(old['participant_id'], '别人')}说的"
        return ""

    yield from _compared(
        "line", first["lines"], last["lines"], differs,
        added=lambda line: f"{place(line)}是补上的", gone=lambda line: f"{place(line)}“{line['text']}”删去了",
    )  # fmt: skip


def _fields(first: Rows, last: Rows) -> Iterator[Change]:
    def label(one: Mapping[str, Any]) -> str:
        return f"登记表“{terms.FIELD[FormField(one['field'])]}”"

    def differs(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
        if old["value"] == new["value"] or old["source"] == new["source"] == QUOTED:
            return ""
        before = terms.choice_label(FormField(old["field"]), old["value"])
        return f"{label(new)}原来写的是“{before}”" if before else f"{label(new)}是补上的"

    yield from _compared("field", first, last, differs, added=lambda one: f"{label(one)}是补上的", gone=label, key="field")


def _promises(first: Mapping[str, Any], last: Mapping[str, Any]) -> Iterator[Change]:
    def said(one: Mapping[str, Any]) -> str:
        return f"“{undertakings.in_words(one['who'], one['what'], one['by'])}”"

    yield from _compared(
        "promise", first.get("promises", ()), last.get("promises", ()),
        lambda old, new: f"当场答复{said(new)}原来写的是{said(old)}" if said(old) != said(new) else "",
        added=lambda one: f"当场答复{said(one)}是补上的", gone=lambda one: f"当场答复{said(one)}去掉了",
    )  # fmt: skip


def _compared(
    part: Literal["line", "field", "promise"], first: Rows, last: Rows,
    differs: Callable[[Mapping[str, Any], Mapping[str, Any]], str],
    added: Callable[[Mapping[str, Any]], str], gone: Callable[[Mapping[str, Any]], str], key: str = "id",
) -> Iterator[Change]:  # fmt: skip
    """What is there now and was another or none, then what is not there any more."""
    before, now = {one[key]: one for one in first}, {one[key]: one for one in last}
    for id_, one in now.items():
        words = differs(before[id_], one) if id_ in before else added(one)
        if words:
            yield Change(part, id_, words)
    yield from (Change(part, id_, gone(one)) for id_, one in before.items() if id_ not in now)
