"""The demo's office: organizations, accounts and a kiosk, made through the same API as in an installation.

These passwords exist nowhere but in the demo's throw-away data folder.
"""

import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from office_client import wait_for

from kiosk.office import Office
from server.protocol.accounts import NewOrganization, NewPassword, NewUser, SetUp
from server.protocol.kiosks import Enrolment, NewKiosk

PASSWORD = "demo-only-2026"
ACCOUNTS = {"admin": "系统管理员", "leader": "接访领导", "clerk": "接谈员"}


@dataclass
class People:
    """A client for each of them."""

    administrator: Office
    leader: Office
    clerk: Office
    kiosk: Office
    public: Office


def strangers(url: str) -> People:
    """Five clients that nobody knows yet."""
    return People(*(Office(url) for _ in range(5)))


async def settle(people: People, data_dir: Path) -> None:
    """Set the office up and let everybody in."""
    await people.administrator.call("POST", "/api/setup", await _set_up(data_dir))
    county = (await people.administrator.call("GET", "/api/admin/overview"))["organizations"][0]["id"]
    township = NewOrganization(name="云岭县青溪镇", parent_id=county, code="QX")
    town_id = (await people.administrator.call("POST", "/api/admin/organizations", township))["id"]
    await _add_staff(people, county)
    kiosk = NewKiosk(name="青溪镇智能接谈室", organization_id=town_id)
    enrolment = await people.administrator.get_as(Enrolment, "POST", "/api/admin/kiosks", kiosk)
    await people.kiosk.enrol(enrolment.code)


async def _set_up(data_dir: Path) -> SetUp:
    async def link() -> str:
        file = data_dir / "first-admin-link.txt"
        return file.read_text().strip() if file.exists() else ""

    url = await wait_for(link, "the first administrator's link", 20)
    token = parse_qs(urlsplit(url).query)["token"][0]
    return SetUp(token=token, username="admin", name="演示管理员", password=PASSWORD, organization="云岭县信访局")


async def _add_staff(people: People, organization_id: int) -> None:
    staff = (("leader", "徐明", "县自然资源局局长", people.leader), ("clerk", "周敏", "", people.clerk))
    for role, name, title, client in staff:
        given = secrets.token_urlsafe(12)
        user = NewUser(username=role, name=name, role=role, title=title, organization_id=organization_id, password=given)
        await people.administrator.call("POST", "/api/admin/users", user)
        await client.log_in(role, given)
        await client.call("PUT", "/api/account/password", NewPassword(password=given, new=PASSWORD))
