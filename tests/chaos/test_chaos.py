"""The platform under faults ends the day as if nobody had disturbed it. Part of what `make chaos` does at length."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import pytest_asyncio
from tests.chaos import matrix, seeds
from tests.chaos.nemesis import Appointment
from tests.chaos.outcome import Outcome
from tests.chaos.report import told
from tests.chaos.trial import trial, undisturbed
from tests.chaos.verdict import Judgement, Ruling

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

SEEDS = (8, 46)
"""Short ones of those that have found something: harm to services and to each store between them."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def reference() -> Outcome:
    """The day as nobody disturbs it."""
    return await undisturbed()


async def test_the_day_ends_the_same_with_every_service_killed_at_a_third_of_its_fail_points(reference: Outcome):
    ruling = await valid_trial(reference, lambda: matrix.rounds()[0])
    assert ruling.judgement is Judgement.PASS, told(ruling)
    assert ruling.counts["fail-point"] == sum(map(len, matrix.rounds()[0]))


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_day_ends_the_same_under_the_faults_of_a_seed(reference: Outcome, seed: int):
    ruling = await valid_trial(reference, lambda: seeds.plan(seed).lanes, seeds.plan(seed).aftermath)
    assert ruling.judgement is Judgement.PASS, told(ruling)
    assert ruling.strikes


async def valid_trial(
    reference: Outcome, lanes: Callable[[], Sequence[Sequence[Appointment]]], aftermath: str = ""
) -> Ruling:
    """The ruling of a run in which all faults happened; where one came too late for the market, of a second run.

    An INVALID run says nothing about the platform, only that the machine was too busy for the harness. Whatever
    a valid run says stands.
    """
    ruling = await trial(reference, lanes(), aftermath=aftermath)
    if ruling.judgement is not Judgement.INVALID:
        return ruling
    return await trial(reference, lanes(), aftermath=aftermath)
