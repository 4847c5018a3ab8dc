"""The platform under faults ends the day as if nobody had disturbed it. Part of what `make chaos` does at length."""

from __future__ import annotations

import pytest
import pytest_asyncio
from tests.chaos import matrix
from tests.chaos.outcome import Outcome
from tests.chaos.report import told
from tests.chaos.trial import trial, undisturbed
from tests.chaos.verdict import Judgement

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def reference() -> Outcome:
    """The day as nobody disturbs it."""
    return await undisturbed()


async def test_the_day_ends_the_same_with_every_service_killed_at_a_third_of_its_fail_points(reference: Outcome):
    ruling = await trial(reference, matrix.rounds()[0])
    assert ruling.judgement is Judgement.PASS, told(ruling)
    assert ruling.counts["fail-point"] == sum(map(len, matrix.rounds()[0]))
