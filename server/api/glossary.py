"""The glossary of the clerk's office."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Path

from server.api.deps import Clerk, Db, OfficeDep
from server.protocol.glossary import ChangedWord, GlossaryEntry, NewWord
from server.reception.record import glossary

router = APIRouter(prefix="/glossary")


@router.get("")
def words(db: Db, actor: Clerk) -> dict[str, list[GlossaryEntry]]:
    """All words of the office."""
    return {"words": glossary.listed(db, actor)}


@router.post("", status_code=201)
def add(asked: NewWord, db: Db, actor: Clerk, office: OfficeDep, afterwards: BackgroundTasks) -> GlossaryEntry:
    """Add a word and have it tried."""
    added = glossary.add(db, actor, asked)
    afterwards.add_task(office.jobs.try_word, added.id)
    return added


@router.put("/{word_id}")
def change(
    word_id: Annotated[int, Path(ge=1, le=2**31 - 1)],
    asked: ChangedWord,
    db: Db,
    actor: Clerk,
    office: OfficeDep,
    afterwards: BackgroundTasks,
) -> GlossaryEntry:
    """Have a word tried to be switched on, or switch it off."""
    changed = glossary.change(db, actor, word_id, asked)
    if changed.state == "trying":
        afterwards.add_task(office.jobs.try_word, word_id)
    return changed
