"""A run passes when nothing parts from the undisturbed day and enough was done to it; else the ruling says what."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.chaos import matrix
from tests.chaos.faults.fail_points import PASSED
from tests.chaos.faults.fault import Strike
from tests.chaos.outcome import Outcome
from tests.chaos.verdict import Judgement, judge

from alpha_panda.checker.model import Finding, Log, Verdict

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
FILLS = tuple(f"fill {number}" for number in range(20))


def finding(name: str, verdict: Verdict = Verdict.PASS) -> Finding:
    failed = verdict is Verdict.FAIL
    witness = "somewhere" if failed else None
    return Finding(
        invariant=name, verdict=verdict, examined=1, failures=int(failed), witness=witness, message="a message"
    )


DAY = Outcome(
    parts={"events of paper": ("a", "b"), "table paper.fills": FILLS},
    findings=(finding("fills"), finding("letters", Verdict.VACUOUS)),
    log=Log(records=()),
    began=NOON,
    ended=NOON + timedelta(seconds=30),
)
KILLED = Strike(kind="kill", name="SIGKILL history", at=NOON + timedelta(seconds=5), epoch=50, evidence="it is gone")


def test_an_equal_day_under_a_fault_that_hit_passes():
    ruling = judge(DAY, DAY, [KILLED], [])
    assert (ruling.judgement, ruling.reasons) == (Judgement.PASS, ())
    assert ruling.counts == {"kill": 1}


def test_a_row_that_differs_fails_and_is_named_with_what_it_should_be():
    found = replace(DAY, parts={**DAY.parts, "events of paper": ("a", "c")})
    ruling = judge(DAY, found, [KILLED], [])
    assert ruling.judgement is Judgement.FAIL
    assert ruling.reasons == ("events of paper: 2 rows, undisturbed 2; row 1 is c, undisturbed b",)


def test_a_row_that_is_missing_fails():
    found = replace(DAY, parts={**DAY.parts, "table paper.fills": FILLS[:-1]})
    assert judge(DAY, found, [KILLED], []).reasons == (
        "table paper.fills: 19 rows, undisturbed 20; row 19 is missing, undisturbed fill 19",
    )


def test_a_contradicted_invariant_fails_with_its_witness():
    found = replace(DAY, findings=(finding("fills", Verdict.FAIL),))
    assert judge(DAY, found, [KILLED], []).reasons == ("fills: somewhere: a message",)


def test_a_fault_that_did_not_happen_makes_the_run_invalid():
    ruling = judge(DAY, DAY, [], ["SIGKILL history: it had no process"])
    assert (ruling.judgement, ruling.reasons) == (Judgement.INVALID, ("SIGKILL history: it had no process",))


def test_a_fault_after_the_close_makes_the_run_invalid():
    late = replace(KILLED, at=DAY.ended + timedelta(seconds=1))
    assert judge(DAY, DAY, [late], []).judgement is Judgement.INVALID


def test_a_day_without_trades_proves_nothing():
    quiet = replace(DAY, parts={**DAY.parts, "table paper.fills": FILLS[:3]})
    assert judge(quiet, quiet, [KILLED], []).judgement is Judgement.INVALID


def test_an_invariant_that_lost_its_examples_is_vacuous():
    found = replace(DAY, findings=(finding("fills", Verdict.VACUOUS),))
    assert judge(DAY, found, [KILLED], []).judgement is Judgement.VACUOUS


def test_an_invariant_that_a_fault_should_have_fed_is_vacuous_without_it():
    ruling = judge(DAY, DAY, [KILLED], [], expected=frozenset({"letters"}))
    assert (ruling.judgement, ruling.reasons) == (Judgement.VACUOUS, ("letters had nothing to examine",))


def test_what_fails_is_told_before_what_is_unproven():
    found = replace(DAY, findings=(finding("fills", Verdict.FAIL),))
    assert judge(DAY, found, [], ["missed"]).judgement is Judgement.FAIL


def test_the_matrix_has_every_fail_point_of_every_service_once():
    planned = [each.fault.name.partition(",")[0] for lanes in matrix.rounds() for lane in lanes for each in lane]
    assert sorted(planned) == sorted(f"{name} at {point}" for name, points in PASSED.items() for point in points)
