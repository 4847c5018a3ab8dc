"""The `panda` command put together from its parts; each part registers its own commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Final

import typer

PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "platform": ("up", "down", "status", "logs", "reset", "supervise"),
    "resources": ("apply", "get", "describe", "delete"),
    "halting": ("halt", "resume", "halts", "pause", "unpause"),
    "closing": ("close",),
    "risk": ("risk",),
    "trading_views": ("portfolio", "orders", "signals", "explain", "top"),
    "accounts": ("login", "logout", "users"),
    "alerts": ("alerts",),
    "notify": ("notify",),
    "verify": ("verify",),
    "auditing": ("audit",),
    "events": ("events",),
    "dlq": ("dlq",),
    "doctor": ("doctor",),
    "shells": ("psql", "redis", "topics"),
    "strategies": ("strategy",),
    "indicators": ("indicators",),
    "charges": ("charges",),
    "data": ("data",),
    "backtest": ("backtest",),
    "parity": ("parity",),
    "optimize": ("optimize",),
    "zerodha": ("zerodha",),
    "kite_simulator": ("kite-simulator",),
    "schemas": ("schemas",),
}
"""The module of each command, in the order of `panda --help`. Each has a `register`, which adds its commands."""


def make_app(words: Sequence[str] = ()) -> typer.Typer:
    """A fresh command with the subcommand that the words begin with, or with all where they begin with none.

    One alone, because loading what the others need takes longer than most commands do.
    """
    app = typer.Typer(
        name="panda",
        help="Alpha Panda trades Indian markets from declarative resources.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_global_options)
    for part in _parts(words):
        import_module(f"alpha_panda.cli.{part}").register(app)
    return app


def _parts(words: Sequence[str]) -> tuple[str, ...]:
    command = next((word for word in words if not word.startswith("-")), None)
    return tuple(part for part, commands in PARTS.items() if command in commands) or tuple(PARTS)


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
