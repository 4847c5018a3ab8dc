"""What a command did, for the audit log: whatever it changed is recorded with who, what, when, before and after."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Protocol, TypeVar

import typer

from alpha_panda.cli.messages import print_notice, print_warning
from alpha_panda.cli.options import DEFAULT_DATA_DIR, DataDir, TextOutput
from alpha_panda.cli.output import print_json, print_table, print_text
from alpha_panda.domain.audit import Deed, first_break
from alpha_panda.errors import PandaError
from alpha_panda.events.audit import Action
from alpha_panda.events.topics import AUDIT_EVENTS
from alpha_panda.local.audit import audit_log, read_audit
from alpha_panda.local.layout import Layout
from alpha_panda.local.platform import Platform
from alpha_panda.resources.stored import StoredResource

Record = Callable[[Layout, Iterable[Deed]], None]
Specs = dict[tuple[str, str], dict[str, Any]]
Json = Annotated[TextOutput, typer.Option("--output", "-o", help="text, or json for programs.")]


class Readable(Protocol):
    """A store whose resources can be listed."""

    async def load_all(self) -> tuple[StoredResource, ...]:
        """All resources, by kind and name."""


StoreT = TypeVar("StoreT", bound=Readable)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("audit")(audit)


class Part(StrEnum):
    """What of the audit log is asked for."""

    SHOW = "show"
    VERIFY = "verify"


def audit(
    part: Annotated[Part, typer.Argument(help="show: the entries too; verify: whether the chain holds.")] = Part.SHOW,
    *,
    limit: Annotated[int, typer.Option(min=1, help="Entries to show.")] = 20,
    output: Json = TextOutput.TEXT,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Show who changed what and when, the newest last, and examine the whole chain.

    Exit code 1 where an entry was changed, removed or put in another place.
    """
    layout = Layout(data_dir)
    Platform(layout).require_running()
    entries = asyncio.run(read_audit(layout))
    shown = entries[-limit:] if part is Part.SHOW else []
    if output is TextOutput.JSON:
        print_json(shown)
    elif shown:
        rows = [
            (each.number, f"{each.at:%Y-%m-%d %H:%M:%S}", each.actor, each.action.value, each.subject, each.reason)
            for each in shown
        ]
        print_table(("NUMBER", "AT (UTC)", "ACTOR", "ACTION", "SUBJECT", "REASON"), rows)
        print_text(f"{len(shown)} of {len(entries)} entries; the last digest is {entries[-1].digest}")
    elif not entries:
        print_notice("Nothing was done yet")
    broken = first_break(entries)
    if broken is not None:
        raise PandaError(f"the audit log is not what was written: {broken}")
    if part is Part.VERIFY and output is TextOutput.TEXT and entries:
        print_text(f"{len(entries)} entries, each as it was written; the last digest is {entries[-1].digest}")


def record(layout: Layout, deeds: Iterable[Deed]) -> None:
    """Write the deeds; what the log does not take now is kept, and told."""
    told = tuple(deeds)
    if not told:
        return
    why = audit_log(layout).record(*told)
    if why is not None:
        print_warning(f"{AUDIT_EVENTS.name} did not take what was done; it is kept and written with the next: {why}")


def deed(action: Action, actor: str, subject: str, reason: str = "", **change: dict[str, Any] | None) -> Deed:
    """What was done just now; `before` and `after` as far as they are known."""
    return Deed(at=datetime.now(UTC), actor=actor, action=action, subject=subject, reason=reason, **change)


def audited(
    opened: AbstractAsyncContextManager[StoreT],
    work: Callable[[StoreT], Awaitable[None]],
    action: Action,
    actor: str,
    keep: Callable[[Iterable[Deed]], None],
) -> None:
    """Do the work on the resources and record what it changed; what it raises is raised after that."""
    deeds, failure = asyncio.run(_on_store(opened, work, action, actor))
    keep(deeds)
    if failure is not None:
        raise failure


async def _on_store(
    opened: AbstractAsyncContextManager[StoreT], work: Callable[[StoreT], Awaitable[None]], action: Action, actor: str
) -> tuple[list[Deed], Exception | None]:
    failure: Exception | None = None
    async with opened as store:
        before = await _specs(store)
        try:
            await work(store)
        except PandaError as error:
            failure = error
        after = await _specs(store)
    changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    return [
        deed(action, actor, " ".join(key), before=before.get(key), after=after.get(key)) for key in changed
    ], failure


async def _specs(store: Readable) -> Specs:
    return {
        (each.kind, each.name): each.spec.model_dump(mode="json", exclude_unset=True) for each in await store.load_all()
    }
