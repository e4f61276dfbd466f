"""查询码: what whoever brings a matter looks its progress up with, printed on a slip or a letter."""

import secrets

QUERY_ALPHABET = "346789ACDEFGHJKMNPQRTUVWXY"
"""Without letters and digits that look alike."""
QUERY_LENGTH = 10


def new_query_code(length: int = QUERY_LENGTH) -> str:
    """A fresh code: 47 bits, so that guessing finds none."""
    return "".join(secrets.choice(QUERY_ALPHABET) for _ in range(length))
