"""Every verdict of `panda doctor`, both ways, and its row in the troubleshooting page."""

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from alpha_panda.local.doctor.findings import Check, Finding, Level
from alpha_panda.local.doctor.logins import logins
from alpha_panda.local.doctor.machine import (
    MEBIBYTE,
    ClockFacts,
    PortFacts,
    Space,
    StoreClock,
    judge_calendar,
    judge_clock,
    judge_disk,
    judge_memory,
    judge_ports,
    judge_skew,
)
from alpha_panda.local.doctor.measure import ports, spaces
from alpha_panda.local.doctor.pipeline import (
    Progress,
    judge_conflicts,
    judge_lag,
    judge_letters,
    judge_services,
    judge_supervisor,
)
from alpha_panda.local.doctor.stores import (
    COMPARED,
    Answer,
    Comparison,
    judge_answer,
    judge_comparison,
    tell_versions,
)
from alpha_panda.local.layout import Layout
from alpha_panda.local.letters import Decision
from alpha_panda.local.platform import ServiceDetail
from alpha_panda.local.status_file import Phase, PlatformStatus
from alpha_panda.topology.model import KafkaUser, Plan, PostgresRole, RedisUser, ServicePlan

NOW = datetime(2026, 6, 2, 4, 0, tzinfo=UTC)
MS = timedelta(milliseconds=1)
CLOCK = ClockFacts(
    wall=timedelta(seconds=2),
    monotonic=timedelta(seconds=2),
    now=NOW,
    utc_offset=timedelta(hours=5, minutes=30),
    newest_file=NOW,
)
STATUS = PlatformStatus(pid=7, started=1, phase=Phase.SERVING)


def levels(*findings: Finding) -> list[Level]:
    """Their levels; what is not in order must say what to do."""
    for each in findings:
        assert each.message
        assert bool(each.remedy) == (each.level in (Level.WARNING, Level.FAILED))
    return [each.level for each in findings]


def service(name: str = "history", state: str = "Ready", reason: str = "") -> ServiceDetail:
    return ServiceDetail(
        name=name,
        state=state,
        pid=1,
        restarts=3,
        lag=0,
        event_age_seconds=None,
        rss_megabytes=None,
        epoch=None,
        finished=False,
        reason=reason,
        detail={},
    )


def test_every_check_has_its_row_in_the_troubleshooting_page() -> None:
    page = (Path(__file__).parents[3] / "docs" / "troubleshooting.md").read_text()
    rows = re.findall(r"^\| `([a-z-]+)` \|(.*)\|$", page, flags=re.MULTILINE)
    assert [name for name, _ in rows] == [check.value for check in Check]
    for name, row in rows:
        cells = [cell.strip() for cell in row.split("|")]
        assert len(cells) == 3
        assert name == Check.VERSIONS or all(cells), f"{name}: what it says, its cause and what to do"


def test_a_supervisor_that_serves_is_in_order_and_every_other_is_not() -> None:
    starting = msgspec.structs.replace(STATUS, phase=Phase.STARTING, progress="fetching Kafka")
    broken = msgspec.structs.replace(STATUS, error="no disk", remedy="make room")
    assert levels(judge_supervisor(STATUS, ".panda")) == [Level.OK]
    assert levels(judge_supervisor(starting, ".panda")) == [Level.WARNING]
    assert levels(judge_supervisor(broken, ".panda")) == [Level.FAILED]
    assert judge_supervisor(broken, ".panda").remedy == "make room"
    assert levels(judge_supervisor(None, ".panda")) == [Level.FAILED]


def test_each_service_that_is_not_ready_has_a_line_with_its_reason() -> None:
    assert levels(*judge_services((service(),))) == [Level.OK]
    assert levels(*judge_services(())) == [Level.WARNING]
    found = judge_services((service(), service("api", "BackOff", "ended with code 78"), service("feed", "Stalled")))
    assert levels(*found) == [Level.FAILED, Level.FAILED]
    assert found[0].message == "api is BackOff after 3 restarts: ended with code 78"


def test_each_conflict_has_a_line() -> None:
    assert levels(*judge_conflicts(())) == [Level.OK]
    assert levels(*judge_conflicts(("two want one name", "no such Broker"))) == [Level.WARNING] * 2


