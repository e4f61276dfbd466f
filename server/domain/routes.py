"""内容类别 and 法定途径清单 as data: which matters a law gives to somebody else, by category (诉访分离)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TABLE = Path(__file__).parent / "data" / "routes.toml"
ALL = "所有"
MOST = 100
"""Characters of a category's name: what a case can keep."""


class UnusableRoutes(ValueError):
    """A file of categories and routes is not one; the message says where."""


@dataclass(frozen=True)
class Category:
    """The last of three levels, with those above it."""

    name: str
    area: str
    kind: str


@dataclass(frozen=True)
class Route:
    """Who decides a dispute, and by which law."""

    scope: tuple[str, ...]
    """Names of any level, or 所有."""
    what: str
    body: str
    law: str
    article: str = ""
    source: str = ""

    def fits(self, category: Category) -> bool:
        return bool({category.name, category.kind, category.area, ALL}.intersection(self.scope))


@dataclass(frozen=True)
class Guide:
    """All categories in the order of the file, and all routes."""

    categories: tuple[Category, ...]
    routes: tuple[Route, ...]

    def category(self, name: str) -> Category:
        """The category of this name; one that is not in the list stands under no other."""
        return next((one for one in self.categories if one.name == name), Category(name, "", ""))

    def routes_of(self, name: str) -> tuple[Route, ...]:
        """Routes for a category, the most special first."""
        category = self.category(name)
        levels = (category.name, category.kind, category.area, ALL)
        fitting = [route for route in self.routes if route.fits(category)]
        return tuple(sorted(fitting, key=lambda route: min(levels.index(one) for one in route.scope if one in levels)))


def load(extra: Path | None = None) -> Guide:
    """What comes with the program, and an office's own file; UnusableRoutes says what is wrong there."""
    own = _read(_TABLE)
    return own if extra is None else _added(own, _read(extra))


def _added(own: Guide, extra: Guide) -> Guide:
    moved = {one.name: one for one in extra.categories}
    kept = tuple(moved.pop(one.name, one) for one in own.categories)
    return Guide((*kept, *moved.values()), (*extra.routes, *own.routes))


def _read(path: Path) -> Guide:
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UnusableRoutes(f"{path}: {error}") from error
    if unknown := set(data) - {"category", "route"}:
        raise UnusableRoutes(f"{path}: nothing is called {', '.join(sorted(unknown))}")
    categories = [one for row in data.get("category", ()) for one in _categories(path, row)]
    names = [one.name for one in categories]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UnusableRoutes(f"{path}: {twice[0]} stands twice")
    return Guide(tuple(categories), tuple(_route(path, row) for row in data.get("route", ())))


def _categories(path: Path, row: Mapping[str, Any]) -> list[Category]:
    area, kind, names = (row.get(key) for key in ("area", "kind", "names"))
    words = [area, kind, *names] if isinstance(names, list) else []
    if set(row) != {"area", "kind", "names"} or not all(isinstance(one, str) and 0 < len(one) <= MOST for one in words):
        raise UnusableRoutes(f"{path}: a category has area, kind and names, all of them words")
    return [Category(name, str(area), str(kind)) for name in names or ()]


def _route(path: Path, row: Mapping[str, Any]) -> Route:
    scope, texts = row.get("for"), {key: value for key, value in row.items() if key != "for"}
    known = {"what", "body", "law", "article", "source"}
    sound = isinstance(scope, list) and scope and all(isinstance(one, str) for one in (*scope, *texts.values()))
    if not sound or not {"what", "body", "law"} <= set(texts) <= known:
        raise UnusableRoutes(f"{path}: a route has for, what, body and law, all of them words")
    return Route(tuple(scope or ()), **texts)
