"""What presses of the kill switch did, as rows and facts of the report."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from benchmarks.result import Better, Row

GOAL_MILLISECONDS: Final = 250.0


class Press(msgspec.Struct, frozen=True, kw_only=True):
    """What one press did; times of entries in milliseconds, 0 where none came after it."""

    condition: str
    way: str
    starts: bool
    scope: str
    doors: tuple[str, ...]
    press_milliseconds: float
    from_call: float
    from_return: float
    refused: int
    exits: int


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all does not exceed; of a few values, one that was seen."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def rows_of(condition: str, found: list[Press]) -> Iterator[Row]:
    """Of one condition, way by way."""
    where = condition if condition == "all up" else f"{condition} stopped"
    mine = [each for each in found if each.condition == condition]
    for way in dict.fromkeys(each.way for each in mine):
        values = [each.from_return if each.starts else each.from_call for each in mine if each.way == way]
        yield from spread(f"{way}, {where}", values)


def spread(where: str, values: list[float]) -> Iterator[Row]:
    """The middle and the worst of them, beside the goal."""
    for share, label in ((0.5, "p50"), (0.99, "p99")):
        yield Row(
            what=f"press to the last entry: {where}, {label}",
            unit="ms",
            samples=(percentile(values, share),),
            better=Better.LESS,
            reach=GOAL_MILLISECONDS if label == "p99" else None,
            note=f"{len(values)} presses",
        )


def facts_of(condition: str, found: list[Press]) -> dict[str, str]:
    """Of one condition: what was pressed, who held it, how long a press took, what it refused."""
    presses = [each for each in found if each.condition == condition]
    doors = Counter(door for each in presses for door in each.doors)
    scopes = Counter(each.scope for each in presses)
    times = {
        way: [each.press_milliseconds for each in presses if each.way == way]
        for way in dict.fromkeys(each.way for each in presses)
    }
    return {
        f"{condition}: presses": ", ".join(f"{count} {scope}" for scope, count in sorted(scopes.items())),
        f"{condition}: stores that took them": ", ".join(f"{door} {count}" for door, count in sorted(doors.items())),
        f"{condition}: a press takes (p50, longest)": "; ".join(
            f"{way} {percentile(each, 0.5):.0f}, {max(each):.0f} ms" for way, each in times.items()
        ),
        f"{condition}: entries refused, exits submitted while halted": (
            f"{sum(each.refused for each in presses)}, {sum(each.exits for each in presses)}"
        ),
    }
