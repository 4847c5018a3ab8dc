"""`panda kite-simulator`: an account to rehearse live trading with, without a broker."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from alpha_panda.cli.output import print_text
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.domain.money import paise_of_rupees
from alpha_panda.errors import InputError

Port = Annotated[int, typer.Option(min=0, max=65_535, help="Where to listen on; 0 takes a free one.")]
Host = Annotated[str, typer.Option(help="The address to listen on.")]
Key = Annotated[str, typer.Option(metavar="TEXT", help="The app's key.")]
Secret = Annotated[str, typer.Option(metavar="TEXT", help="The app's secret: one of this rehearsal, never a real one.")]
Table = Annotated[Path | None, typer.Option(help="The instrument table; the shipped one unless given.")]
Replay = Annotated[Path | None, typer.Option(help="Recorded market data whose days are traded again.")]
Speed = Annotated[float, typer.Option(min=0.01, help="Of the replay: 60 makes an hour of a minute.")]
Held = Annotated[bool, typer.Option("--hold", help="The replay begins when /simulator/replay is asked for.")]
User = Annotated[str, typer.Option(metavar="TEXT", help="The account's id.")]
Rate = Annotated[int, typer.Option(min=0, help="Made-up trades a second of all instruments; without a replay.")]
Cash = Annotated[str, typer.Option(metavar="RUPEES", help="What the account begins with.")]
JournalFile = Annotated[Path | None, typer.Option(help="Where each request and what became of it is written down.")]
Postback = Annotated[str | None, typer.Option(metavar="URL", help="Where order updates are posted to.")]
Redirect = Annotated[str | None, typer.Option(metavar="URL", help="Where the login page sends the browser.")]
Unlimited = Annotated[bool, typer.Option("--no-limits", help="Count calls, but refuse none for being too many.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("kite-simulator")(kite_simulator)


def kite_simulator(  # noqa: PLR0913 - each is an option
    *,
    port: Port = 8765,
    host: Host = "127.0.0.1",
    user: User = "AB1234",
    api_key: Key = "simulator",
    api_secret: Secret = "rehearsal",  # noqa: S107  # pragma: allowlist secret - of a rehearsal
    instruments: Table = None,
    replay: Replay = None,
    speed: Speed = 1.0,
    hold: Held = False,
    rate: Rate = 100,
    cash: Cash = "1000000",
    journal: JournalFile = None,
    postback: Postback = None,
    redirect: Redirect = None,
    no_limits: Unlimited = False,
) -> None:
    """Play Zerodha's side: orders, ticker and login as its official client sees them, on this machine.

    Faults, prices and the session are controlled over /simulator/ on the same port (docs/kite-simulator.md).
    """
    from alpha_panda.kite_simulator.exchange import Options  # noqa: PLC0415 - loads a web server
    from alpha_panda.kite_simulator.program import Address, Market, serve  # noqa: PLC0415 - likewise
    from alpha_panda.kite_simulator.sessions import Keys  # noqa: PLC0415 - likewise

    try:
        cash_paise = paise_of_rupees(cash)
    except (ValueError, ArithmeticError):
        raise InputError(f"--cash {cash!r} is no amount", remedy="rupees with at most two decimals") from None
    options = Options(
        keys=Keys(user_id=user, api_key=api_key, api_secret=api_secret),
        cash_paise=cash_paise,
        journal=journal,
        enforce_limits=not no_limits,
        redirect_url=redirect,
        postback_url=postback,
    )
    market = Market(replay=replay, speed=speed, held=hold, rate=0 if replay else rate)

    def ready(listening: int) -> None:
        print_text(f"Kite simulator at http://{host}:{listening}, ticker at ws://{host}:{listening}, key {api_key}")
        print_text(f"log in: http://{host}:{listening}/connect/login?v=3&api_key={api_key}")

    asyncio.run(serve(load_instruments(instruments), options, market, Address(host, port), ready))
