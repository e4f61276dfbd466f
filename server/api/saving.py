"""How an answer says that it is a file to be saved."""

from urllib.parse import quote


def saved_as(name: str) -> dict[str, str]:
    """The header by which a browser saves the answer under a name in any script (RFC 6266)."""
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
