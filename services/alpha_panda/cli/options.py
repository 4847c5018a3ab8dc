"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

DEFAULT_DATA_DIR: Final = Path(".panda")

DataDir = Annotated[
    Path, typer.Option("--data-dir", envvar="PANDA_DATA_DIR", help="The data directory of the platform.")
]
"""Use it with `DEFAULT_DATA_DIR` as the default."""
_FILES: Final = typer.Option(
    "--filename", "-f", metavar="FILE|DIR|-", help="A file, a folder, or - for standard input."
)
Files = Annotated[list[str], _FILES]
OptionalFiles = Annotated[list[str] | None, _FILES]
Recursive = Annotated[bool, typer.Option("--recursive", "-R", help="Read the folders in a folder too.")]


class Output(StrEnum):
    """How `panda get` prints resources."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"


class TextOutput(StrEnum):
    """How a command prints a report: for a person, or for a program."""

    TEXT = "text"
    JSON = "json"
