"""Telephone numbers as they are kept, compared and looked for: one number is one row of digits, however it was typed."""

import re
import unicodedata

_NUMBER = re.compile(r"\+?[\d\s().\-\u2010-\u2015\u2212]+", re.ASCII)
_MOBILE = re.compile(r"1\d{10}", re.ASCII)
_COUNTRY = re.compile(r"(?:00|\+)86|86(?=1\d{10}$)")


def plain(phone: str) -> str:
    """A number without blanks, hyphens, widths and the country's code; what is more than a number stays as it was typed."""
    text = unicodedata.normalize("NFKC", phone).strip()
    return digits(text) if _NUMBER.fullmatch(text) else phone.strip()


def digits(phone: str) -> str:
    """Only the digits of whatever was typed, without the country's code."""
    signs = re.sub(r"[^0-9+]", "", unicodedata.normalize("NFKC", phone))
    country = _COUNTRY.match(signs)
    return signs[country.end() if country else 0 :].replace("+", "")


def is_mobile(phone: str) -> bool:
    """Whether a number as it is kept can get a short message."""
    return _MOBILE.fullmatch(phone) is not None
