"""A dead letter that was written back is the same event: it is no second one to any invariant."""

from tests.unit.runtime.counting import tick

from alpha_panda.checker.identity import unique_ids
from alpha_panda.checker.model import Log, Record, Verdict
from alpha_panda.checker.reading import REPLAY_OF, Facts
from alpha_panda.events.envelope import Origin, encode
from alpha_panda.events.topics import TICKS
from alpha_panda.runtime import replays


def test_the_checker_and_the_runtime_know_the_mark_by_one_name() -> None:
    assert REPLAY_OF == replays.REPLAY_OF


def test_a_copy_with_a_mark_is_kept_apart_and_one_without_is_found() -> None:
    value = encode(tick(10), Origin(source="feed"))
    name = TICKS.full_name()
    of = (name, 0, 0)
    mark = replays.replay_headers(replays.Replay(letter=("letters", 0, 0), of=of, origin=of, count=1))
    first, copy = (
        Record(topic=name, partition=0, offset=offset, key=b"1", value=value, headers=headers)
        for offset, headers in ((0, ()), (1, tuple(mark)))
    )
    bare = Record(topic=name, partition=0, offset=2, key=b"1", value=value)
    facts = Facts(Log(records=(first, copy)))
    assert (len(facts.all), len(facts.replayed)) == (1, 1)
    assert unique_ids(facts).verdict is Verdict.PASS
    assert unique_ids(Facts(Log(records=(first, copy, bare)))).verdict is Verdict.FAIL
