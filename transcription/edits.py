"""Edit distance of short texts, character by character."""


def prefix_edits(text: str, other: str) -> list[int]:
    """For every beginning of `other`, from the empty one to all of it: least edits between it and `text`."""
    costs = list(range(len(other) + 1))
    for i, character in enumerate(text, 1):
        row = [i]
        for j, second in enumerate(other, 1):
            row.append(min(costs[j] + 1, row[-1] + 1, costs[j - 1] + (character != second)))
        costs = row
    return costs
