"""What `panda up --rehearse` refuses before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from alpha_panda.cli.rehearsal import SPEED, rehearsal_of
from alpha_panda.cli.resource_files import read_resources
from alpha_panda.errors import InputError
from alpha_panda.local.run_file import FeedChoice, Run

EXAMPLES = Path(__file__).parents[3] / "examples"
MARKET = EXAMPLES / "market"
BOTH = read_resources([str(EXAMPLES / "broker.yaml"), str(EXAMPLES / "rehearsal")])


def test_the_examples_name_the_broker_that_is_rehearsed():
    found = rehearsal_of(MARKET, "max", None, BOTH)
    assert found is not None
    assert (found.path, found.broker, found.speed) == (str(MARKET), "zerodha", SPEED)


def test_nothing_is_rehearsed_unless_asked_for():
    assert rehearsal_of(None, "max", None, []) is None


def test_paper_alone_is_no_rehearsal():
    with pytest.raises(InputError, match="Brokers of type Zerodha in what -f names: none"):
        rehearsal_of(MARKET, "max", None, read_resources([str(EXAMPLES / "broker.yaml")]))


def test_a_run_with_a_past_is_no_rehearsal():
    traded = Run(feed=FeedChoice(source="replay", path=str(MARKET)))
    with pytest.raises(InputError, match="has traded already") as refused:
        rehearsal_of(MARKET, "max", traded, BOTH)
    assert "--again" in str(refused.value.remedy)


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "601", "nan", "inf"])
def test_a_speed_at_which_nobody_could_answer_is_refused(speed: str):
    with pytest.raises(InputError, match="a factor above 0, at most 600"):
        rehearsal_of(MARKET, speed, None, BOTH)
