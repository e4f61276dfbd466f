"""A telephone number is the same number however it is typed; what is more than a number stays as it was."""

import pytest

from server.domain.telephones import digits, plain


@pytest.mark.parametrize(
    "typed", ["13800004321", "138-0000-4321", " 138 0000 4321 ", "１３８－００００－４３２１", "138—0000—4321", "+86 138 0000 4321", "0086-13800004321", "8613800004321", "(138)0000.4321"]
)
def test_one_number(typed):
    assert (plain(typed), digits(typed)) == ("13800004321", "13800004321")


@pytest.mark.parametrize("typed", ["0577-1234567转8012", "13800004321、13900001111", "没有", ""])
def test_what_is_more_than_a_number(typed):
    assert plain(f" {typed} ") == typed


def test_a_number_that_begins_like_the_country_keeps_its_digits():
    assert plain("8612-3456") == "86123456"
