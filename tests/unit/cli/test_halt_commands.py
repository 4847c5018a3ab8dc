"""`panda halt | resume | halts | pause | unpause`: what they say, and how they end whatever answers."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
import typer
from tests.unit.cli.desk import BROKER, STRATEGY, Deeds, Panda, Said
from tests.unit.cli.fake_doors import FakeDoor
from tests.unit.cli.fake_resources import FakeResources

from alpha_panda.cli import halting, resources
from alpha_panda.cli.halting import summary
from alpha_panda.cli.main import guarded, invoke
from alpha_panda.errors import InputError
from alpha_panda.events.control import HaltScope
from alpha_panda.local.layout import Layout
from alpha_panda.operations.halting import read_halts


@pytest.fixture
def doors() -> tuple[FakeDoor, FakeDoor, FakeDoor]:
    """The log, Redis and the resources, as far as each serves."""
    return FakeDoor("log"), FakeDoor("redis"), FakeDoor("resource", (HaltScope.ALL, HaltScope.BROKER))


@pytest.fixture
def deeds() -> Deeds:
    return Deeds()


@pytest.fixture
def store() -> FakeResources:
    return FakeResources()


def check(_: Layout, scope: HaltScope, subject: str) -> str:
    if scope is HaltScope.BROKER and subject != "paper":
        raise InputError(f"there is no Broker {subject}")
    return subject.upper() if scope is HaltScope.INSTRUMENT else subject


@pytest.fixture
def panda(  # noqa: PLR0913, PLR0917 - fixtures
    doors: tuple[FakeDoor, ...],
    store: FakeResources,
    deeds: Deeds,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Panda:
    """Runs a command as asha."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PANDA_ACTOR", "asha")
    monkeypatch.delenv("PANDA_DATA_DIR", raising=False)

    def run(*words: str) -> Said:
        app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
        halting.register(app, lambda _: doors, check, store.open, deeds.keep)
        resources.register(app, store.open, deeds.keep)
        capsys.readouterr()
        code = guarded(lambda: invoke(app, words))
        return Said(code, *capsys.readouterr())

    return run


def held(doors: tuple[FakeDoor, ...]) -> list[list[str]]:
    return [sorted(door.halts) for door in doors]


@pytest.mark.parametrize(
    ("words", "key", "serving"),
    [
        ((), "all:", 3),
        (("--broker", "paper"), "broker:paper", 3),
        (("--strategy", "momentum"), "strategy:momentum", 2),
        (("--instrument", "nse:infy"), "instrument:NSE:INFY", 2),
    ],
)
def test_each_scope_is_pressed_at_every_door_that_serves_it_and_resumed_exactly(
    panda: Panda, doors: tuple[FakeDoor, ...], words: tuple[str, ...], key: str, serving: int
) -> None:
    said = panda("halt", *words, "--reason", "bad news")
    assert said.code == 0
    assert said.out.startswith("HALTED ")
    assert said.out.splitlines()[0].endswith("by asha: bad news")
    assert said.out.count("latched") == serving
    assert held(doors) == [[key] if number < serving else [] for number in range(3)]
    assert panda("resume", *words).code == 0
    assert held(doors) == [[], [], []]


def test_pressing_twice_is_pressing_once(panda: Panda, doors: tuple[FakeDoor, ...]) -> None:
    assert (panda("halt").code, panda("halt").code) == (0, 0)
    assert held(doors) == [["all:"]] * 3


@pytest.mark.parametrize("down", [0, 1, 2])
def test_a_store_that_is_down_is_named_and_the_others_hold_the_halt(
    panda: Panda, doors: tuple[FakeDoor, ...], down: int
) -> None:
    doors[down].down = True
    said = panda("halt")
    assert said.code == 0
    assert "NOT REACHED" in said.out
    name = doors[down].name
    assert said.err == (
        f"Warning: {name} did not take the halt; the others hold it. Type the same again once it answers\n"
    )
    assert [door.name for door in doors if not door.halts] == [name]


def test_it_says_that_nothing_is_halted_where_no_store_took_the_halt(panda: Panda, doors: tuple[FakeDoor, ...]) -> None:
    for door in doors:
        door.down = True
    said = panda("halt", "--strategy", "momentum")
    assert said.code == 1
    assert "HALTED" not in said.out
    assert "trading is NOT halted for strategy momentum: no store took the halt" in said.err
    assert "panda down" in said.err


def test_resuming_another_scope_than_was_halted_names_what_is_halted(panda: Panda, doors: tuple[FakeDoor, ...]) -> None:
    panda("halt")
    panda("halt", "--instrument", "NSE:INFY")
    said = panda("resume", "--broker", "paper")
    assert said.code == 2
    assert "trading is not halted for broker paper; halted: all, instrument NSE:INFY" in said.err
    assert held(doors)[0] == ["all:", "instrument:NSE:INFY"]


def test_a_resumption_that_a_store_may_still_hold_against_is_not_done(
    panda: Panda, doors: tuple[FakeDoor, ...]
) -> None:
    panda("halt")
    doors[1].down = True
    said = panda("resume")
    assert said.code == 1
    assert "trading may still be halted for all: redis did not let go" in said.err
    assert held(doors) == [[], ["all:"], []]
    doors[1].down = False
    assert panda("resume").code == 0
    assert held(doors) == [[], [], []]


