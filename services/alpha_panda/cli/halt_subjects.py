"""What a halt names: a mistyped name would halt nothing, and nobody would notice."""

from __future__ import annotations

import asyncio
from typing import Final

from alpha_panda.cli.messages import print_warning
from alpha_panda.errors import InputError, UnavailableError
from alpha_panda.events.control import HaltScope
from alpha_panda.local.layout import Layout
from alpha_panda.local.resource_access import open_resources
from alpha_panda.local.run_file import instrument_table
from alpha_panda.resources.problems import suggestion

_KINDS: Final = {HaltScope.BROKER: "Broker", HaltScope.STRATEGY: "Strategy"}
_SECONDS: Final = 0.5
"""Somebody waits for trading to stop, and a database that hangs may not hold that up."""


def check_subject(layout: Layout, scope: HaltScope, subject: str) -> str:
    """The subject as halts spell it; where no store can tell whether it exists, a warning and not an obstacle.

    Raises:
        InputError: there is nothing of this name.
    """
    if scope is HaltScope.ALL:
        return subject
    if scope is HaltScope.INSTRUMENT:
        return _instrument(layout, subject)
    kind = _KINDS[scope]
    try:
        known = asyncio.run(asyncio.wait_for(_names(layout, kind), _SECONDS))
    except (UnavailableError, OSError) as error:
        print_warning(f"whether there is a {kind} {subject} could not be checked: {error or 'no answer'}")
        return subject
    if subject not in known:
        raise _unknown(kind, subject, known)
    return subject


async def _names(layout: Layout, kind: str) -> list[str]:
    async with open_resources(layout.root) as store:
        return [each.name for each in await store.list(kind)]


def _instrument(layout: Layout, subject: str) -> str:
    known = [each.name for each in instrument_table(layout)]
    if subject.upper() not in known:
        raise _unknown("instrument", subject.upper(), known)
    return subject.upper()


def _unknown(kind: str, subject: str, known: list[str]) -> InputError:
    shown = ", ".join(known[:20]) + (" …" if len(known) > len(known[:20]) else "")
    return InputError(f"there is no {kind} {subject}{suggestion(subject, known)}; there are: {shown or 'none'}")
