"""The resource verbs of `panda`: apply, get, describe, delete; with kubectl's manners and words.

They talk to the platform that runs in the data directory, whose supervisor is told of each change.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from alpha_panda.cli.actor import actor_name
from alpha_panda.cli.auditing import Record, audited, record
from alpha_panda.cli.kinds import Kind, parse_targets
from alpha_panda.cli.options import DEFAULT_DATA_DIR, DataDir, Files, OptionalFiles, Output, Recursive, TextOutput
from alpha_panda.cli.resource_files import read_resources
from alpha_panda.cli.resource_verbs import (
    Resources,
    Targets,
    apply_documents,
    delete_resources,
    describe_resources,
    show_resources,
    targets_of,
)
from alpha_panda.domain.quarantine import Quarantines
from alpha_panda.errors import InputError
from alpha_panda.events.audit import Action
from alpha_panda.local.layout import Layout
from alpha_panda.local.quarantine_reader import read_quarantines
from alpha_panda.local.resource_access import open_resources
from alpha_panda.local.run_file import instrument_table

OpenResources = Callable[[Path], AbstractAsyncContextManager[Resources]]
"""From a data directory to the resources of the platform that runs there."""
AskQuarantines = Callable[[Layout], Awaitable[Quarantines]]
"""From a data directory to what its log says of strategies."""
Work = Callable[[Resources], Coroutine[Any, Any, None]]
_KIND_HELP: Final = "broker(s), brk, strategy, strategies, strat, several with commas, all; or KIND/NAME."

OptionalKind = Annotated[str | None, typer.Argument(metavar="KIND", help=_KIND_HELP)]
Names = Annotated[list[str] | None, typer.Argument(metavar="NAME")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything, change nothing.")]
GetOutput = Annotated[
    Output, typer.Option("--output", "-o", help="yaml is what apply takes back; json has what the store knows, too.")
]
DescribeOutput = Annotated[TextOutput, typer.Option("--output", "-o", help="json is for programs.")]
IgnoreNotFound = Annotated[bool, typer.Option("--ignore-not-found", help="What is not there is no failure.")]


def register(
    app: typer.Typer,
    open_store: OpenResources = open_resources,
    keep: Record = record,
    ask: AskQuarantines = read_quarantines,
) -> None:
    """Add the verbs to `app`, on the store that `open_store` opens; `keep` records what they change.

    `ask` reads which strategies are quarantined.
    """

    def change(data_dir: Path, action: Action, actor: str, work: Work) -> None:
        audited(open_store(data_dir), work, action, actor, lambda deeds: keep(Layout(data_dir), deeds))

    def on_store(data_dir: Path, work: Work) -> None:
        asyncio.run(_with_store(open_store, data_dir, work))

    @app.command()
    def apply(
        files: Files,
        *,
        recursive: Recursive = False,
        dry_run: DryRun = False,
        data_dir: DataDir = DEFAULT_DATA_DIR,
    ) -> None:
        """Create or change Brokers and Strategies.

        All that the files hold is applied, or nothing where anything is wrong.
        """
        documents, actor = read_resources(files, recursive=recursive), actor_name()
        table = partial(instrument_table, Layout(data_dir))
        work = partial(apply_documents, documents=documents, actor=actor, table=table, dry_run=dry_run)
        if dry_run:
            on_store(data_dir, work)
        else:
            change(data_dir, Action.APPLY, actor, work)

    @app.command()
    def get(
        kind: OptionalKind = None,
        names: Names = None,
        *,
        output: GetOutput = Output.TABLE,
        data_dir: DataDir = DEFAULT_DATA_DIR,
    ) -> None:
        """Show resources; without a KIND all."""
        targets = parse_targets(kind or "all", names or [])
        on_store(data_dir, lambda store: show_resources(store, targets, output, lambda: ask(Layout(data_dir))))

    @app.command()
    def describe(
        kind: Annotated[str, typer.Argument(metavar="KIND", help=_KIND_HELP)],
        names: Names = None,
        *,
        output: DescribeOutput = TextOutput.TEXT,
        data_dir: DataDir = DEFAULT_DATA_DIR,
    ) -> None:
        """Show all that is known of resources.

        That is what is asked for, what comes of it, what it cannot have, and who changed what and when.
        """
        targets = parse_targets(kind, names or [])
        layout = Layout(data_dir)
        table = partial(instrument_table, layout)
        on_store(data_dir, lambda store: describe_resources(store, targets, output, lambda: ask(layout), table))

    @app.command()
    def delete(  # noqa: PLR0913 - each is one option of the command
        kind: OptionalKind = None,
        names: Names = None,
        *,
        files: OptionalFiles = None,
        recursive: Recursive = False,
        ignore_not_found: IgnoreNotFound = False,
        data_dir: DataDir = DEFAULT_DATA_DIR,
    ) -> None:
        """Delete resources by name, or those in files.

        What they have recorded stays or goes by their deletionPolicy.
        """
        if (kind is None) == (not files):
            raise InputError("name what to delete: KIND NAME..., or -f FILE; one of the two")
        if files:
            targets = targets_of(read_resources(files, recursive=recursive))
        else:
            targets = _all_named(parse_targets(kind or "", names or []))
        actor = actor_name()
        change(
            data_dir,
            Action.DELETE,
            actor,
            lambda store: delete_resources(store, targets, actor, ignore_missing=ignore_not_found),
        )


async def _with_store(open_store: OpenResources, data_dir: Path, work: Work) -> None:
    async with open_store(data_dir) as store:
        await work(store)


def _all_named(targets: Targets) -> Targets:
    """The targets, each with a name: to delete everything of a kind takes its names."""
    unnamed: list[Kind] = [kind for kind, names in targets if not names]
    if unnamed:
        msg = f"name the {unnamed[0].plural} to delete"
        raise InputError(msg, remedy=f"`panda get {unnamed[0].plural} -o name` lists them")
    return targets
