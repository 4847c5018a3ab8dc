"""`panda parity` ends with 0 where log and backtest are equal, and names each difference otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from alpha_panda.backtest.engine import Engine
from alpha_panda.backtest.run import Selection, source_of
from alpha_panda.backtest.setup import make_setup
from alpha_panda.checker.model import Log, Record
from alpha_panda.cli.main import guarded, invoke
from alpha_panda.cli.parity import register
from alpha_panda.cli.resource_files import read_resources
from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.envelope import Origin, encode
from alpha_panda.events.registry import EVENT_TOPICS
from alpha_panda.local.layout import Layout
from alpha_panda.local.run_file import FeedChoice, Run, save_run

EXAMPLES = Path(__file__).parents[3] / "examples"


def log_of(events: list[AnyEvent]) -> Log:
    """What the services' runtime would write of these events."""
    records = []
    for offset, event in enumerate(events):
        name = EVENT_TOPICS[type(event.data)].full_name(event.broker)
        value = encode(event, Origin(source="somebody", fence=7), event.epoch)
        records.append(Record(topic=name, partition=0, offset=offset, key=event.key.encode(), value=value))
    return Log(records=tuple(records))


@pytest.fixture(scope="module")
def said() -> list[AnyEvent]:
    instruments, calendar = load_instruments(None), default_calendar()
    made = make_setup([each.resource for each in read_resources([str(EXAMPLES)])])
    engine = Engine(made.names, made.configured(), instruments, calendar)
    events: list[AnyEvent] = []
    source = source_of(Selection(path=EXAMPLES / "market"), instruments, calendar)
    engine.run(source.epochs(), events.append, events.append)
    return events


Compare = Callable[..., int]


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    layout = Layout(tmp_path)
    layout.create()
    save_run(layout, Run(feed=FeedChoice(source="replay", path=str(EXAMPLES / "market"))))

    def run(events: list[AnyEvent], *words: str) -> int:
        async def read(_: Layout) -> Log:
            return log_of(events)

        app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
        app.callback()(lambda: None)
        register(app, read)
        return guarded(lambda: invoke(app, ["parity", "-f", str(EXAMPLES), "--data-dir", str(tmp_path), *words]))

    return run


def test_a_log_that_says_the_same_agrees(said: list[AnyEvent], compare: Compare, capsys: pytest.CaptureFixture[str]):
    assert compare(said) == 0
    assert f"backtest and services agree: {len(said)} events are equal in every field" in capsys.readouterr().out


def test_differences_are_listed_with_their_fields(
    said: list[AnyEvent], compare: Compare, capsys: pytest.CaptureFixture[str]
):
    assert compare(said[:-1], "-o", "json") == 1
    found = json.loads(capsys.readouterr().out)
    assert not found["agrees"]
    assert [(each["fault"], each["id"]) for each in found["differences"]] == [("missing", said[-1].id)]


def test_a_platform_that_replayed_nothing_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback()(lambda: None)
    register(app)
    code = guarded(lambda: invoke(app, ["parity", "-f", str(EXAMPLES), "--data-dir", str(tmp_path / "none")]))
    assert code == 2
    assert "holds no run" in capsys.readouterr().err
