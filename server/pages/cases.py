"""The office's pages: looking for a case, and one case.  Their data comes through the API."""

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from server.api.deps import CaseReader, Clerk, Db, OfficeDep
from server.domain import terms
from server.pages.render import render
from server.store import accounts, ledger

router = APIRouter()


@router.get("/cases")
def case_list(request: Request, actor: CaseReader, db: Db, q: str = "") -> Response:
    """Search by number, name or text, with filters; what was asked for stays in the address."""
    choices = {
        "state": [(one.value, words) for one, words in terms.CASE_STATE.items()],
        "channel": [(one.value, words) for one, words in terms.CHANNEL.items()],
        "purpose": [(one.value, words) for one, words in terms.PURPOSE.items()],
        "office": _organizations(db, actor.organization_path),
        "unit": _organizations(db, "/" + actor.organization_path.split("/")[1] + "/"),
    }
    return render(request, "cases/list.html", actor=actor, q=q[:100], choices=choices)


def _organizations(db: Session, path: str) -> list[tuple[int, str]]:
    return [(one.id, one.name) for one in accounts.organizations_under(db, path)]


@router.get("/cases/import")
def imports(request: Request, actor: Clerk) -> Response:
    """Importing matters from a file of another system."""
    return render(request, "cases/import.html", actor=actor)


@router.get("/cases/new")
def new_matter(request: Request, actor: Clerk, db: Db) -> Response:
    """Registering a matter that did not come by a talk."""
    leaders = [(one.id, f"{one.name}（{one.title}）" if one.title else one.name) for one in ledger.leaders(db, actor.organization_path)]
    return render(request, "cases/new.html", actor=actor, leaders=leaders)


@router.get("/cases/{case_id}")
def case_page(request: Request, case_id: int, actor: CaseReader, office: OfficeDep) -> Response:
    """One case; what the actor may not see is told by the API in the page."""
    return render(request, "cases/case.html", actor=actor, case_id=case_id, sms=bool(office.settings.notice_sms_url))
