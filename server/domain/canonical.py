"""A hash as people can compare it."""


def check_code(sha256: str) -> str:
    """The first 64 bits of a hash: 9F2C 41A7 0D68 B3E5."""
    digits = sha256[:16].upper()
    return " ".join(digits[i : i + 4] for i in range(0, 16, 4))
