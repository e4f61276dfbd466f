"""An office for the walk, set up through the API as an administrator would."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.accounts import add_account
from tests.browser.programs import Programs, wait_until

PASSWORD = "walk-through-2026"


class Administrator:
    """The first administrator, by the one-time link."""

    def __init__(self, programs: Programs) -> None:
        self._client = httpx.Client(base_url=programs.url, headers={"X-Jietan": "1"}, trust_env=False, timeout=60)
        link = programs.folder / "first-admin-link.txt"
        wait_until(link.exists, "the first administrator's link")
        self.post("/api/setup", **self._set_up(link))

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        """A call that must succeed."""
        answer = self._client.post(path, json=body)
        assert answer.is_success, answer.text
        return dict(answer.json())

    def add_staff(self, role: str, name: str, title: str = "") -> None:
        """An account whose user name is its role."""
        self.add_account(role, name=name, role=role, title=title, organization_id=self._county())

    def add_account(self, username: str, **account: Any) -> None:
        """An account that its owner has taken over."""
        add_account(str(self._client.base_url), self.post, username, PASSWORD, **account)

    def add_kiosk(self, town: str, name: str) -> str:
        """A kiosk in a new township; returns its enrolment link."""
        organization = self.post("/api/admin/organizations", name=town, parent_id=self._county(), code="SQ")
        return str(self.post("/api/admin/kiosks", name=name, organization_id=organization["id"])["url"])

    def overview(self) -> dict[str, Any]:
        """What the administrator's page shows."""
        return dict(self._client.get("/api/admin/overview").json())

    def _county(self) -> int:
        return int(self.overview()["organizations"][0]["id"])

    @staticmethod
    def _set_up(link: Path) -> dict[str, str]:
        token = parse_qs(urlsplit(link.read_text().strip()).query)["token"][0]
        return {"token": token, "username": "admin", "name": "管理员", "password": PASSWORD, "organization": "云岭县信访局"}
