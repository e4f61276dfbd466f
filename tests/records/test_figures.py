"""What correcting takes: measured when a record is settled, shown to oneself and of offices only."""

from datetime import timedelta

import pytest

from server import clock
from server.domain.states import StaffRole
from server.protocol.edits import Edits, EditText
from server.protocol.signing import Refusal
from server.reception.record import deskwork, drafts, editing, signing
from server.store import records
from server.store.access import Actor
from server.store.models import User
from tests.records.office import SAID, TALK, World, add_reception, draft, sign, utterance

LATER = TALK + timedelta(hours=1)


def heard_badly(world: World, name: str, organization_id: int) -> str:
    """A draft with two doubtful places in its second line."""
    with world.write() as session:
        reception = add_reception(session, name, said=(), organization_id=organization_id)
        for number, one in enumerate(SAID, start=1):
            said = utterance(name, number, *one)
            weak = (2, 10) if number == 2 else ()
            said.words = [[*word[:3], 0.4 if i in weak else word[3]] for i, word in enumerate(said.words)]
            session.add(said)
        session.flush()
        return drafts.create_draft(session, reception).id


def settled(world: World, name: str, clerk: Actor | None = None, *, organization_id: int = 1) -> str:
    """A record with two doubtful places, one of which is put right, 70 seconds of work in two stretches."""
    record_id = heard_badly(world, name, organization_id)
    actor = clerk or world.clerk
    for seconds, road in ((0, "修了"), (30, "修路"), (400, "修一条"), (440, "修公路")):
        clock.set_source(lambda seconds=seconds: LATER + timedelta(seconds=seconds))
        with world.write() as session:
            line = records.line_rows(session, record_id)[1]
            edit = EditText(line_id=line.id, version=line.version, text=SAID[1][2].replace("修路", road))
            editing.edit(session, actor, record_id, Edits(edits=(edit,)))
    with world.write() as session:
        signing.confirm(session, actor, record_id)
        sign(session, world, record_id, file_at_once=True)
    return record_id


def test_a_clerk_sees_their_own_figures_and_another_clerk_nothing_of_them(world):
    settled(world, "r1")
    with world.read() as session:
        mine = deskwork.own(session, world.clerk)
        theirs = deskwork.own(session, world.town_clerk)
    assert (mine.now.records, mine.now.audio_s, mine.before.records) == (1, 1440.0, 0)
    assert mine.now.work_s == pytest.approx(70.0)
    assert (mine.now.marked, mine.now.changed) == (2, 1)
    assert theirs.now.records == 0


def clerk(world: World, number: int, organization_id: int) -> Actor:
    path = {1: "/1/", 2: "/1/2/"}[organization_id]
    with world.write() as session:
        session.add(User(
            id=number, organization_id=organization_id, username=f"u{number}", name=f"接谈员{number}", role="clerk",
            password_hash="", created_at=TALK,
        ))  # fmt: skip
    return Actor(name=f"接谈员{number}", user_id=number, role=StaffRole.CLERK, organization_id=organization_id, organization_path=path)


def test_an_office_is_shown_only_where_three_clerks_corrected(world):
    settled(world, "r1")
    settled(world, "r2", clerk(world, 11, 1))

    def offices() -> tuple[list[tuple[str, int]], int]:
        with world.read() as session:
            found = deskwork.of_offices(session, world.leader)
        return [(name, sums.records) for name, sums in found.offices], found.hidden_offices

    assert offices() == ([], 1)
    settled(world, "r9", world.town_clerk, organization_id=2)
    assert offices() == ([(deskwork.OTHERS, 3)], 0), "three in all: together"
    settled(world, "r3", clerk(world, 12, 1))
    assert offices() == ([("临溪县信访局", 3)], 1), "one of the county is three; the township alone would be a person"
    with world.read() as session:
        assert deskwork.of_offices(session, world.other_clerk).offices == ()


def test_a_record_settled_again_is_measured_again_and_counted_once(world):
    record_id = draft(world)
    for _ in range(2):
        with world.write() as session:
            signing.confirm(session, world.clerk, record_id)
            signing.note_refusal(session, world.clerk, record_id, Refusal(reason="有事先走"), file_at_once=False)
            signing.reopen(session, world.clerk, record_id, "再改")
    with world.read() as session:
        assert deskwork.own(session, world.clerk).now.records == 1