@pytest.mark.parametrize(
    ("before", "after", "level"),
    [
        ((0, 5), (0, 5), Level.OK),
        ((0, 5), (900, 5), Level.OK),
        ((900, 5), (900, 6), Level.OK),
        ((900, 5), (800, 5), Level.OK),
        ((900, 5), (900, 5), Level.FAILED),
        ((900, 5), (950, 5), Level.FAILED),
        ((900, 5), (10_000, 50), Level.WARNING),
        ((None, 0), (None, 0), Level.SKIPPED),
    ],
)
def test_a_service_with_records_to_read_must_read_some(
    before: tuple[int | None, int], after: tuple[int | None, int], level: Level
) -> None:
    then, now = (Progress(name="risk", lag=lag, done=done) for lag, done in (before, after))
    assert levels(*judge_lag((then,), (now,), 2.0)) == [level]


def test_letters_that_were_not_replayed_are_told_and_replayed_ones_are_not() -> None:
    assert levels(*judge_letters({})) == [Level.OK]
    assert levels(*judge_letters({"letters": Counter({Decision.DONE: 3})})) == [Level.OK]
    mixed = Counter({Decision.DONE: 3, Decision.REPLAY: 2, Decision.WORN_OUT: 1})
    (found,) = judge_letters({"letters": mixed})
    assert levels(found) == [Level.WARNING]
    assert found.message == "letters: 3 set aside (1 came back too often, 2 not yet replayed)"


def test_a_store_that_answers_says_its_version_and_another_why_not() -> None:
    for store, check in (("kafka", Check.KAFKA), ("redis", Check.REDIS), ("postgres", Check.POSTGRES)):
        there = judge_answer(Answer(store=store, version="7.0"))
        away = judge_answer(Answer(store=store, version=None, error="refused"))
        assert levels(there, away) == [Level.OK, Level.FAILED]
        assert {there.check, away.check} == {check}
        assert "7.0" in there.message
        assert away.remedy


@pytest.mark.parametrize("check", [Check.CREDENTIALS, *(check for checks in COMPARED.values() for check in checks)])
def test_what_differs_from_the_plan_is_listed_and_the_rest_counted(check: Check) -> None:
    same = judge_comparison(Comparison(check=check, examined="all as planned"))
    other = judge_comparison(Comparison(check=check, examined="", differences=tuple(f"d{n}" for n in range(7))))
    unknown = judge_comparison(Comparison(check=check, examined="", error="it was changed", remedy="undo that"))
    assert levels(same, other, unknown) == [Level.OK, Level.FAILED, Level.FAILED]
    assert other.message == "d0; d1; d2; d3; d4; and 2 more"
    assert (unknown.message, unknown.remedy) == ("it was changed", "undo that")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"wall": timedelta(seconds=3602)}, "stepped by 3600.0 s"),
        ({"wall": timedelta(seconds=1, milliseconds=850)}, "stepped by 150 ms"),
        ({"utc_offset": timedelta(hours=15)}, "15:00:00"),
        ({"utc_offset": timedelta(minutes=7)}, "0:07:00"),
        ({"newest_file": NOW + timedelta(hours=1)}, "set back"),
    ],
)
def test_a_clock_that_steps_has_no_zone_or_was_set_back_is_found(changes: dict[str, timedelta], said: str) -> None:
    found = judge_clock(msgspec.structs.replace(CLOCK, **changes))
    assert levels(found) == [Level.FAILED]
    assert said in found.message


def test_a_clock_that_runs_evenly_is_in_order_also_before_the_first_run() -> None:
    assert levels(judge_clock(CLOCK)) == [Level.OK]
    assert levels(judge_clock(msgspec.structs.replace(CLOCK, newest_file=None, wall=timedelta(seconds=2.1)))) == [
        Level.OK
    ]
    assert levels(judge_clock(msgspec.structs.replace(CLOCK, utc_offset=-timedelta(hours=9, minutes=30)))) == [Level.OK]


