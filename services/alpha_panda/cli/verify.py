"""`panda verify`: does the log add up?"""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from alpha_panda.checker.check import check
from alpha_panda.checker.model import Finding, Verdict
from alpha_panda.checker.projection import Projection, project
from alpha_panda.checker.reading import Facts
from alpha_panda.cli.options import DEFAULT_DATA_DIR, DataDir, TextOutput
from alpha_panda.cli.output import print_json, print_table, print_text
from alpha_panda.local.layout import Layout
from alpha_panda.local.log_reader import read_log
from alpha_panda.local.platform import Platform

Json = Annotated[TextOutput, typer.Option("--output", "-o", help="text, or json for programs.")]
_SIGNS = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.VACUOUS: "·"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify")(verify)


def verify(
    *,
    projection: Annotated[
        bool, typer.Option("--projection", help="Print what runs are compared by instead: every event and a digest.")
    ] = False,
    output: Json = TextOutput.TEXT,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Reckon the run again from its log: money, orders, ids, epochs, dead letters, bars. Exit code 1 where it errs."""
    layout = Layout(data_dir)
    Platform(layout).require_running()
    facts = Facts(asyncio.run(read_log(layout)))
    if projection:
        _print_projections(project(facts), output)
        return
    findings = check(facts)
    _print_findings(findings, output)
    if any(finding.verdict is Verdict.FAIL for finding in findings):
        raise typer.Exit(1)


def _print_findings(findings: tuple[Finding, ...], output: TextOutput) -> None:
    if output is TextOutput.JSON:
        print_json(findings)
        return
    print_table(
        ("", "INVARIANT", "EXAMINED", "WITNESS", "SAYS"),
        [(_SIGNS[each.verdict], each.invariant, each.examined, each.witness or "", each.message) for each in findings],
    )
    failed = sum(each.verdict is Verdict.FAIL for each in findings)
    vacuous = sum(each.verdict is Verdict.VACUOUS for each in findings)
    passed = len(findings) - failed - vacuous
    print_text(f"{passed} hold, {failed} are contradicted, {vacuous} have nothing to examine")


def _print_projections(projections: tuple[Projection, ...], output: TextOutput) -> None:
    if output is TextOutput.JSON:
        print_json(projections)
        return
    for each in projections:
        print_text(f"{each.owner} {each.digest} {len(each.rows)} events")
        print_table(
            ("TIME", "KIND", "ID", "STRATEGY", "INSTRUMENT", "SIDE", "QUANTITY", "PRICE", "PAISE"),
            [
                (
                    row.time,
                    row.kind,
                    row.id,
                    row.strategy,
                    row.instrument,
                    row.side,
                    row.quantity,
                    row.price_paise,
                    row.paise,
                )
                for row in each.rows
            ],
        )
