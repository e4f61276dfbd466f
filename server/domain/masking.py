"""Telephone and ID numbers as those see them who did not open them."""

from collections.abc import Callable, Mapping

from server.domain.states import FormField


def phone(value: str) -> str:
    """E.g. 138****4321."""
    return _masked(value, 3, 4)


def id_number(value: str) -> str:
    """E.g. 110*************10."""
    return _masked(value, 3, 2)


def _masked(value: str, first: int, last: int) -> str:
    """The first and last characters of a number, the others as *; all of it where it is short."""
    hidden = len(value) - first - last
    return "*" * len(value) if hidden <= 0 else value[:first] + "*" * hidden + value[len(value) - last :]


IN_FORMS: Mapping[FormField, Callable[[str], str]] = {FormField.PHONE: phone, FormField.ID_NUMBER: id_number}


def in_form(field: str, value: str) -> str:
    """What stands in a field of a form: masked where it is such a number."""
    known = IN_FORMS.get(FormField(field)) if field in set(FormField) else None
    return known(value) if known else value