@pytest.mark.parametrize(
    ("offset", "uncertainty", "level"),
    [(0, 1, Level.OK), (500, 0, Level.OK), (501, 0, Level.FAILED), (-501, 0, Level.FAILED), (900, 400, Level.OK)],
)
def test_a_store_s_clock_may_differ_by_half_a_second_beyond_doubt(offset: int, uncertainty: int, level: Level) -> None:
    clock = StoreClock(store="Redis", offset=offset * MS, uncertainty=uncertainty * MS)
    assert levels(judge_skew(clock)) == [level]


@pytest.mark.parametrize(
    ("today", "level"),
    [
        (date(2026, 11, 16), Level.OK),
        (date(2026, 11, 17), Level.WARNING),
        (date(2026, 12, 31), Level.WARNING),
        (date(2027, 1, 1), Level.FAILED),
    ],
)
def test_the_session_table_must_reach_45_days_ahead(today: date, level: Level) -> None:
    found = judge_calendar(date(2026, 12, 31), today)
    assert levels(found) == [level]
    assert level is Level.OK or "scripts/generate_sessions.py" in found.remedy


@pytest.mark.parametrize(("mebibytes", "level"), [(1024, Level.OK), (1023, Level.WARNING), (199, Level.FAILED)])
def test_a_disk_needs_room(mebibytes: int, level: Level) -> None:
    assert levels(judge_disk(Space(what="the run", path="/data", free=mebibytes * MEBIBYTE))) == [level]


@pytest.mark.parametrize(("mebibytes", "level"), [(512, Level.OK), (511, Level.WARNING), (199, Level.FAILED)])
def test_the_platform_needs_memory(mebibytes: int, level: Level) -> None:
    assert levels(judge_memory(mebibytes * MEBIBYTE)) == [level]


def test_ports_are_listened_on_while_it_runs_and_free_while_it_does_not() -> None:
    taken, free = (PortFacts(name="kafka", port=20_000, taken=each) for each in (True, False))
    assert levels(*judge_ports((taken,), running=True)) == [Level.OK]
    assert levels(*judge_ports((free,), running=True)) == [Level.FAILED]
    assert levels(*judge_ports((free,), running=False)) == [Level.OK]
    assert levels(*judge_ports((taken,), running=False)) == [Level.WARNING]
    assert levels(*judge_ports((), running=False)) == [Level.SKIPPED]


def test_versions_are_told_as_information() -> None:
    found = tell_versions({"python": "3.11", "kafka": "4.1"})
    assert (levels(found), found.message) == ([Level.INFO], "python 3.11, kafka 4.1")


def test_space_is_measured_where_the_run_would_be_and_nothing_is_made(tmp_path: Path) -> None:
    found = spaces(Layout(tmp_path / "deep" / "run"))
    assert found[0].path == str(tmp_path)
    assert found[0].free > 0
    assert list(tmp_path.iterdir()) == []


def test_only_remembered_ports_of_stores_and_the_api_are_looked_at(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "run")
    assert ports(layout) == ()
    layout.create()
    layout.ports.write_bytes(msgspec.json.encode({"redis": 1, "health-api": 2}))
    assert [each.name for each in ports(layout)] == ["redis"]


def test_a_login_is_tried_with_the_file_that_the_service_reads(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.create()
    secrets = layout.secrets / "services" / "paper.risk"
    secrets.mkdir(parents=True)
    (secrets / "kafka__password").write_text("of the file\n")
    risk = ServicePlan(
        name="paper.risk",
        service="risk",
        broker="paper",
        tasks=(),
        one_writer=True,
        group="g",
        principal="x_paper.risk",
        settings={},
    )
    plan = Plan(
        services=(risk,),
        topics=(),
        kafka_users=tuple(KafkaUser(name=n, password="planned", acls=()) for n in ("x_paper.risk", "x_operations")),
        redis_users=(RedisUser(name="x_paper.risk", password="planned", rules=()),),
        postgres_schemas=(),
        postgres_roles=(PostgresRole(name="x_paper_risk", password="planned", grants=()),),
        brokers=(),
        strategies=(),
    )
    (secrets / "postgres__password").write_text("of PostgreSQL")
    found = [(each.store, each.user, each.password) for each in logins(plan, layout)]
    assert found == [
        ("kafka", "x_paper.risk", "of the file"),
        ("kafka", "x_operations", "planned"),
        ("redis", "x_paper.risk", "planned"),
        ("postgres", "x_paper_risk", "of PostgreSQL"),
    ]
