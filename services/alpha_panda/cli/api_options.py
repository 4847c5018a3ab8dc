"""Options of the commands that ask the API, and how they print what it answers: once, or again each second."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import typer
import yaml

from alpha_panda.cli.output import print_json, print_text

Url = Annotated[str | None, typer.Option("--url", metavar="URL", help="Another API than the data directory's.")]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Show it again each second until interrupted.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=500, help="So many of the newest.")]


class Form(StrEnum):
    """How an answer is printed: for a person, or for a program."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


As = Annotated[Form, typer.Option("--output", "-o", help="table, or json or yaml for programs.")]


def tell(ask: Callable[[], Any], show: Callable[[Any], None], form: Form = Form.TABLE, *, watch: bool = False) -> None:
    """Print what `ask` gets, by `show` for a person; again each second with `watch`."""
    while True:
        found = ask()
        if watch and form is Form.TABLE:
            print_text("\033[H\033[2J")
        if form is Form.JSON:
            print_json(found)
        elif form is Form.YAML:
            print_text(yaml.safe_dump(found, sort_keys=False, allow_unicode=True))
        else:
            show(found)
        if not watch:
            return
        time.sleep(1)
