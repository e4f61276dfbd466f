"""Edit distance of short texts, character by character."""


def edits(text: str, other: str) -> int:
    """Least characters to put in, leave out or change between two texts."""
    return prefix_edits(text, other)[-1]


def prefix_edits(text: str, other: str) -> list[int]:
    """For every beginning of `other`, from the empty one to all of it: least edits between it and `text`."""
    costs = list(range(len(other) + 1))
    for i, character in enumerate(text, 1):
        row = [i]
        for j, second in enumerate(other, 1):
            row.append(min(costs[j] + 1, row[-1] + 1, costs[j - 1] + (character != second)))
        costs = row
    return costs
