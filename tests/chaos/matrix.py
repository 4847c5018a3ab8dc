"""Every service x every fail-point it passes x kill -9, in a few runs of the real day.

A run takes some of the points of each service; its services have lanes of their own, so that their deaths
fall together as they like, and each service has to come back before it dies again.
"""

from __future__ import annotations

from tests.chaos.faults.fail_points import PASSED, DieAt
from tests.chaos.nemesis import Appointment

ROUNDS = 3
_FIRST_EPOCH = 5
_APART = 50
"""Epochs between two deaths of one service."""
_STAGGER = 7
"""Epochs between the first deaths of two services."""


def rounds(count: int = ROUNDS) -> list[list[list[Appointment]]]:
    """The lanes of each run: every (service, point) pair is in exactly one."""
    return [[_lane(number, service, turn, count) for number, service in enumerate(PASSED)] for turn in range(count)]


def _lane(number: int, service: str, turn: int, count: int) -> list[Appointment]:
    return [
        Appointment(
            epoch=_FIRST_EPOCH + number * _STAGGER + place * _APART,
            fault=DieAt(service, point, passing=1 + (number + place + turn) % 3),
        )
        for place, point in enumerate(PASSED[service][turn::count])
    ]
