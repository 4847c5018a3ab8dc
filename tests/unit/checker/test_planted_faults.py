"""Each invariant is contradicted by the faults that it is there for, and names a record where it is."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.log_faults import (
    LETTERS,
    Fault,
    both,
    data,
    foreign,
    header,
    ledger,
    letter,
    lost,
    moved,
    order,
    second_broker,
    swapped,
    taken,
    twice,
    two_owners,
    unreadable,
    written,
)
from tests.support.logged_run import (
    GROUP,
    OTHER,
    clean_log,
)
from tests.support.trading import ACME, BROKER

from alpha_panda.checker.check import check
from alpha_panda.checker.model import Finding, Log, Verdict
from alpha_panda.checker.projection import project
from alpha_panda.checker.reading import Facts
from alpha_panda.events import topics
from alpha_panda.events.topics import (
    BARS,
    BROKER_EPOCHS,
    CONTROL_BROKERS,
    MARKET_EPOCHS,
    ORDERS_ACK,
    ORDERS_CANCELLED,
    ORDERS_FILLED,
    ORDERS_MODIFIED,
    ORDERS_SUBMITTED,
    PNL_SNAPSHOTS,
    SIGNALS_RAW,
    SIGNALS_REJECTED,
    SIGNALS_VALIDATED,
    TICKS,
)


def findings(log: Log) -> dict[str, Finding]:
    return {finding.invariant: finding for finding in check(Facts(log))}


FAULTS: list[tuple[str, str, Fault]] = [
    ("accounting", "cash is a paisa short", data(PNL_SNAPSHOTS, -1, cash_paise=1)),
    ("accounting", "realised profit is another", data(PNL_SNAPSHOTS, -1, realised_paise=7)),
    ("accounting", "charges are forgotten", data(PNL_SNAPSHOTS, -1, charges_paise=0)),
    ("accounting", "a fill is lost", lost(ORDERS_FILLED, 3)),
    ("accounting", "a fill's price is changed", data(ORDERS_FILLED, 3, price_paise=10_001)),
    ("accounting", "the money was never paid in", lost(CONTROL_BROKERS, 0)),
    ("positions", "a position is hidden", data(PNL_SNAPSHOTS, -1, positions=[])),
    ("positions", "a fill is booked twice", data(ORDERS_FILLED, 8, quantity=1_200)),
    ("ledger", "the books do not balance", ledger(cash=1)),
    ("ledger", "cash left by another door", ledger(cash=-5, capital=5, **{"charge:gst": 0})),
    ("ledger", "charges are booked as profit", ledger(**{"charge:gst": 3, "realised:mo": -3})),
    ("fills", "an order is filled beyond its quantity", data(ORDERS_FILLED, 1, quantity=401, filled_quantity=1_001)),
    ("fills", "filled_quantity goes back", data(ORDERS_FILLED, 1, filled_quantity=400)),
    ("fills", "a cancellation forgets a fill", data(ORDERS_CANCELLED, 0, filled_quantity=5)),
    ("order_sequences", "an order event is lost", lost(ORDERS_ACK, 0)),
    ("order_sequences", "a number is used twice", data(ORDERS_FILLED, 1, order_sequence=2)),
    ("one_writer", "two owners have one fence", two_owners),
    ("one_writer", "a fence was never claimed", both(taken(1), written(2))),
    ("order_automaton", "an order is never acknowledged", lost(ORDERS_ACK, 5)),
    ("order_automaton", "a filled order fills again", both(data(ORDERS_FILLED, 0, filled_quantity=1_000))),
    ("order_automaton", "an order is cancelled twice", twice(ORDERS_CANCELLED, 0)),
    ("order_terms", "the side changes in flight", order(ORDERS_FILLED, 0, side="SELL")),
    ("order_terms", "a modification changes the leg", order(ORDERS_MODIFIED, 0, side="BUY")),
    ("one_verdict", "a verdict is lost", lost(SIGNALS_VALIDATED, 0)),
    ("one_verdict", "a verdict comes twice", twice(SIGNALS_REJECTED, 0)),
    ("one_verdict", "a signal nobody raised is validated", lost(SIGNALS_RAW, 0)),
    ("one_order", "a validated signal never becomes an order", lost(ORDERS_SUBMITTED, 0)),
    ("one_order", "an order is submitted twice", twice(ORDERS_SUBMITTED, 0)),
    ("one_order", "an order that nobody validated", lost(SIGNALS_VALIDATED, 1)),
    ("one_order", "the order is larger than what was validated", order(ORDERS_SUBMITTED, 0, quantity=2_000)),
    ("one_owner", "an entry passes beside a working one", twice(SIGNALS_VALIDATED, 0)),
    ("one_owner", "an entry passes beside an open position", lost(ORDERS_FILLED, 3)),
    ("unique_ids", "a fill is on the log twice", twice(ORDERS_FILLED, 0)),
    ("unique_ids", "a tick is on the log twice", twice(TICKS, 0)),
    ("unique_ids", "a marker is on the log twice", twice(BROKER_EPOCHS, 0)),
    ("deterministic_ids", "a tick has another sequence than its id", header(TICKS, 0, sequence=99)),
    ("deterministic_ids", "a signal's id is random", header(SIGNALS_RAW, 0, id="018f0000-0000-7000-8000-000000000000")),
    ("deterministic_ids", "a bar is of another start", data(BARS, 0, start="2026-06-02T04:29:00Z")),
    ("deterministic_ids", "a verdict's id is its signal's", header(SIGNALS_REJECTED, 0, id="0" * 8)),
    ("deterministic_ids", "a fill names another tick", header(ORDERS_FILLED, 0, causation_id="0" * 8)),
    ("deterministic_ids", "a snapshot's id is random", header(PNL_SNAPSHOTS, 0, id="0" * 8)),
    ("deterministic_ids", "a marker's id is of another epoch", data(MARKET_EPOCHS, 0, epoch=7)),
    ("deterministic_ids", "a change's id is of another generation", data(CONTROL_BROKERS, 0, generation=2)),
    ("order_ids", "an order is named at random", order(ORDERS_SUBMITTED, 0, order_id="0" * 8)),
    ("right_topics", "a fill is among the cancellations", moved(ORDERS_FILLED, 0, ORDERS_CANCELLED.full_name(BROKER))),
    ("right_topics", "an event carries another Broker", header(ORDERS_FILLED, 0, broker=OTHER)),
    ("right_topics", "an event is on another Broker's topic", moved(SIGNALS_RAW, 1, SIGNALS_RAW.full_name(OTHER))),
    ("causes", "a signal without a cause", header(SIGNALS_RAW, 0, causation_id=None)),
    ("causes", "a signal's bar is not on the log", lost(BARS, 0)),
    ("causes", "a fill's tick is not on the log", lost(TICKS, 4)),
    ("causes", "a verdict of another Broker's signal", second_broker),
    ("markers", "an epoch is not marked", lost(BROKER_EPOCHS, 9)),
    ("markers", "offsets go back", data(MARKET_EPOCHS, 2, outputs={TICKS.name: {"0": 1}})),
    ("markers", "an epoch follows the final one", data(MARKET_EPOCHS, 4, final=True)),
    ("same_watermarks", "a task closes at another time", header(BROKER_EPOCHS, 5, event_time="2026-06-02T05:00:00Z")),
    ("epochs_in_order", "an event of an older epoch comes late", header(TICKS, 20, epoch=1)),
    ("marked_offsets", "an event was written after its marker", header(TICKS, 8, epoch=2)),
    ("marked_offsets", "an event is ahead of its epoch", header(TICKS, 7, epoch=3)),
    ("letters_for_malformed", "a record is dropped without a word", unreadable),
    ("letters_for_malformed", "a foreign instrument's tick is dropped", foreign),
    ("true_letters", "a dead letter of no record", letter(offset=900)),
    ("true_letters", "a dead letter with other bytes", both(unreadable, letter(value=b"["))),
    ("true_letters", "a record set aside twice", both(unreadable, letter(), letter(at=1))),
    ("true_letters", "a dead letter among another Broker's", both(unreadable, letter(topic=f"{OTHER}.{LETTERS}"))),
    ("true_letters", "a dead letter that hides its source", both(unreadable, letter(**{"panda-offset": b"x"}))),
    ("bars", "a bar's close is invented", data(BARS, 0, high_paise=99_999, close_paise=99_999)),
    ("bars", "a bar loses volume", data(BARS, 3, volume=1)),
    ("bars", "a bar is missing", lost(BARS, 2)),
    ("bars", "a tick is not in its bar", lost(TICKS, 6)),
]


def test_a_clean_log_contradicts_nothing() -> None:
    found = findings(clean_log())
    assert {name: each.verdict for name, each in found.items() if each.verdict is not Verdict.PASS} == {
        "one_writer": Verdict.VACUOUS,
        "letters_for_malformed": Verdict.VACUOUS,
        "true_letters": Verdict.VACUOUS,
    }


def test_every_invariant_has_a_planted_fault() -> None:
    assert {invariant for invariant, _, _ in FAULTS} == set(findings(clean_log()))


@pytest.mark.parametrize(("invariant", "fault"), [pytest.param(i, f, id=f"{i}: {says}") for i, says, f in FAULTS])
def test_a_planted_fault_is_found_with_a_witness(invariant: str, fault: Fault) -> None:
    finding = findings(fault(clean_log()))[invariant]
    assert finding.verdict is Verdict.FAIL
    assert finding.witness
    assert finding.failures >= 1


def test_a_record_that_has_its_dead_letter_is_no_contradiction() -> None:
    found = findings(both(unreadable, letter())(clean_log()))
    assert found["letters_for_malformed"].verdict is Verdict.PASS
    assert found["true_letters"].verdict is Verdict.PASS


def test_a_record_that_nobody_has_read_yet_needs_no_dead_letter() -> None:
    log = msgspec.structs.replace(unreadable(clean_log()), committed={GROUP: {(TICKS.name, 0): 44}})
    assert findings(log)["letters_for_malformed"].verdict is Verdict.VACUOUS


def test_what_a_replaced_owner_wrote_counts_for_nothing() -> None:
    log = both(taken(1), taken(2), written(1), written(None), taken(1))(clean_log())
    found = findings(log)
    assert {name for name, each in found.items() if each.verdict is Verdict.FAIL} == set()
    assert "3 records of owners that were replaced" in found["one_writer"].message


def test_what_is_fenced_and_what_claims_is_in_no_projection() -> None:
    before = project(Facts(clean_log()))
    assert project(Facts(both(taken(1), taken(2), written(1))(clean_log()))) == before
    assert project(Facts(both(taken(1), written(1))(clean_log()))) != before


def test_a_row_of_a_file_needs_no_record() -> None:
    row = letter(offset=17, **{"panda-file": b"day.csv", "panda-partition": b"-1"})
    assert findings(row(clean_log()))["true_letters"].verdict is Verdict.PASS


def test_a_signal_that_risk_has_not_reached_is_counted_and_no_contradiction() -> None:
    log = clean_log()
    cut = [
        record
        for record in log.records
        if not (b'"epoch":9' in (record.value or b"") and b"risk-manager" in (record.value or b""))
        and not any(f'"epoch":{n}'.encode() in (record.value or b"") for n in (10, 11, 12))
    ]
    finding = findings(msgspec.structs.replace(log, records=tuple(cut)))["one_verdict"]
    assert finding.verdict is Verdict.PASS
    assert "1 not decided yet" in finding.message


def test_causes_that_retention_has_deleted_are_counted_and_no_contradiction() -> None:
    log = clean_log()
    kept = tuple(record for record in log.records if record.topic != TICKS.name)
    beginnings = log.beginnings | {(TICKS.name, 0): 44}
    found = findings(msgspec.structs.replace(log, records=kept, beginnings=beginnings))
    assert found["causes"].verdict is Verdict.PASS
    assert "retention has deleted" in found["causes"].message
    assert found["bars"].verdict is Verdict.VACUOUS


def test_the_smallest_witness_is_named() -> None:
    finding = findings(both(twice(TICKS, 5), twice(TICKS, 3))(clean_log()))["unique_ids"]
    assert finding.failures == 2
    assert finding.witness == f"{topics.TICKS.name}/0@00000044"


def test_an_instrument_with_disordered_ticks_is_left_out_of_the_bars() -> None:
    finding = findings(swapped(TICKS, 4, 5)(clean_log()))["bars"]
    assert finding.verdict is Verdict.VACUOUS
    assert "1 instruments with disordered ticks" in finding.message


def test_the_token_of_the_run_is_in_the_table() -> None:
    instruments = clean_log().instruments
    assert instruments is not None
    assert ACME in instruments
