"""The `panda` command put together from its parts; each part registers its own commands."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated, Final

import typer

from alpha_panda.cli import (
    accounts,
    alerts,
    auditing,
    backtest,
    charges,
    dlq,
    doctor,
    events,
    halting,
    indicators,
    kite_simulator,
    notify,
    optimize,
    parity,
    platform,
    resources,
    risk,
    schemas,
    shells,
    strategies,
    trading_views,
    verify,
    zerodha,
)

PARTS: Final = (
    platform.register,
    resources.register,
    halting.register,
    risk.register,
    trading_views.register,
    accounts.register,
    alerts.register,
    notify.register,
    verify.register,
    auditing.register,
    events.register,
    dlq.register,
    doctor.register,
    shells.register,
    strategies.register,
    indicators.register,
    charges.register,
    backtest.register,
    parity.register,
    optimize.register,
    zerodha.register,
    kite_simulator.register,
    schemas.register,
)
"""Each adds its commands to the app, in the order of `panda --help`."""


def make_app() -> typer.Typer:
    """A fresh command with all its subcommands."""
    app = typer.Typer(
        name="panda",
        help="Alpha Panda trades Indian markets from declarative resources.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_global_options)
    for register in PARTS:
        register(app)
    return app


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer gives the flag's value so
    if wanted:
        typer.echo(f"panda {version('alpha-panda')}")
        raise typer.Exit


def _global_options(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    _debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of a failure.")] = False,
) -> None:
    """Options that stand before the command."""
