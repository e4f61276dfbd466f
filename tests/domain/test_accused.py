"""Which organizations a named unit may be: too many rather than too few."""

import pytest

from server.domain.accused import Named, accused_in

COUNTY = Named(1, "/1/", "临溪县")
OFFICE = Named(2, "/1/2/", "临溪县信访局")
TOWN = Named(3, "/1/3/", "石桥镇政府")
CLINIC = Named(4, "/1/3/4/", "石桥镇卫生院")
RIVER = Named(5, "/1/5/", "柳河镇人民政府")
TWIN = Named(6, "/6/", "石桥镇政府")
ALL = (COUNTY, OFFICE, TOWN, CLINIC, RIVER)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("石桥镇政府", [3]),
        ("石 桥 镇 人民政府", [3]),
        ("石桥镇王镇长", [3]),
        ("石桥镇卫生院的院长", [4]),
        ("石桥镇卫生院和石桥镇政府", [4, 3]),
        ("柳河镇、石桥镇的干部", [3, 5]),
        ("临溪县石桥镇政府", [3]),
        ("临溪县政府和石桥镇", [1, 3]),
        ("临溪县", [1]),
        ("镇政府", [3, 5]),
        ("信访局", [2]),
        ("第二建筑公司", []),
        ("镇", []),
        ("", []),
        ("%_", []),
    ],
)
def test_who_is_named(text: str, expected: list[int]) -> None:
    assert accused_in(text, ALL) == expected


def test_of_two_with_the_same_name_both_are_meant() -> None:
    assert accused_in("石桥镇政府", [*ALL, TWIN]) == [3, 6]
