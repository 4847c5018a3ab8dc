"""`panda up | down | status | logs | reset`: the platform on this machine."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated

import typer

from alpha_panda.cli import rehearsal, rundown
from alpha_panda.cli.follow import follow_logs, log_files
from alpha_panda.cli.halting import summary
from alpha_panda.cli.messages import print_notice
from alpha_panda.cli.options import DEFAULT_DATA_DIR, DataDir, TextOutput
from alpha_panda.cli.output import print_json, print_text
from alpha_panda.cli.resource_files import read_resources
from alpha_panda.cli.risk import status_lines
from alpha_panda.cli.services import print_findings, print_notes, print_services
from alpha_panda.cli.start import StartOptions, start
from alpha_panda.cli.supervise import supervise
from alpha_panda.errors import InputError, PandaError
from alpha_panda.local.halt_doors import find_doors
from alpha_panda.local.layout import Layout
from alpha_panda.local.platform import Platform
from alpha_panda.local.ports import HIGHEST
from alpha_panda.operations.halting import read_halts

Json = Annotated[TextOutput, typer.Option("--output", "-o", help="text, or json for programs.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("up")(up)
    app.command("down")(down)
    app.command("status")(status)
    app.command("logs")(logs)
    app.command("reset")(reset)
    app.command("supervise", hidden=True)(_supervise)


def up(  # noqa: PLR0913 - each is one option of the command
    *,
    filename: Annotated[
        list[str] | None, typer.Option("--filename", "-f", metavar="FILE|DIR|-", help="Resources to apply first.")
    ] = None,
    replay: Annotated[
        Path | None, typer.Option(help="Market data to replay: a CSV or Parquet file, or a folder.")
    ] = None,
    synthetic: Annotated[int | None, typer.Option(metavar="N", help="Feed a made-up market of N instruments.")] = None,
    kite: Annotated[
        str | None, typer.Option(metavar="BROKER", help="Feed live data of Kite Connect, by that Broker's login.")
    ] = None,
    rehearse: Annotated[
        Path | None,
        typer.Option(help="Let a simulated Zerodha trade recorded days: a CSV or Parquet file, or a folder."),
    ] = None,
    yahoo: Annotated[
        bool, typer.Option("--yahoo", help="Feed delayed prices of Yahoo, which need no account: for Paper Brokers.")
    ] = False,
    rate: Annotated[int, typer.Option(help="Ticks a second of the made-up market.")] = 100,
    seed: Annotated[int, typer.Option(help="Seed of the made-up market.")] = 1,
    speed: Annotated[
        str, typer.Option(help="How much faster than the market a replay or rehearsal runs: a factor, or max.")
    ] = "max",
    timezone: Annotated[str | None, typer.Option(help="Zone of times without an offset (default: India).")] = None,
    interval: Annotated[
        int | None, typer.Option(help="Minutes of a replay's bars, where the data does not tell.")
    ] = None,
    partitions: Annotated[
        int | None, typer.Option(min=1, max=256, help="Partitions of the pipeline; fixed by the first start.")
    ] = None,
    instruments: Annotated[Path | None, typer.Option(help="Another instrument table (CSV).")] = None,
    config: Annotated[Path | None, typer.Option(help="A YAML file of service settings.")] = None,
    api_port: Annotated[int | None, typer.Option(min=1, max=HIGHEST, help="Serve the API on this port.")] = None,
    observability: Annotated[
        bool, typer.Option("--observability", help="Let Prometheus look on, where it is installed.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Archive the present run and start a new one.")] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Return when the replay has ended and every stage has drained.")
    ] = False,
    output: Json = TextOutput.TEXT,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Start Kafka, Redis, PostgreSQL and every service, and feed them."""
    if sum(each is not None for each in (replay, synthetic, kite, yahoo or None, rehearse)) > 1:
        raise InputError(
            "--replay, --synthetic, --kite, --yahoo and --rehearse are different feeds", remedy="choose one"
        )
    documents = read_resources(filename) if filename else []
    options = StartOptions(
        replay=replay,
        synthetic=synthetic,
        kite=kite,
        rehearse=rehearse,
        yahoo=yahoo,
        rate=rate,
        seed=seed,
        speed=speed,
        timezone=timezone,
        interval_minutes=interval,
        partitions=partitions,
        instruments=instruments,
        config=config,
        api_port=api_port,
        observability=observability,
        wait=wait,
        again=again,
    )
    platform = Platform(Layout(data_dir))
    try:
        start(platform, options, documents)
        if rehearse is not None:
            rehearsal.begin(platform)
        if wait:
            rundown.wait_for_end(platform)
    except KeyboardInterrupt:
        if platform.status() is not None:
            print_notice("the platform goes on in the background: `panda status` shows it, `panda down` stops it")
        raise
    if output is TextOutput.JSON:
        print_json(asyncio.run(rundown.report(platform)))
    else:
        asyncio.run(rundown.show(platform))


def down(data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Stop every service and store; what happened is kept and goes on with the next `panda up`."""
    stopped = Platform(Layout(data_dir)).stop()
    print_text("stopped" if stopped else f"nothing is running in {data_dir}")


def status(
    *,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Show it again each second until interrupted.")] = False,
    output: Json = TextOutput.TEXT,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Show each service and store: state, restarts, lag, last event's age, memory; then what is wrong and halted.

    Exit code 1 where a service or store is not ready, or the watch over the pipeline finds something wrong.
    """
    platform = Platform(Layout(data_dir))
    while True:
        services = (*asyncio.run(platform.services()), *platform.stores())
        if output is TextOutput.JSON:
            print_json(services)
        else:
            if watch:
                print_text("\033[H\033[2J")
            print_services(services)
            print_findings(services)
            print_notes(services)
            for conflict in platform.require_running().conflicts:
                print_text(f"conflict: {conflict}")
            for line in (
                *status_lines(platform.layout),
                *summary(asyncio.run(read_halts(find_doors(platform.layout)))),
            ):
                print_text(line)
        if not watch:
            break
        time.sleep(1)
    if any(service.state != "Ready" or service.findings for service in services):
        raise typer.Exit(1)


def logs(
    service: Annotated[str | None, typer.Argument(help="A service, or part of its name; all without it.")] = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new lines until interrupted.")] = False,
    tail: Annotated[int, typer.Option(help="Lines of each log to begin with.")] = 50,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Show the logs of the services and stores."""
    files = log_files(Layout(data_dir), service)
    follow_logs(files, tail=tail, follow=follow)


def reset(
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Stop everything and forget everything that happened in this data directory, resources included."""
    layout = Layout(data_dir)
    if not layout.root.exists():
        print_text(f"nothing to forget in {data_dir}")
        return
    if not yes and not typer.confirm(f"Delete {layout.root} with its log, ledger and resources?"):
        raise PandaError("nothing was deleted")
    Platform(layout).stop()
    layout.remove()
    print_text(f"{data_dir} is gone")


def _supervise(data_dir: str, ports: Annotated[list[str] | None, typer.Argument()] = None) -> None:
    raise typer.Exit(supervise([data_dir, *(ports or ())]))
