"""What the `panda` command tells a person beside its results, on standard error; it loads nothing."""

from __future__ import annotations

import sys

from alpha_panda.errors import PandaError


def print_warning(message: str) -> None:
    """Tell the person something that did not stop the command."""
    sys.stderr.write(f"Warning: {message}\n")


def print_notice(message: str) -> None:
    """Tell the person that there is no result to show."""
    sys.stderr.write(f"{message}\n")


def print_error(error: PandaError) -> None:
    """Tell the person what stopped the command, and the remedy."""
    sys.stderr.write(f"{error}\n")
    if error.remedy:
        sys.stderr.write(f"remedy: {error.remedy}\n")
