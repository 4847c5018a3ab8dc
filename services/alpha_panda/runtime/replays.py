"""Replayed dead letters: the headers that mark them on their source topic, and who takes such a record again.

`panda dlq replay` writes a dead letter's bytes back to where they came from. Every group reads that
record, and most have processed it the first time. New it is exactly to those that had set it aside,
which their own dead letters say, exactly and across restarts; an id is remembered in addition, so that
one event written back twice is taken once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

import msgspec

from alpha_panda.runtime.dead_letters import Coordinates, Header

REPLAYED_FROM = "panda-replayed-from"
"""The dead letter that was written back."""
REPLAY_OF = "panda-replay-of"
"""The record that was set aside."""
ORIGIN = "panda-origin"
"""The record that was set aside first, where a replayed one was set aside again."""
REPLAYS = "panda-replays"
"""How often the origin has been written back, this time included."""
MARKS = (REPLAYED_FROM, REPLAY_OF, ORIGIN, REPLAYS)

_SEPARATOR = "/"
_REMEMBERED_IDS = 10_000


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """What the headers of a replayed record say."""

    letter: Coordinates
    of: Coordinates
    origin: Coordinates
    count: int


def replay_headers(replay: Replay) -> list[Header]:
    """The mark of a replayed record."""
    facts = {
        REPLAYED_FROM: coordinates_text(replay.letter),
        REPLAY_OF: coordinates_text(replay.of),
        ORIGIN: coordinates_text(replay.origin),
        REPLAYS: str(replay.count),
    }
    return [(name, text.encode()) for name, text in facts.items()]


def replay_of(headers: Iterable[Header] | None) -> Replay | None:
    """The mark of a record; None where it has none, or one that this program did not write."""
    if not headers:
        return None
    facts = {name: value.decode(errors="replace") for name, value in headers if name in MARKS and value}
    if len(facts) != len(MARKS):
        return None
    try:
        return Replay(
            letter=_parse(facts[REPLAYED_FROM]),
            of=_parse(facts[REPLAY_OF]),
            origin=_parse(facts[ORIGIN]),
            count=int(facts[REPLAYS]),
        )
    except ValueError:
        return None


def coordinates_text(coordinates: Coordinates) -> str:
    """`topic/partition/offset`; a topic's name has no slash."""
    return _SEPARATOR.join(map(str, coordinates))


def _parse(text: str) -> Coordinates:
    topic, partition, offset = text.split(_SEPARATOR)
    return topic, int(partition), int(offset)


class TakenReplays:
    """The ids of the replayed events that a task has taken, the latest of them."""

    def __init__(self) -> None:
        """None so far."""
        self._ids: OrderedDict[str, None] = OrderedDict()

    def is_first(self, identity: str) -> bool:
        """Remember the id; False where it was remembered already."""
        if identity in self._ids:
            return False
        self._ids[identity] = None
        if len(self._ids) > _REMEMBERED_IDS:
            self._ids.popitem(last=False)
        return True

    def forget(self, identity: str) -> None:
        """It was refused once more, so a later replay of it is new again."""
        self._ids.pop(identity, None)
