"""Categories and statutory routes: every category of drafting has a place, and an office's own file goes before."""

import pytest

from server.domain import routes
from transcription.drafting.vocabulary import load_vocabulary

GUIDE = routes.load()


def test_every_category_that_drafting_knows_has_its_three_levels_and_a_route_of_its_own():
    for category in load_vocabulary().categories:
        found = GUIDE.category(category.name)
        assert all((found.area, found.kind)), category.name
        assert routes.ALL not in GUIDE.routes_of(category.name)[0].scope, category.name


def test_every_route_is_for_something_and_can_be_kept_in_a_case():
    names = {routes.ALL} | {word for one in GUIDE.categories for word in (one.name, one.kind, one.area)}
    for route in GUIDE.routes:
        assert set(route.scope) <= names, route
        assert len(f"{route.body}，{route.law}{route.article}") <= 200


def test_an_unlisted_category_has_the_general_routes():
    assert [route.body for route in GUIDE.routes_of("外星人")] == ["行政复议机关", "人民法院（行政诉讼）"]


def test_an_office_moves_a_category_and_puts_its_own_route_first(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text(
        '[[category]]\narea = "本县"\nkind = "水库移民"\nnames = ["宅基地", "移民补助"]\n'
        '[[route]]\nfor = ["宅基地"]\nwhat = "移民安置"\nbody = "县移民中心"\nlaw = "本县办法"\n'
    )
    guide = routes.load(own)
    assert (guide.category("宅基地").area, guide.category("移民补助").kind) == ("本县", "水库移民")
    assert guide.routes_of("宅基地")[0].body == "县移民中心"
    assert len(guide.routes_of("宅基地")) > 1


@pytest.mark.parametrize(
    "words",
    ["[[category", 'a = 1', '[[category]]\narea = "x"', '[[route]]\nfor = []\nwhat = "x"\nbody = "x"\nlaw = "x"',
     '[[route]]\nfor = ["x"]\nwhat = "x"', '[[category]]\narea = "x"\nkind = "y"\nnames = ["z", "z"]'],
)  # fmt: skip
def test_a_file_that_is_none_says_which(tmp_path, words):
    (tmp_path / "own.toml").write_text(words)
    with pytest.raises(routes.UnusableRoutes, match=r"own\.toml"):
        routes.load(tmp_path / "own.toml")
