"""`panda risk`: what each account may do, what keeps it from more and until when, and what was refused last and why."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from datetime import datetime
from typing import Annotated, Any, Final

import typer

from alpha_panda.cli.options import DEFAULT_DATA_DIR, DataDir, TextOutput
from alpha_panda.cli.output import print_json, print_table, print_text
from alpha_panda.domain.breakers import CODES_OF_BREAKERS
from alpha_panda.domain.calendar import IST
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.locks import Lock, subject_of
from alpha_panda.errors import InputError, PandaError
from alpha_panda.events.signals import Reason, SignalRejected
from alpha_panda.local.layout import Layout
from alpha_panda.local.risk_reader import BrokerRisk, read_risk
from alpha_panda.local.run_file import instrument_table

Json = Annotated[TextOutput, typer.Option("--output", "-o", help="text, or json for programs.")]
Broker = Annotated[str | None, typer.Argument(metavar="BROKER", help="Only this Broker; all without it.")]
Refusals = Annotated[
    int, typer.Option("--refusals", metavar="N", min=0, max=1000, help="How many of the last to show.")
]
Read = Callable[[Layout, int], Coroutine[Any, Any, tuple[BrokerRisk, ...]]]
_SHOWN: Final = 10


def register(app: typer.Typer, read: Read = read_risk) -> None:
    """Add the command, on accounts that `read` reads."""

    @app.command()
    def risk(
        broker: Broker = None,
        *,
        refusals: Refusals = _SHOWN,
        output: Json = TextOutput.TEXT,
        data_dir: DataDir = DEFAULT_DATA_DIR,
    ) -> None:
        """Show what each account may do, its breakers and pauses with their end, and the last refusals."""
        layout = Layout(data_dir)
        found = _asked(asyncio.run(read(layout, refusals)), broker)
        if output is TextOutput.JSON:
            print_json(found)
            return
        table = instrument_table(layout)
        for each in found:
            show(each, table)


def show(found: BrokerRisk, table: InstrumentTable) -> None:
    """Print one account."""
    print_text("\n".join(lines([found])))
    locks = () if found.standing is None else found.standing.locks
    for title, held in (
        ("Breakers", [lock for lock in locks if lock.code in CODES_OF_BREAKERS]),
        ("Pauses", [lock for lock in locks if lock.code not in CODES_OF_BREAKERS]),
    ):
        if held:
            print_text(f"\n{title}")
            print_table(("CODE", "STOPS", "UNTIL (IST)", "REASON"), [_lock_row(lock, table) for lock in held])
    if found.refused:
        print_text("\nLast refusals")
        rows = [row for each in found.refused for row in _refusal_rows(each.at, each.verdict, table)]
        print_table(("TIME (IST)", "STRATEGY", "INSTRUMENT", "SIGNAL", "REASON"), rows)
    print_text("")


def lines(found: Iterable[BrokerRisk]) -> list[str]:
    """A line for each account, and one for each breaker and pause of a whole account or strategy."""
    told = []
    for each in found:
        if each.standing is None:
            told.append(f"account {each.broker}: not heard of the market yet")
            continue
        told.append(f"account {each.broker}: {each.standing.state} at {_clock(each.standing.as_of)} IST")
        told += [f"account {each.broker}: {lock.code}: {lock.message}" for lock in each.standing.locks if _wide(lock)]
    return told


def status_lines(layout: Layout) -> list[str]:
    """Likewise for `panda status`, which must tell the rest also where PostgreSQL does not answer."""
    try:
        return lines(asyncio.run(read_risk(layout, 0)))
    except PandaError as error:
        return [f"accounts: could not be read: {error}"]


def _wide(lock: Lock) -> bool:
    _, token = subject_of(lock.subject)
    return token is None


def _asked(found: tuple[BrokerRisk, ...], broker: str | None) -> tuple[BrokerRisk, ...]:
    if broker is None:
        return found
    asked = tuple(each for each in found if each.broker == broker)
    if not asked:
        known = ", ".join(each.broker for each in found) or "none"
        raise InputError(f"there is no Broker {broker}", remedy=f"there are: {known}")
    return asked


def _lock_row(lock: Lock, table: InstrumentTable) -> tuple[str, ...]:
    strategy, token = subject_of(lock.subject)
    parts = [part for part in (strategy, None if token is None else _name(table, token)) if part is not None]
    return lock.code, " in ".join(parts) or "the account", _clock(lock.until), lock.reason


def _refusal_rows(at: datetime, verdict: SignalRejected, table: InstrumentTable) -> list[tuple[str, ...]]:
    """A row for each reason; the signal is told beside the first."""
    signal = verdict.signal
    reasons = verdict.reasons or (
        Reason(code=verdict.code, value=verdict.value, limit=verdict.limit, message=verdict.message),
    )
    head = (_clock(at), signal.strategy, _name(table, signal.instrument_token), f"{signal.intent} {signal.side}")
    return [
        (*(head if index == 0 else ("",) * len(head)), reason.message.removeprefix("rejected: "))
        for index, reason in enumerate(reasons)
    ]


def _name(table: InstrumentTable, token: int) -> str:
    found = table.get(token)
    return str(token) if found is None else found.name


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(IST):%Y-%m-%d %H:%M:%S}"