def test_where_no_store_can_be_read_nobody_knows_what_to_resume(panda: Panda, doors: tuple[FakeDoor, ...]) -> None:
    for door in doors:
        door.down = True
    said = panda("resume")
    assert said.code == 2
    assert said.err.count("could not be read") == 3
    said = panda("halts")
    assert said.code == 3
    assert "no store could be read" in said.err


def test_halts_are_shown_by_store_for_people_and_for_programs(panda: Panda, doors: tuple[FakeDoor, ...]) -> None:
    assert panda("halts") == Said(0, "", "Nothing is halted\n")
    panda("halt", "--strategy", "momentum", "--reason", "odd fills")
    doors[2].down = True
    said = panda("halts")
    assert [line.split() for line in said.out.splitlines()] == [
        ["SCOPE", "SUBJECT", "STORE", "ACTOR", "REASON"],
        ["strategy", "momentum", "log", "asha", "odd", "fills"],
        ["strategy", "momentum", "redis", "asha", "odd", "fills"],
    ]
    assert "resource could not be read, and may hold a halt" in said.err
    found = json.loads(panda("halts", "-o", "json").out)
    assert [(each["scope"], each["subject"], each["door"]) for each in found["halts"]] == [
        ("strategy", "momentum", "log"),
        ("strategy", "momentum", "redis"),
    ]
    assert [each["door"] for each in found["unreadable"]] == ["resource"]


def test_pressing_and_releasing_speak_json_too(panda: Panda, doors: tuple[FakeDoor, ...]) -> None:
    doors[0].down = True
    pressed = json.loads(panda("halt", "-o", "json").out)
    assert (pressed["scope"], pressed["halted"]) == ("all", True)
    assert [each["done"] for each in pressed["doors"]] == [False, True, True]
    released = json.loads(panda("resume", "-o", "json").out)
    assert released["halted"] is True
    assert [(each["door"], each["done"]) for each in released["doors"]] == [
        ("redis", True),
        ("resource", True),
        ("log", False),
    ]


def test_two_scopes_an_unknown_name_and_an_empty_reason_press_nothing(
    panda: Panda, doors: tuple[FakeDoor, ...]
) -> None:
    assert panda("halt", "--broker", "paper", "--strategy", "momentum").code == 2
    assert panda("halt", "--broker", "papr").code == 2
    assert panda("halt", "--reason", " ").code == 2
    assert panda("halt", "--reason", "two\nlines").code == 2
    assert held(doors) == [[], [], []]


def test_the_summary_names_scope_actor_reason_and_stores(panda: Panda, doors: tuple[FakeDoor, ...]) -> None:
    assert summary(asyncio.run(read_halts(doors))) == []
    panda("halt", "--reason", "bad news")
    doors[2].down = True
    assert summary(asyncio.run(read_halts(doors))) == [
        "HALTED all by asha: bad news (log, redis)",
        "halts: resource could not be read: resource does not answer",
    ]


def test_a_strategy_is_paused_and_unpaused_in_its_resource(panda: Panda, store: FakeResources) -> None:
    Path("desk.yaml").write_text(f"{BROKER}---\n{STRATEGY}")
    panda("apply", "-f", "desk.yaml")
    assert panda("pause", "momentum") == Said(0, "strategy.alphapanda.io/momentum paused\n", "")
    assert store.held["Strategy", "momentum"].resource.spec.state == "Paused"  # type: ignore[union-attr] # a Strategy
    assert store.held["Strategy", "momentum"].changed_by == "asha"
    assert panda("pause", "momentum").out == "strategy.alphapanda.io/momentum already paused\n"
    assert panda("unpause", "momentum").out == "strategy.alphapanda.io/momentum unpaused\n"
    assert store.held["Strategy", "momentum"].generation == 3


def test_what_cannot_be_paused_is_told(panda: Panda, store: FakeResources) -> None:
    missing = panda("pause", "momentum")
    assert (missing.code, missing.err) == (
        1,
        'Error from server (NotFound): strategies.alphapanda.io "momentum" not found\n',
    )
    stopped = STRATEGY.replace("  strategy: momentum", "  state: Stopped\n  strategy: momentum")
    Path("desk.yaml").write_text(f"{BROKER}---\n{stopped}")
    panda("apply", "-f", "desk.yaml")
    assert panda("unpause", "momentum").code == 2
    store.running = False
    assert panda("pause", "momentum").code == 3


def test_each_press_is_recorded_with_what_every_store_said_also_where_none_took_it(
    panda: Panda, doors: tuple[FakeDoor, ...], deeds: Deeds
) -> None:
    doors[1].down = True
    panda("halt", "--strategy", "momentum", "--reason", "news")
    for door in doors:
        door.down = True
    panda("halt")
    first, second = deeds.done
    assert (first.action, first.actor, first.subject, first.reason) == ("halt", "asha", "strategy momentum", "news")
    assert first.after == {"stores": {"log": "done", "redis": "redis does not answer"}}
    assert "done" not in (second.after or {})["stores"].values()


def test_a_pause_is_recorded_with_the_state_before_and_after_and_only_where_it_changes(
    panda: Panda, deeds: Deeds
) -> None:
    Path("desk.yaml").write_text(f"{BROKER}---\n{STRATEGY}")
    assert panda("apply", "-f", "desk.yaml").code == 0
    deeds.done.clear()
    assert (panda("pause", "momentum").code, panda("pause", "momentum").code) == (0, 0)
    (paused,) = deeds.done
    assert (paused.action, paused.before, paused.after) == ("pause", {"state": "Running"}, {"state": "Paused"})
