"""What the watches of all services find is told once each, the root first."""

from datetime import UTC, datetime, timedelta

import msgspec
from tests.unit.local.test_doctor import levels, service

from alpha_panda.domain.pipeline_watch import Code
from alpha_panda.domain.pipeline_watch import Finding as Fault
from alpha_panda.local.doctor.findings import Level
from alpha_panda.local.doctor.pipeline import judge_pipeline

NOW = datetime(2026, 6, 2, 4, 0, tzinfo=UTC)


def fault(code: Code, subject: str, seconds: float, *waits_for: str) -> Fault:
    since = NOW - timedelta(seconds=seconds)
    return Fault(
        code=code, subject=subject, since=since, seconds=seconds, message="said", look="look", waits_for=waits_for
    )


def test_what_the_watches_find_has_a_line_each_once_and_the_root_first() -> None:
    assert levels(*judge_pipeline(())) == [Level.SKIPPED]
    assert levels(*judge_pipeline((service(),))) == [Level.OK]
    waiting = msgspec.structs.replace(
        service("runner"),
        findings=(fault(Code.NO_PROGRESS, "runner", 30, "builder/0"), fault(Code.STALE_FEED, "market", 11)),
    )
    builder = msgspec.structs.replace(
        service("builder"),
        findings=(fault(Code.NOT_ANSWERING, "builder", 12), fault(Code.STALE_FEED, "market", 14)),
    )
    found = judge_pipeline((waiting, builder))
    assert levels(*found) == [Level.FAILED] * 3
    assert [each.message for each in found] == [
        "market: stale_feed since 03:59:46 UTC: said",
        "builder: not_answering since 03:59:48 UTC: said",
        "runner: no_progress since 03:59:30 UTC: said",
    ]
