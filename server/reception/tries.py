"""Wrong tries at codes that anybody may type: counted per network and per code, so that nobody finds one by guessing.

A wrong try is kept although the answer is an error; the address and the code only as keyed hashes.
"""

from datetime import timedelta

from sqlalchemy.orm import Session

from server import clock
from server.errors import NotFound, TooOften
from server.protocol.progress import ProgressQuery
from server.reception.callers import hashed, network_of
from server.reception.office import Office
from server.store import cases
from server.store.models import ProgressTry

WINDOW = timedelta(minutes=15)
MOST_WRONG = 10
"""Wrong tries from one network in that time."""
MOST_WRONG_OF_CODE = 20
"""Wrong tries at one code, from wherever, in that time: whoever found a slip cannot try all digits."""


def sources(office: Office, query: ProgressQuery, address: str) -> tuple[str, str]:
    """Under what a try is counted: its network, and the code that it tries."""
    return hashed(office.settings, "progress", network_of(address)), hashed(office.settings, "progress code", query.code)


def require_left(session: Session, source: str, code: str) -> None:
    """Raise TooOften after ten wrong tries in 15 minutes from one network or twenty at one code."""
    since = clock.now() - WINDOW
    often = cases.wrong_tries(session, source, since) >= MOST_WRONG
    if often or cases.wrong_tries_of_code(session, code, since) >= MOST_WRONG_OF_CODE:
        raise TooOften("试的次数太多，请过 15 分钟再查。急的话，可以到接谈室来问。")


def missed(office: Office, source: str, code: str, words: str) -> NotFound:
    """Count a wrong try; returns what to raise."""
    with office.store.write() as session:
        require_left(session, source, code)
        count(session, source, code)
    return NotFound(words)


def count(session: Session, source: str, code: str = "") -> None:
    """Note one try, and forget those that no longer count."""
    cases.drop_tries(session, clock.now() - WINDOW)
    session.add(ProgressTry(at=clock.now(), source=source, code=code))
