"""A strategy that does what none may do is called no more, on no instrument, until it is changed; no other notices."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.strategies.market_days import START, TOKEN, bar
from tests.unit.strategy_runner.scripted import (
    HDFCBANK,
    HDFCBANK_TOKEN,
    MODULE,
    YESBANK,
    bar_event,
    broker,
    configured,
    facts,
    feed,
    outputs,
    partition,
    runner,
    spec,
)

from alpha_panda.events.control import QuarantineKind, StrategyQuarantined
from alpha_panda.events.envelope import Event
from alpha_panda.events.topics import CONTROL_QUARANTINE
from alpha_panda.strategy_runner.processor import StrategyRunnerProcessor
from alpha_panda.strategy_runner.verdicts import Docket
from alpha_panda.strategy_runner.warden import Warden
from alpha_panda.strategy_runner.watch import Limits, NoWatch

BOTH = [YESBANK, HDFCBANK]
BREAKS, ENTERS, QUIET = 9_000, 10_000, 8_000
BAD = spec(params={"raiseAt": BREAKS, "enterAt": ENTERS}, instruments=BOTH)


def trading(wanted: dict[str, Any] = BAD, warden: Warden | None = None) -> StrategyRunnerProcessor:
    processor = runner(warden=warden)
    healthy = spec(params={"enterAt": ENTERS}, instruments=BOTH)
    feed(processor, broker(), configured("s", wanted), configured("healthy", healthy))
    return processor


def close(paise: int, minute: int = 0, token: int = TOKEN, epoch: int | None = None) -> Event[Any]:
    return bar_event(bar(paise, START + timedelta(minutes=minute), instrument_token=token), epoch)


def names(found: list[Event[Any]]) -> list[tuple[str, int]]:
    return [(each.data.strategy, each.data.instrument_token) for each in found]


def test_a_strategy_that_raises_is_quarantined_with_reason_evidence_and_cause() -> None:
    processor = trading()
    cause = close(BREAKS)
    [event] = outputs(processor, cause)
    fact = event.data
    assert (fact.strategy, fact.uid, fact.generation) == ("s", "u1", 1)
    assert (fact.kind, fact.call, fact.instrument_token) == (QuarantineKind.RAISED, "on_bar", TOKEN)
    assert fact.reason == "ZeroDivisionError: nothing to divide by"
    assert fact.evidence.endswith('in on_bar: raise ZeroDivisionError("nothing to divide by")')
    assert (event.key, event.causation_id, event.event_time) == ("s", cause.id, cause.event_time)
    [notice] = processor.drain_notices()
    assert notice.kind == "strategy_quarantined"
    assert notice.message == (
        f"strategy s is quarantined: raised in on_bar on instrument {TOKEN}: ZeroDivisionError: nothing to divide by"
    )
    assert processor.drain_notices() == ()


def test_live_all_its_instruments_stop_at_once_and_others_go_on() -> None:
    processor = trading()
    feed(processor, close(BREAKS))
    found = feed(processor, close(ENTERS, 1), close(ENTERS, 1, HDFCBANK_TOKEN))
    assert names(found) == [("healthy", TOKEN), ("healthy", HDFCBANK_TOKEN)]
    assert processor.diagnostics()["strategies_quarantined"] == processor.diagnostics()["faults"] == 1
    assert processor.report()["s"]["quarantine"] == "ZeroDivisionError: nothing to divide by"


def test_in_a_replay_its_other_instruments_stop_with_the_second_epoch_after() -> None:
    processor = trading()
    stopped = feed(processor, close(BREAKS, 0, TOKEN, 1), close(ENTERS, 0, TOKEN, 1))
    assert names(stopped) == [("healthy", TOKEN)], "the instance itself at once"
    later = [feed(processor, close(ENTERS, epoch, HDFCBANK_TOKEN, epoch)) for epoch in (1, 2, 3)]
    assert [("s", HDFCBANK_TOKEN) in names(each) for each in later] == [True, True, False]


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        ("None", "returned None: allowed is an iterable"),
        ('"BUY"', "returned 'BUY': allowed is an iterable"),
        ("42", "returned 42"),
        ('["BUY"]', "of type str: allowed are Enter and Exit"),
        ("[Enter(side='BUY', reason='x')]", "side is 'BUY' of type str; allowed: BUY, SELL"),
        ("[Enter(side=Side.BUY, reason='x', stop_loss_paise=float('nan'))]", "stop_loss_paise is nan of type float"),
        ("[Enter(side=Side.BUY, reason='x', target_paise=-5)]", "target_paise is -5; allowed: 1 to"),
        ("[Enter(side=Side.BUY, reason='x', stop_loss_paise=True)]", "stop_loss_paise is True of type bool"),
        ("[Enter(side=Side.BUY, reason='x', target_paise=10**30)]", "target_paise is 1000"),
        ("[Enter(side=Side.BUY, reason='x' * 501)]", "reason has 501 characters; allowed: 500"),
        ("[Enter(side=Side.BUY, reason='\\0')]", "allowed is printable text"),
        ("[Exit(side=Side.BUY, reason='x')] * 10_000", "wants 10000 things at once; allowed: 50"),
        ("(Exit(side=Side.BUY, reason='x') for _ in iter(int, 1))", "wants more than 50 things at once"),
        ("[Enter(side=Side.BUY, reason='x', stop_loss_paise=10_500)]", "wrong side of 10000"),
        ("[Exit(side=Side.SELL, reason='x'), 7]", "returned 7"),
    ],
)
def test_nonsense_is_told_with_value_and_what_is_allowed_and_nothing_of_it_is_passed_on(
    returned: str, told: str
) -> None:
    processor = trading(spec("Returns", params={"code": returned}))
    found = outputs(processor, close(ENTERS))
    [fact] = facts(found)
    assert fact.kind is QuarantineKind.NONSENSE
    assert told in fact.reason
    assert names([each for each in found if each.data is not fact]) == [("healthy", TOKEN)]


@pytest.mark.parametrize(
    ("bad", "call", "kind"),
    [
        ("Unsaved", "snapshot", QuarantineKind.NONSENSE),
        ("Listed", "snapshot", QuarantineKind.NONSENSE),
        ("Unborn", "build", QuarantineKind.RAISED),
        ("Vague", "build", QuarantineKind.NONSENSE),
        ("Forgetful", "restore", QuarantineKind.RAISED),
    ],
)
def test_a_fault_outside_of_any_event_is_told_with_the_next_watermark(
    bad: str, call: str, kind: QuarantineKind
) -> None:
    processor = trading(spec(bad, params={"enterAt": ENTERS}))
    state = processor.snapshot()
    if call == "restore":
        processor = runner()
        processor.restore(state)
    assert names(feed(processor, close(ENTERS))) == [("healthy", TOKEN)]
    [fact] = facts(processor.on_watermark(START))
    assert (fact.strategy, fact.call, fact.kind) == ("s", call, kind)
    assert processor.on_watermark(START) == ()


def test_an_import_that_ends_the_process_is_told_for_the_strategy_as_a_whole() -> None:
    processor = trading({**spec(), "strategy": f"{MODULE}_exits:Nothing"})
    [fact] = facts(processor.on_watermark(START))
    assert (fact.call, fact.instrument_token, fact.reason) == ("load", None, "SystemExit: 4")


def test_what_a_strategy_keeps_is_limited() -> None:
    warden = Warden(Limits(state_bytes=100_000), NoWatch(), {})
    processor = trading(spec("Hoards", params={"enterAt": ENTERS}), warden)
    feed(processor, close(QUIET))
    assert processor.diagnostics()["instances_at_fault"] == 0
    processor.snapshot()
    [fact] = facts(processor.on_watermark(START))
    assert (fact.strategy, fact.kind) == ("s", QuarantineKind.MEMORY)
    assert "100000 bytes" in fact.reason
    assert names(feed(processor, close(ENTERS, 1))) == [("healthy", TOKEN)]


class GrownWatch(NoWatch):
    """Says that the process holds much more than before."""

    def has_grown(self) -> bool:
        return True


def test_what_a_strategy_keeps_beside_its_state_is_found_when_the_process_has_grown() -> None:
    for watch, told in ((NoWatch(), []), (GrownWatch(), ["s"])):
        processor = trading(spec("Hides"), Warden(Limits(state_bytes=500_000), watch, {}))
        processor.snapshot()
        assert [fact.strategy for fact in facts(processor.on_watermark(START))] == told


def test_shipped_strategies_keep_little() -> None:
    processor = runner(warden=Warden(Limits(state_bytes=200_000), GrownWatch(), {}))
    shipped = [
        configured("m", {**spec(), "strategy": "momentum"}),
        configured("e", {**spec(), "strategy": "ema_cross"}),
    ]
    feed(processor, broker(), *shipped, *(close(10_000 + minute, minute) for minute in range(100)))
    processor.snapshot()
    assert processor.on_watermark(START) == []
    assert processor.diagnostics()["instances"] == 2


def test_a_restart_keeps_the_quarantine_and_a_changed_strategy_ends_it() -> None:
    processor = trading()
    feed(processor, close(BREAKS))
    other = runner()
    other.restore(processor.snapshot())
    assert other.snapshot() == processor.snapshot()
    feed(other, configured("s", BAD))
    assert names(feed(other, close(ENTERS, 1))) == [("healthy", TOKEN)], "the same generation"
    feed(other, configured("s", BAD, generation=2))
    assert names(feed(other, close(ENTERS, 2))) == [("healthy", TOKEN), ("s", TOKEN)]
    feed(other, close(BREAKS, 3))
    assert names(feed(other, close(ENTERS, 4))) == [("healthy", TOKEN)]
    feed(other, configured("s", BAD, uid="u2"))
    assert names(feed(other, close(ENTERS, 5))) == [("healthy", TOKEN), ("s", TOKEN)], "made anew"


def test_a_fact_that_is_read_before_its_strategy_holds_and_one_of_an_older_generation_does_not() -> None:
    first = trading()
    [event] = outputs(first, close(BREAKS))
    other = runner()
    feed(other, broker(), event, configured("s", BAD))
    assert feed(other, close(ENTERS)) == []
    later = runner()
    feed(later, broker(), configured("s", BAD, generation=2), event)
    assert names(feed(later, close(ENTERS))) == [("s", TOKEN)]


def test_a_verdict_on_the_log_stands_whatever_the_strategy_would_do_now() -> None:
    """Time and memory need not run out again at the same event."""
    first = trading()
    cause = close(BREAKS, 0, TOKEN, 1)
    [event] = outputs(first, cause)
    other = trading(spec(params={"enterAt": BREAKS}, instruments=BOTH))
    other.recall(event, CONTROL_QUARANTINE)
    [again] = [each for each in outputs(other, cause) if isinstance(each.data, StrategyQuarantined)]
    assert (again.id, again.data) == (event.id, event.data)
    assert names(feed(other, close(BREAKS, 1, HDFCBANK_TOKEN, 2))) == [("s", HDFCBANK_TOKEN)]
    assert feed(other, close(BREAKS, 2, HDFCBANK_TOKEN, 3)) == []


def test_a_verdict_survives_that_the_processor_is_made_anew() -> None:
    docket: Docket = {}
    cause = close(BREAKS)
    [event] = outputs(trading(warden=Warden(Limits(), NoWatch(), docket)), cause)
    mended = spec(params={"enterAt": ENTERS}, instruments=BOTH)
    [again] = outputs(trading(mended, Warden(Limits(), NoWatch(), docket)), cause)
    assert again == event


@settings(max_examples=10, deadline=None)
@given(
    closes_of=st.fixed_dictionaries(
        {
            token: st.lists(st.sampled_from([QUIET, BREAKS, ENTERS]), min_size=6, max_size=8)
            for token in (TOKEN, HDFCBANK_TOKEN)
        }
    ),
    delays=st.lists(st.booleans(), min_size=8, max_size=8),
)
def test_the_number_of_partitions_changes_no_signal_of_a_strategy_that_breaks(
    closes_of: dict[int, list[int]], delays: list[bool]
) -> None:
    count = next(n for n in range(2, 50) if partition(TOKEN, n) != partition(HDFCBANK_TOKEN, n))
    tasks = [runner((partition(token, count),), count) for token in (TOKEN, HDFCBANK_TOKEN)]
    assert _signals([runner()], closes_of, delays) == _signals(tasks, closes_of, delays)


def _signals(
    tasks: list[StrategyRunnerProcessor], closes_of: dict[int, list[int]], delays: list[bool]
) -> set[tuple[str, str]]:
    """Run by epochs: a fact of epoch k is read by all tasks in k + 1 or in k + 2, before anything else."""
    for each in tasks:
        feed(each, broker(), configured("s", BAD), configured("t", spec(params={"enterAt": BREAKS}, instruments=BOTH)))
    told: dict[int, list[Event[Any]]] = {}
    signals: set[tuple[str, str]] = set()
    for epoch in range(1, 9):
        made = [
            close(values[epoch - 1], epoch, token, epoch) for token, values in closes_of.items() if len(values) >= epoch
        ]
        for task in tasks:
            outputs(task, *told.get(epoch, []))
            found = outputs(task, *made)
            later = epoch + (2 if delays[epoch - 1] else 1)
            told.setdefault(later, []).extend(each for each in found if isinstance(each.data, StrategyQuarantined))
            signals |= {(each.id, each.data.strategy) for each in found if each.broker is not None}
    return signals
