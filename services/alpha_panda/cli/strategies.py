"""`panda strategy`: what strategies there are, what each takes, a package to begin an own one, a table to train on."""

from __future__ import annotations

import re
from importlib.util import find_spec
from keyword import iskeyword
from pathlib import Path
from typing import Annotated, Final

import typer

from alpha_panda.cli.feature_table import features
from alpha_panda.cli.options import TextOutput
from alpha_panda.cli.output import print_json, print_table, print_text
from alpha_panda.cli.strategy_check import check
from alpha_panda.cli.strategy_package import package_files
from alpha_panda.errors import InputError, PandaError
from alpha_panda.strategy.description import Description, describe_strategy
from alpha_panda.strategy.loading import BUILT_IN, find_strategy, known_strategies

_NAME: Final = re.compile(r"[a-z](?:_?[a-z0-9]+)*")
_MOST: Final = 40
_EXAMPLE: Final = "panda strategy new opening_range"

Format = Annotated[TextOutput, typer.Option("--output", "-o", help="text, or json for programs.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="A name of `panda strategy list`, or package.module:Class.")]
NewName = Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits and underscores: opening_range.")]
Folder = Annotated[Path, typer.Option("--into", metavar="DIR", help="Where the package's own folder is made.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="List, describe and check strategies, or begin one.", no_args_is_help=True)
    group.command("list")(list_strategies)
    group.command("describe")(describe)
    group.command("new")(new)
    group.command("check")(check)
    group.command("features")(features)
    app.add_typer(group, name="strategy")


def list_strategies(*, output: Format = TextOutput.TEXT) -> None:
    """List the strategies that can be named in a resource: those that are shipped, and those of installed packages."""
    rows = [
        {
            "name": name,
            "from": "alpha-panda" if name in BUILT_IN else target.partition(".")[0].partition(":")[0],
            "class": target,
            "about": _about(name),
        }
        for name, target in known_strategies().items()
    ]
    if output is TextOutput.JSON:
        print_json(rows)
        return
    print_table(("NAME", "FROM", "CLASS", "ABOUT"), [tuple(row.values()) for row in rows])


def describe(name: Name, *, output: Format = TextOutput.TEXT) -> None:
    """Say what a strategy does, and each parameter: its type, default, bounds and meaning."""
    found = describe_strategy(name, find_strategy(name))
    if output is TextOutput.JSON:
        print_json(found)
        return
    print_text(
        f"{found.name} ({found.target})\n\n{found.text}\n\n{_facts(found)}\n\nPARAMETERS (`params` of a Strategy)"
    )
    print_table(
        ("NAME", "TYPE", "DEFAULT", "ALLOWED", "DESCRIPTION"),
        [(each.name, each.type, each.default, each.allowed, each.description) for each in found.parameters],
    )


def new(name: NewName, *, into: Folder = Path()) -> None:
    """Write a package with a strategy that works, its test, and a resource that names it."""
    _check_name(name)
    folder = into / name
    if folder.exists():
        raise InputError(f"{folder}: is there already", remedy="choose another NAME, or another folder with --into")
    files = package_files(name)
    try:
        for path, text in files.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
    except OSError as error:
        raise PandaError(f"{folder}: cannot be written: {error.strerror}") from error
    for path in files:
        print_text(f"{folder / path} written")
    print_text(f"test it:    python -m pytest {folder}")
    print_text(f"install it: pip install -e {folder}")
    print_text(f"trade it:   panda apply -f {folder / 'strategy.yaml'}")


def _about(name: str) -> str:
    """The first line of its description, or why there is none: one bad package hides no other."""
    try:
        return describe_strategy(name, find_strategy(name)).title
    except InputError as error:
        return f"cannot be loaded: {error}"


def _facts(found: Description) -> str:
    timeframes = "one" if found.one_timeframe else "one or more; it decides after each bar of the shortest"
    return f"timeframes: {timeframes}\nticks:      {'taken' if found.ticks else 'not taken'}"


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > _MOST or iskeyword(name):
        allowed = f"small letters, digits and single underscores, at most {_MOST}, no word of Python's own"
        raise InputError(f"{name!r} is no name for a strategy; allowed: {allowed}", remedy=_EXAMPLE)
    if name in known_strategies():
        raise InputError(f"{name}: there is a strategy of this name already", remedy=_EXAMPLE)
    if find_spec(name) is not None:
        raise InputError(f"{name}: a Python module of this name is installed, and would be hidden", remedy=_EXAMPLE)
