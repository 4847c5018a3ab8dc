"""What a replay may write to: facts only, and only where a letter can be believed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from alpha_panda.errors import InputError
from alpha_panda.events.topics import CONTROL_BROKERS, MARKET_EPOCHS, ORDERS_FILLED, TICKS, Topic, dead_letter_topic
from alpha_panda.local.layout import Layout
from alpha_panda.local.letter_box import dead_letter_name, require_replayable
from alpha_panda.local.letters import Kind, Letter


def letter(topic: str, lies_on: str, kind: Kind = Kind.RECORD) -> Letter:
    return Letter(
        place=(lies_on, 0, 0),
        written_at=datetime(2026, 6, 2, tzinfo=UTC),
        group="g",
        topic=topic,
        source=(topic, 0, 0),
        kind=kind,
        reason="r",
        key=None,
        value=None,
        headers=(),
        replay=None,
    )


def test_facts_may_be_written_back_whoever_set_them_aside(tmp_path: Path) -> None:
    ticks, fills = TICKS.full_name(), ORDERS_FILLED.full_name("paper")
    places = [
        (ticks, dead_letter_topic(ticks)),
        (ticks, dead_letter_topic(ticks, "paper")),
        (fills, dead_letter_topic(fills, "paper")),
    ]
    require_replayable(Layout(tmp_path), [letter(*place) for place in places])


@pytest.mark.parametrize("topic", [CONTROL_BROKERS, MARKET_EPOCHS])
def test_states_and_markers_are_refused(tmp_path: Path, topic: Topic) -> None:
    name = topic.full_name()
    with pytest.raises(InputError, match="overrule newer ones"):
        require_replayable(Layout(tmp_path), [letter(name, dead_letter_topic(name))])


def test_a_letter_on_a_topic_that_is_not_its_own_is_not_believed(tmp_path: Path) -> None:
    ticks, fills = TICKS.full_name(), ORDERS_FILLED.full_name("paper")
    with pytest.raises(InputError, match="do not belong there"):
        require_replayable(Layout(tmp_path), [letter(fills, dead_letter_topic(ticks))])
    require_replayable(Layout(tmp_path), [letter("day.csv", dead_letter_topic(ticks), Kind.ROW)])


def test_a_dead_letter_topic_is_named_with_or_without_its_ending() -> None:
    name = dead_letter_topic(TICKS.full_name())
    assert dead_letter_name(TICKS.full_name()) == dead_letter_name(name) == name
