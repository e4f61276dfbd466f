"""Case numbers: office code, year, running number of that office and year, e.g. LX-2026-000418."""


def case_number(office_code: str, year: int, number: int) -> str:
    """The number as it is printed; six digits, more when an office ever needs them."""
    if number < 1:
        raise ValueError("case numbers start at 1")
    return f"{office_code}-{year}-{number:06d}"


def counter_name(organization_id: int, year: int) -> str:
    """Name of the row in `counters` that hands out this office's numbers of a year."""
    return f"case:{organization_id}:{year}"
