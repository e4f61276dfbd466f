"""Who else has a record open."""

from server.reception.record.presence import FORGET_S, TELL_S, Presence
from server.store.access import Actor

LIN = Actor(name="林晓", user_id=1, role="clerk", organization_id=1, organization_path="/1/")
HE = Actor(name="何敏", user_id=5, role="clerk", organization_id=1, organization_path="/1/")


def test_others_are_seen_with_their_line_and_forgotten_when_they_say_nothing() -> None:
    now = [100.0]
    presence = Presence(lambda: now[0])
    assert presence.here("a", LIN, None) == ()
    (lin,) = presence.here("a", HE, "line-3")
    assert (lin.name, lin.line_id) == ("林晓", None)
    (he,) = presence.here("a", LIN, "line-1")
    assert (he.name, he.line_id) == ("何敏", "line-3")
    assert presence.here("b", LIN, None) == (), "another record"
    now[0] += FORGET_S + 1
    assert presence.here("a", HE, None) == ()


def test_who_chooses_between_two_texts_is_told_long_enough_for_everybody_to_hear() -> None:
    now = [100.0]
    presence = Presence(lambda: now[0])

    def told() -> str:
        return presence.here("a", LIN, "line-3")[0].choosing

    presence.here("a", HE, "line-3", "line:line-3")
    assert told() == "line:line-3"
    for step in (1.0, TELL_S - 1.5, 1.0):
        before = now[0]
        now[0] += step
        presence.here("a", HE, "line-3")
        assert told() == ("line:line-3" if now[0] < 100.0 + TELL_S else ""), before
