"""Where an organization stands in the tree, by its path: /1/3/12/ is 12, below 3, below 1."""


def own_and_above(path: str) -> list[int]:
    """Ids of the organization at this path and of those above it, the highest first."""
    return [int(part) for part in path.split("/") if part]
