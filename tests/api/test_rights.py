"""Every route, page or API, by everybody in every relation, as one table of the documentation says it."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.testclient import TestClient

from server import pages
from server.main import create_app
from tests.api.rights import (
    BODIES,
    COLUMNS,
    PLACES,
    Everybody,
    Question,
    everybody,
    pattern,
    smallest,
    table,
)
from tests.office import settings_for


@cache
def described(app: FastAPI) -> dict[str, Any]:
    """The API as it describes itself; making it takes a second."""
    return get_openapi(title="x", version="1", routes=app.routes)


def every_route(app: FastAPI) -> Iterator[tuple[str, str]]:
    """(method, path) of everything that answers, the pages as well."""
    found = {(method.upper(), path) for path, methods in described(app)["paths"].items() for method in methods}
    for module in pkgutil.iter_modules(pages.__path__):
        router = getattr(importlib.import_module(f"server.pages.{module.name}"), "router", None)
        found |= {(method, route.path) for route in router.routes for method in route.methods if method != "HEAD"} if router else set()
    return iter(sorted(found, key=lambda one: (one[1], one[0])))


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return create_app(settings_for(Path("/nowhere")))


def test_the_table_has_every_route_and_no_other(app):
    there = {f"{method} {pattern(path)}" for method, path in every_route(app)}
    assert len(there) > 150
    said = set(table())
    assert there == said, f"server/protocol/rights.md lacks {sorted(there - said)} and has no route for {sorted(said - there)}"


def test_every_cell_is_one_of_the_legend():
    """The accused are in none of them."""
    for route, cells in table().items():
        assert all(cell in ("-", "yes") or set(cell.split()) <= set(PLACES) for cell in cells.values()), route


def is_page(path: str) -> bool:
    return not path.startswith("/api/")


def asked(people: Everybody, app: FastAPI, column: str, of: Callable[[str], bool] = lambda path: True) -> dict[str, str]:
    """What everybody of a column is answered, as the table spells it; `of`: at which paths."""
    parts = described(app)
    found = {}
    for method, path in every_route(app):
        if not of(path):
            continue
        content = parts["paths"].get(path, {}).get(method.lower(), {}).get("requestBody", {}).get("content", {})
        least = smallest(content["application/json"]["schema"], parts["components"]["schemas"]) if "application/json" in content else None
        route = f"{method} {pattern(path)}"
        body = BODIES.get(f"{route} of {column}", BODIES.get(route, least))
        everyone = list(people.who(column))
        asking = everyone if "{" in path else everyone[:1]
        found[route] = spelled(answers(people, Question(method, path, column, body), asking), path)
    return found


def answers(people: Everybody, question: Question, asking: list[tuple[str, TestClient, str]]) -> dict[str, str]:
    """What each of these is answered. Whose own it is and a stranger, both not let in: it is the role, and nobody else is asked."""
    ends = [one for one in asking if one[0] in ("O", "S")]
    found: dict[str, str] = {}
    for some in (ends, [one for one in asking if one not in ends]):
        if not found or set(found.values()) != {"no"}:
            found |= {relation: question.ask(client, people.things[matter]) for relation, client, matter in some}
    return {relation: found[relation] for relation, *_ in asking if relation in found}


def spelled(answers: dict[str, str], path: str) -> str:
    """E.g. "O B": let in, and found in these relations; "yes": let in whoever it is.

    Where an address names something, somebody must find it: of a question that nobody is answered nothing is learned.
    """
    said = set(answers.values())
    if said == {"no"}:
        return "-"
    if wrong := said & {"senseless", "fault"}:
        return f"{', '.join(sorted(wrong))}: {answers}"
    here = [relation for relation, answer in answers.items() if answer == "yes"]
    if not here and "{" in path:
        return f"nobody finds it: {answers}"
    return "yes" if len(here) in (0, len(answers)) else " ".join(here)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everybody]:
    with everybody(tmp_path_factory.mktemp("rights")) as made:
        yield made


@pytest.mark.nightly
@pytest.mark.parametrize("column", COLUMNS)
def test_everybody_gets_the_pages_that_the_table_says(people, app, column):
    there = asked(people, app, column, is_page)
    assert len(there) > 30
    assert others_than_said(there, column) == {}


@pytest.mark.nightly
@pytest.mark.parametrize("column", COLUMNS)
def test_everybody_is_answered_as_the_table_says(people, app, column):
    assert others_than_said(asked(people, app, column), column) == {}


def others_than_said(there: dict[str, str], column: str) -> dict[str, str]:
    return {route: cell for route, cell in there.items() if cell != table().get(route, {}).get(column)}
