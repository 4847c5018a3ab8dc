"""What a long step tells the person who waits for it: one short line at a time, to whoever shows it."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str], None]
"""Called with one line, without a line end, from any thread."""


def silent(_line: str) -> None:
    """A progress that nobody watches."""
