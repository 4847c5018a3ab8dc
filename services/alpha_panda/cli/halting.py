"""`panda halt | resume | halts | pause | unpause`: stop what increases risk, whatever of the platform still answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Annotated, Final

import typer

from alpha_panda.cli.actor import actor_name
from alpha_panda.cli.auditing import Record, deed, record
from alpha_panda.cli.halt_subjects import check_subject
from alpha_panda.cli.kinds import STRATEGY
from alpha_panda.cli.messages import print_notice, print_warning
from alpha_panda.cli.options import DEFAULT_DATA_DIR, DataDir, TextOutput
from alpha_panda.cli.output import print_json, print_table, print_text
from alpha_panda.domain.audit import Deed
from alpha_panda.domain.quarantine import QUARANTINED, Quarantines
from alpha_panda.errors import InputError, PandaError, UnavailableError
from alpha_panda.events.audit import Action
from alpha_panda.events.control import HaltScope, TradingHalted, TradingResumed
from alpha_panda.local.halt_doors import find_doors
from alpha_panda.local.layout import Layout
from alpha_panda.local.quarantine_reader import read_quarantines
from alpha_panda.local.resource_access import open_resources
from alpha_panda.operations.halt_door import Door, Standing
from alpha_panda.operations.halting import DoorReport, Standings, press, read_halts, release
from alpha_panda.operations.pausing import Editable, set_state
from alpha_panda.resources.strategy import StrategyState

OpenStore = Callable[[Path], AbstractAsyncContextManager[Editable]]
FindDoors = Callable[[Layout], tuple[Door, ...]]
AskQuarantines = Callable[[Layout], Awaitable[Quarantines]]
CheckSubject = Callable[[Layout, HaltScope, str], str]
_REASON: Final = "no reason given"
_STATES: Final = {Action.PAUSE: StrategyState.PAUSED, Action.UNPAUSE: StrategyState.RUNNING}

BrokerOption = Annotated[str | None, typer.Option("--broker", metavar="NAME", help="Only this Broker.")]
StrategyOption = Annotated[str | None, typer.Option("--strategy", metavar="NAME", help="Only this strategy.")]
InstrumentOption = Annotated[
    str | None, typer.Option("--instrument", metavar="EXCHANGE:SYMBOL", help="Only this instrument.")
]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for everybody who sees it.")]
Json = Annotated[TextOutput, typer.Option("--output", "-o", help="text, or json for programs.")]
Name = Annotated[str, typer.Argument(metavar="STRATEGY")]


def register(  # noqa: PLR0913, PLR0917 - what a test puts its own in place of
    app: typer.Typer,
    doors: FindDoors = find_doors,
    check: CheckSubject = check_subject,
    open_store: OpenStore = open_resources,
    keep: Record = record,
    ask: AskQuarantines = read_quarantines,
) -> None:
    """Add the commands, on the doors that `doors` finds and the resources that `open_store` opens.

    `keep` records what they did; `ask` reads which strategies are quarantined.
    """

    @app.command()
    def halt(  # noqa: PLR0913 - each is one option of the command
        *,
        broker: BrokerOption = None,
        strategy: StrategyOption = None,
        instrument: InstrumentOption = None,
        reason: ReasonOption = _REASON,
        output: Json = TextOutput.TEXT,
        data_dir: DataDir = DEFAULT_DATA_DIR,
    ) -> None:
        """Refuse risk-increasing orders from now on, until `panda resume`; exits and cancellations go on.

        Without a scope it halts everything. Exit code 0 when at least one store holds the halt, else 1.
        """
        layout = Layout(data_dir)
        scope, subject = _scope(broker, strategy, instrument)
        found, actor = doors(layout), actor_name()
        subject = check(layout, scope, subject)
        statement = TradingHalted(scope=scope, subject=subject, actor=actor, reason=_text(reason))
        reports = asyncio.run(press(found, statement))
        keep(layout, [_deed(Action.HALT, statement, reports)])
        _print_pressed(statement, reports, output)

    @app.command()
    def resume(  # noqa: PLR0913 - each is one option of the command
        *,
        broker: BrokerOption = None,
        strategy: StrategyOption = None,
        instrument: InstrumentOption = None,
        reason: ReasonOption = _REASON,
        output: Json = TextOutput.TEXT,
        data_dir: DataDir = DEFAULT_DATA_DIR,
    ) -> None:
        """End the halt of exactly this scope; another one that covers the same orders stays.

        Exit code 0 when no store holds it any more, 1 when one may.
        """
        scope, subject = _scope(broker, strategy, instrument)
        subject = subject.upper() if scope is HaltScope.INSTRUMENT else subject
        layout = Layout(data_dir)
        found, actor = doors(layout), actor_name()
        statement = TradingResumed(scope=scope, subject=subject, actor=actor, reason=_text(reason))
        reports = asyncio.run(_release(found, statement))
        keep(layout, [_deed(Action.RESUME, statement, reports)])
        _print_released(statement, reports, output)

    @app.command()
    def halts(output: Json = TextOutput.TEXT, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
        """Show what is halted, by which store, by whom and why."""
        found = doors(Layout(data_dir))
        _print_halts(asyncio.run(read_halts(found)), len(found), output)

    def change_state(data_dir: Path, name: str, action: Action) -> None:
        wanted, actor, was = _STATES[action], actor_name(), None
        if action is Action.UNPAUSE and asyncio.run(_is_quarantined(open_store(data_dir), ask(Layout(data_dir)), name)):
            # A quarantine holds for one generation, and what is Running already has no other by being asked to run.
            asyncio.run(_set_state(open_store(data_dir), name, StrategyState.PAUSED, actor))
            was = QUARANTINED
        before = asyncio.run(_set_state(open_store(data_dir), name, wanted, actor))
        was = was or before.value
        if was != wanted:
            subject, after = f"{STRATEGY.name} {name}", {"state": wanted}
            keep(Layout(data_dir), [deed(action, actor, subject, before={"state": was}, after=after)])
        print_text(f"{STRATEGY.qualified}/{name} {'already ' if was == wanted else ''}{action}d")

    @app.command()
    def pause(strategy: Name, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
        """Let a strategy enter no more; it goes on exiting, and stays warm (state: Paused in its resource)."""
        change_state(data_dir, strategy, Action.PAUSE)

    @app.command()
    def unpause(strategy: Name, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
        """Let a paused strategy enter again (state: Running in its resource), and a quarantined one start anew."""
        change_state(data_dir, strategy, Action.UNPAUSE)


async def _is_quarantined(
    opened: AbstractAsyncContextManager[Editable], asked: Awaitable[Quarantines], name: str
) -> bool:
    try:
        known = await asked
    except PandaError as error:
        print_warning(f"whether {name} is quarantined could not be read, and such a one stays so: {error}")
        return False
    async with opened as store:
        held = [each for each in await store.load_all() if (each.kind, each.name) == (STRATEGY.name, name)]
    return any((each.name, each.uid, each.generation) in known for each in held)


async def _set_state(
    opened: AbstractAsyncContextManager[Editable], name: str, wanted: StrategyState, actor: str
) -> StrategyState:
    """Set it; what it was."""
    was = await set_state(opened, name, wanted, actor)
    if was is None:
        raise PandaError(STRATEGY.missing(name))
    return was


def _deed(action: Action, statement: TradingHalted | TradingResumed, reports: Sequence[DoorReport]) -> Deed:
    stores = {each.door: "done" if each.done else each.says for each in reports}
    return deed(action, statement.actor, _where(statement), statement.reason, after={"stores": stores})


def summary(standing: Standings) -> list[str]:
    """A line for each halt in force, in capitals where it counts, and for each door that could not be read."""
    lines: dict[str, list[Standing]] = {}
    for each in standing.halts:
        lines.setdefault(each.where, []).append(each)
    told = [
        f"HALTED {where} by {group[0].actor or 'its resource'}: {group[0].reason} "
        f"({', '.join(dict.fromkeys(each.door for each in group))})"
        for where, group in lines.items()
    ]
    return told + [f"halts: {each.door} could not be read: {each.says}" for each in standing.unreadable]


async def _release(doors: Sequence[Door], statement: TradingResumed) -> tuple[DoorReport, ...]:
    return await release(doors, statement, await read_halts(doors))


def _scope(broker: str | None, strategy: str | None, instrument: str | None) -> tuple[HaltScope, str]:
    given = [
        (scope, subject)
        for scope, subject in (
            (HaltScope.BROKER, broker),
            (HaltScope.STRATEGY, strategy),
            (HaltScope.INSTRUMENT, instrument),
        )
        if subject is not None
    ]
    if len(given) > 1:
        raise InputError("--broker, --strategy and --instrument are three scopes", remedy="give one, or none for all")
    return given[0] if given else (HaltScope.ALL, "")


def _text(reason: str) -> str:
    if not reason.strip() or not reason.isprintable():
        raise InputError(f"--reason is {reason!r}: allowed is a line of printable text")
    return reason


def _print_pressed(halt: TradingHalted, reports: Sequence[DoorReport], output: TextOutput) -> None:
    where, held = _where(halt), [each for each in reports if each.done]
    if output is TextOutput.JSON:
        print_json({"scope": halt.scope, "subject": halt.subject, "halted": bool(held), "doors": reports})
    elif held:
        print_text(f"HALTED {where} by {halt.actor}: {halt.reason}")
        _print_doors(reports, "latched")
    else:
        _print_doors(reports, "latched")
    missed = ", ".join(each.door for each in reports if not each.done)
    if not held:
        raise PandaError(
            f"trading is NOT halted for {where}: no store took the halt",
            remedy="`panda down` stops everything at once; orders at an exchange stay there, see its terminal",
        )
    if missed:
        print_warning(f"{missed} did not take the halt; the others hold it. Type the same again once it answers")


def _print_released(resumed: TradingResumed, reports: Sequence[DoorReport], output: TextOutput) -> None:
    where, left = _where(resumed), [each for each in reports if not each.done]
    if output is TextOutput.JSON:
        print_json({"scope": resumed.scope, "subject": resumed.subject, "halted": bool(left), "doors": reports})
    else:
        if not left:
            print_text(f"resumed {where} by {resumed.actor}: {resumed.reason}")
        _print_doors(reports, "released")
    if left:
        raise PandaError(
            f"trading may still be halted for {where}: {', '.join(each.door for each in left)} did not let go",
            remedy="type the same again once it answers: any store that says halted wins",
        )


def _print_doors(reports: Sequence[DoorReport], done: str) -> None:
    rows = [(each.door, done if each.done else "NOT REACHED", each.says) for each in reports]
    print_table(("STORE", "STATE", "DETAIL"), rows)


def _print_halts(standing: Standings, doors: int, output: TextOutput) -> None:
    if output is TextOutput.JSON:
        print_json(standing)
    elif standing.halts:
        rows = [(each.scope.value, each.subject or None, each.door, each.actor, each.reason) for each in standing.halts]
        print_table(("SCOPE", "SUBJECT", "STORE", "ACTOR", "REASON"), rows)
    elif not standing.unreadable:
        print_notice("Nothing is halted")
    for each in standing.unreadable:
        print_warning(f"{each.door} could not be read, and may hold a halt: {each.says}")
    if len(standing.unreadable) == doors:
        raise UnavailableError("no store could be read", remedy="see `panda status`; start it with `panda up`")


def _where(statement: TradingHalted | TradingResumed) -> str:
    return f"{statement.scope} {statement.subject}".strip()
