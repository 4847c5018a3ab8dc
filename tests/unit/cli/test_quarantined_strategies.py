"""What the commands say of a strategy that is quarantined, and how a trader lets it go on."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from tests.unit.cli.desk import BROKER, STRATEGY, Deeds, Panda, Said, applied
from tests.unit.cli.fake_resources import FakeResources

from alpha_panda.cli import halting, resources
from alpha_panda.cli.main import guarded, invoke
from alpha_panda.domain.quarantine import Quarantine, Quarantines
from alpha_panda.errors import UnavailableError
from alpha_panda.events.control import QuarantineKind
from alpha_panda.local.doctor.findings import Level
from alpha_panda.local.doctor.pipeline import judge_quarantines
from alpha_panda.local.layout import Layout

FOUND = Quarantine(
    kind=QuarantineKind.RAISED,
    reason="ZeroDivisionError: nothing to divide by",
    evidence="mine.py:7 in on_bar: self.x / 0\nmine.py:9 in half: return a / b",
    call="on_bar",
    instrument_token=738561,
    cause="0197-the-bar",
    since=datetime(2026, 1, 5, 3, 46, tzinfo=UTC),
)


class FakeLog:
    """What the log says of strategies; `down` True is one that does not answer."""

    def __init__(self, store: FakeResources) -> None:
        self._store = store
        self.generations: list[int] = []
        self.down = False

    async def read(self, _: Layout) -> Quarantines:
        if self.down:
            raise UnavailableError("the log did not answer")
        stored = self._store.held["Strategy", "momentum"]
        return {("momentum", stored.uid, generation): FOUND for generation in self.generations}


@pytest.fixture
def store() -> FakeResources:
    return FakeResources()


@pytest.fixture
def log(store: FakeResources) -> FakeLog:
    return FakeLog(store)


@pytest.fixture
def deeds() -> Deeds:
    return Deeds()


@pytest.fixture
def panda(  # noqa: PLR0913, PLR0917 - fixtures
    store: FakeResources,
    log: FakeLog,
    deeds: Deeds,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Panda:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PANDA_ACTOR", "asha")

    def run(*words: str) -> Said:
        app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
        halting.register(app, open_store=store.open, keep=deeds.keep, ask=log.read)
        resources.register(app, store.open, deeds.keep, log.read)
        capsys.readouterr()
        code = guarded(lambda: invoke(app, words))
        return Said(code, *capsys.readouterr())

    applied(run)
    log.generations = [1]
    return run


def test_the_table_shows_the_state_and_json_the_whole_of_it(panda: Panda) -> None:
    assert panda("get", "strategies").out.splitlines()[1].split()[2] == "Quarantined"
    status = json.loads(panda("get", "strategy", "momentum", "-o", "json").out)["status"]
    assert status["state"] == "Quarantined"
    assert (status["quarantine"]["kind"], status["quarantine"]["cause"]) == ("raised", "0197-the-bar")
    assert "status" not in json.loads(panda("get", "broker", "paper", "-o", "json").out)


def test_describe_shows_kind_reason_evidence_and_what_ends_it(panda: Panda) -> None:
    told = panda("describe", "strategy", "momentum").out
    for each in (
        "Quarantined:",
        "raised in on_bar on instrument 738561",
        "2026-01-05T03:46:00+00:00 (market time)",
        "ZeroDivisionError: nothing to divide by",
        "mine.py:9 in half: return a / b",
        "`panda unpause`",
    ):
        assert each in told
    value = json.loads(panda("describe", "strategy", "momentum", "-o", "json").out)
    assert value["status"]["quarantine"]["reason"] == FOUND.reason


def test_a_log_that_does_not_answer_is_told_and_the_rest_is_shown(panda: Panda, log: FakeLog) -> None:
    log.down = True
    said = panda("get", "strategies")
    assert (said.code, said.out.splitlines()[1].split()[2]) == (0, "Running")
    assert "quarantined could not be read: the log did not answer" in said.err


def test_a_changed_manifest_ends_it(panda: Panda) -> None:
    Path("desk.yaml").write_text(f"{BROKER}---\n{STRATEGY}  product: CNC\n")
    panda("apply", "-f", "desk.yaml")
    assert panda("get", "strategies").out.splitlines()[1].split()[2] == "Running"


def test_unpause_ends_it_by_another_generation_and_is_recorded(
    panda: Panda, store: FakeResources, deeds: Deeds
) -> None:
    assert panda("unpause", "momentum").out == "strategy.alphapanda.io/momentum unpaused\n"
    assert store.held["Strategy", "momentum"].generation == 3
    assert panda("get", "strategies").out.splitlines()[1].split()[2] == "Running"
    assert deeds.done[-1].before == {"state": "Quarantined"}
    assert panda("unpause", "momentum").out == "strategy.alphapanda.io/momentum already unpaused\n"


def test_unpause_without_the_log_says_that_a_quarantine_stays(panda: Panda, log: FakeLog) -> None:
    log.down = True
    said = panda("unpause", "momentum")
    assert (said.code, said.out) == (0, "strategy.alphapanda.io/momentum already unpaused\n")
    assert "such a one stays so" in said.err


def test_the_doctor_names_each(panda: Panda) -> None:
    _ = panda
    [line] = judge_quarantines({"momentum": FOUND})
    assert line.level is Level.WARNING
    assert line.message == (
        "Strategy momentum is quarantined since 2026-01-05 03:46:00 UTC (raised): "
        "ZeroDivisionError: nothing to divide by"
    )
    assert [each.level for each in judge_quarantines({})] == [Level.OK]
