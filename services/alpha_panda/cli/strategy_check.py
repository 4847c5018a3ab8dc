"""`panda strategy check`: does a strategy decide by what it was given so far alone? It is what `panda apply` asks."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from alpha_panda.cli.examining import Asked, examine_all
from alpha_panda.cli.output import print_text
from alpha_panda.errors import InputError, PandaError
from alpha_panda.events.market import Timeframe
from alpha_panda.strategy.examination import BARS
from alpha_panda.strategy.loading import load_strategy

Name = Annotated[str, typer.Argument(metavar="NAME", help="A name of `panda strategy list`, or package.module:Class.")]
Params = Annotated[str, typer.Option(metavar="JSON", help="Its parameters, as in a resource.")]
Timeframes = Annotated[list[Timeframe] | None, typer.Option("--timeframe", help="Bars it is given; may be repeated.")]


def check(name: Name, *, params: Params = "{}", timeframe: Timeframes = None) -> None:
    """Say whether a strategy's decisions on a made-up market cut short are those on the whole. Exit code 1 if not."""
    wanted, timeframes = _read(params), tuple(timeframe or (Timeframe.M1,))
    load_strategy(name, wanted, timeframes)
    asked = Asked(strategy=name, params=json.dumps(wanted, sort_keys=True), timeframes=timeframes)
    [found] = examine_all([asked])
    if found.finding is not None:
        raise PandaError(f"strategy {name}: {found.finding}")
    if found.failure is not None:
        raise PandaError(f"strategy {name} could not be examined: {found.failure}")
    lengths = ", ".join(timeframes)
    print_text(f"{name} decides by what it was given so far alone: a made-up market of about {BARS} bars ({lengths})")


def _read(params: str) -> dict[str, Any]:
    try:
        found = json.loads(params)
    except json.JSONDecodeError as error:
        raise InputError(f"--params: {params!r} is no JSON: {error}", remedy="--params '{\"fast\": 9}'") from error
    if not isinstance(found, dict):
        raise InputError(f"--params: {params!r} is no object", remedy="--params '{\"fast\": 9}'")
    return found
