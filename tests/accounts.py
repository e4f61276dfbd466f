"""Accounts made as an administrator makes them: with a password that the owner changes before anything else."""

from collections.abc import Callable
from typing import Any

import httpx

from tests.office import OWN_PAGE

GIVEN = "given to you in person"


def add_account(url: str, post: Callable[..., Any], username: str, password: str, **account: Any) -> None:
    """`post` asks as the administrator; afterwards the password is this one."""
    post("/api/admin/users", username=username, password=GIVEN, **account)
    with httpx.Client(base_url=url, headers=OWN_PAGE, trust_env=False, timeout=60) as owner:
        owner.post("/api/session", json={"username": username, "password": GIVEN}).raise_for_status()
        owner.put("/api/account/password", json={"password": GIVEN, "new": password}).raise_for_status()
