"""What a seed stands for: faults, their epochs and victims, drawn by chance and always the same for one number."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.chaos import small_disk
from tests.chaos.arena import STORES
from tests.chaos.faults.deliveries import Double, Poison, RewindHistory, RewindSnapshot, Stray
from tests.chaos.faults.disk import FullDisk
from tests.chaos.faults.fail_points import PASSED, DieAt
from tests.chaos.faults.fault import Fault
from tests.chaos.faults.network import Cut, Silent, Slow
from tests.chaos.faults.processes import SERVICES, Freeze, Kill
from tests.chaos.faults.stores import (
    FlushRedis,
    kafka_dies,
    kafka_stops,
    postgres_stops_at_once,
    redis_dies,
    stands_still,
)
from tests.chaos.nemesis import Appointment

from alpha_panda.runtime.fail_points import FailPoint

FIXED: Final = Path(__file__).parent / "seeds.txt"
"""Seeds that have found something; a line each, after a comment that says what."""
_FIRST, _LAST = 10, 200
"""Epochs between which faults begin; the day has 376, and a victim may be away when its turn comes."""
_IN_A_LANE = 3
_SELDOM: Final = (FailPoint.BEFORE_PRODUCE, FailPoint.AFTER_PRODUCE)
"""Passed only where there is something to say, which for some services is a few times a day."""
_LONGER_THAN_ANYBODY_WAITS = 6.5


def _at_a_point(chance: random.Random) -> Fault:
    service = chance.choice(SERVICES)
    point = chance.choice(PASSED[service])
    return DieAt(service, point, 1 if point in _SELDOM else chance.randint(1, 3))


_OF_PROCESSES: Final[tuple[Callable[[random.Random], Fault], ...]] = (
    lambda chance: Kill(chance.choice(SERVICES)),
    lambda chance: Freeze(chance.choice(SERVICES), _LONGER_THAN_ANYBODY_WAITS),
    _at_a_point,
    _at_a_point,
)
_OF_STORES: Final[tuple[Callable[[random.Random], Fault], ...]] = (
    lambda _: kafka_dies(),
    lambda _: kafka_stops(),
    lambda _: redis_dies(),
    lambda _: FlushRedis(),
    lambda _: postgres_stops_at_once(),
    lambda chance: stands_still(chance.choice(STORES), _LONGER_THAN_ANYBODY_WAITS),
)
_OF_DELIVERIES: Final[tuple[Callable[[random.Random], Fault], ...]] = (
    lambda chance: Double(last=chance.choice((3, 20, 100))),
    Poison,
    lambda _: Stray(),
    lambda chance: RewindSnapshot(chance.choice(SERVICES[1:-1]), chance.choice((10, 200))),
    lambda _: RewindHistory(),
)
_OF_NETWORKS: Final[tuple[Callable[[random.Random], Fault], ...]] = (
    lambda chance: Slow(chance.choice(STORES), 4.0, chance.choice((0.01, 0.05))),
    lambda chance: Cut(chance.choice(STORES), chance.choice((0.0, 2.0))),
    lambda chance: Silent(chance.choice(STORES), _LONGER_THAN_ANYBODY_WAITS),
)
_AFTERMATHS: Final = ("rebuild", "letters", "cache")
_EVERY: Final = 5
"""One seed in so many has connections through proxies, and one a small disk: both slow the whole day down."""


@dataclass(frozen=True)
class Plan:
    """What is done in a run: lanes of faults that go side by side, and what is tried after the day."""

    seed: int
    lanes: tuple[tuple[Appointment, ...], ...]
    aftermath: str


def plan(seed: int) -> Plan:
    """What the seed stands for, on this machine: a disk can be filled by root alone."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, and no secret
    others = _OF_STORES + _OF_DELIVERIES
    lanes = [_lane(chance, [chance.choice(_OF_PROCESSES)(chance) for _ in range(_IN_A_LANE)])]
    second = [chance.choice(others)(chance) for _ in range(_IN_A_LANE)]
    aftermath = _AFTERMATHS[seed % len(_AFTERMATHS)]
    if aftermath == "letters":
        second[chance.randrange(_IN_A_LANE)] = Poison(chance)
    elif seed % _EVERY == 0:
        second[chance.randrange(_IN_A_LANE)] = chance.choice(_OF_NETWORKS)(chance)
    elif seed % _EVERY == 1 and small_disk.why_not() is None:
        second[chance.randrange(_IN_A_LANE)] = FullDisk(chance.choice((2.0, 5.0)))
    lanes.append(_lane(chance, second))
    return Plan(seed=seed, lanes=tuple(lanes), aftermath=aftermath)


def parse(text: str) -> Iterator[int]:
    """Seeds from `1-3,7` or from the fixed set, which is called `fixed`."""
    if text == "fixed":
        lines = FIXED.read_text().splitlines()
        yield from (int(line) for line in lines if line and not line.startswith("#"))
        return
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _lane(chance: random.Random, faults: list[Fault]) -> tuple[Appointment, ...]:
    epochs = sorted(chance.sample(range(_FIRST, _LAST), len(faults)))
    return tuple(Appointment(epoch=epoch, fault=fault) for epoch, fault in zip(epochs, faults, strict=True))
