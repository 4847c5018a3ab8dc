"""A seed is always the same faults, and fifty of them leave none out."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.chaos import seeds, small_disk


def told(seed: int) -> list[list[tuple[int, str]]]:
    return [[(each.epoch, each.fault.name) for each in lane] for lane in seeds.plan(seed).lanes]


def test_a_seed_is_always_the_same_and_another_is_another():
    assert told(7) == told(7)
    assert told(7) != told(8)


def test_fifty_seeds_have_every_kind_of_fault():
    found = Counter(each.fault.kind for seed in range(1, 51) for lane in seeds.plan(seed).lanes for each in lane)
    wanted = {"kill", "stop", "fail-point", "poison", "duplicates", "rewind", "network", "redis flush"}
    wanted |= {f"{store} {how}" for store in ("kafka", "redis", "postgres") for how in ("restart", "stop")}
    wanted |= {"full disk"} if small_disk.why_not() is None else set()
    assert wanted == set(found)


def test_faults_of_a_lane_come_in_turn():
    for seed in range(1, 51):
        for lane in seeds.plan(seed).lanes:
            epochs = [each.epoch for each in lane]
            assert epochs == sorted(set(epochs))


@pytest.mark.parametrize(("text", "numbers"), [("3", [3]), ("1-3", [1, 2, 3]), ("7,9-10", [7, 9, 10])])
def test_seeds_are_named_by_numbers_and_ranges(text: str, numbers: list[int]):
    assert list(seeds.parse(text)) == numbers


def test_the_fixed_set_can_be_read():
    assert all(isinstance(seed, int) for seed in seeds.parse("fixed"))
