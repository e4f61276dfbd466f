"""The glossary of the clerk's office."""

from typing import Annotated

from fastapi import APIRouter, Path

from server.api.deps import Clerk, Db
from server.protocol.office import ChangedWord, GlossaryEntry, NewWord
from server.reception import glossary

router = APIRouter(prefix="/glossary")


@router.get("")
def words(db: Db, actor: Clerk) -> dict[str, list[GlossaryEntry]]:
    """All words of the office."""
    return {"words": glossary.listed(db, actor)}


@router.post("", status_code=201)
def add(asked: NewWord, db: Db, actor: Clerk) -> GlossaryEntry:
    """Add a word and use it."""
    return glossary.add(db, actor, asked)


@router.put("/{word_id}")
def change(word_id: Annotated[int, Path(ge=1, le=2**31 - 1)], asked: ChangedWord, db: Db, actor: Clerk) -> GlossaryEntry:
    """Switch a word on or off."""
    return glossary.change(db, actor, word_id, asked)
