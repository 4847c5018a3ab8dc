"""`panda doctor`: is everything in order, and if not, what is to be done."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Annotated

import typer

from alpha_panda.cli.options import DEFAULT_DATA_DIR, DataDir, TextOutput
from alpha_panda.cli.output import print_json, print_table, print_text
from alpha_panda.local.doctor.examination import examine
from alpha_panda.local.doctor.findings import Finding, Level
from alpha_panda.local.layout import Layout

_SIGNS = {Level.OK: "✓", Level.INFO: "·", Level.SKIPPED: "-", Level.WARNING: "!", Level.FAILED: "✗"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    output: Annotated[TextOutput, typer.Option("--output", "-o", help="text, or json for programs.")] = TextOutput.TEXT,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Check stores, credentials, topics, schemas, lag, dead letters, clock, calendar and disk. Exit code 1 on a ✗."""
    findings = asyncio.run(examine(Layout(data_dir)))
    if output is TextOutput.JSON:
        print_json(findings)
    else:
        _print(findings)
    if any(each.level is Level.FAILED for each in findings):
        raise typer.Exit(1)


def _print(findings: list[Finding]) -> None:
    print_table(("", "CHECK", "SAYS"), [(_SIGNS[each.level], each.check.value, each.message) for each in findings])
    remedies = [each for each in findings if each.remedy]
    if remedies:
        print_text("")
        for each in remedies:
            print_text(f"{_SIGNS[each.level]} {each.check.value}: {each.remedy}")
        print_text("docs/troubleshooting.md tells more of each")
    counts = Counter(each.level for each in findings)
    print_text(
        f"{counts[Level.OK]} in order, {counts[Level.WARNING]} to look at, {counts[Level.FAILED]} wrong, "
        f"{counts[Level.SKIPPED]} skipped"
    )
