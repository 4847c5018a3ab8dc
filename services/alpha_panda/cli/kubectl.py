"""`kubectl panda …`: the commands of `panda` that make sense on a cluster, against what kubectl's context names.

kubectl finds the program `kubectl-panda` by its name. Resources are read and changed at the API server, with the
rights of whoever types; what the services know comes from the API, asked within its own pod.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from alpha_panda.cli import halting, kubectl_reports, kubectl_status, kubectl_zerodha
from alpha_panda.cli.main import guarded, invoke
from alpha_panda.cli.options import TextOutput
from alpha_panda.cluster.broker_door import BrokerDoor
from alpha_panda.cluster.kubectl import Kubectl
from alpha_panda.cluster.release import Release, find_release
from alpha_panda.cluster.resources import ClusterResources, open_resources
from alpha_panda.domain.quarantine import Quarantine, Quarantines
from alpha_panda.errors import InputError
from alpha_panda.events.control import HaltScope
from alpha_panda.resources.problems import suggestion

Namespace = Annotated[str, typer.Option("--namespace", "-n", help="The release's; the kubeconfig's unless given.")]
Context = Annotated[str, typer.Option("--context", help="Of the kubeconfig; its current one unless given.")]
Broker = Annotated[str, typer.Argument(metavar="BROKER", help="Only this Broker; all without it.")]
Service = Annotated[
    str,
    typer.Argument(help="A service such as paper.risk-manager, or operator, kafka, redis, postgres; all without it."),
]
Json = Annotated[TextOutput, typer.Option("--output", "-o", help="text, or json for programs.")]


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments (by default the process's) ask for; the exit code is as `panda`'s."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    return guarded(lambda: invoke(make_app(), words, "kubectl panda"))


Reach = Callable[[str, str], Kubectl]
"""From a namespace and a context to the way there."""


class Way:
    """Where the commands go, known once the options before them are read."""

    def __init__(self, kubectl: Kubectl) -> None:
        """Go there until told otherwise."""
        self.kubectl = kubectl

    @property
    def resources(self) -> ClusterResources:
        """Of the namespace."""
        return ClusterResources(self.kubectl)

    def release(self) -> Release:
        """The one in the namespace."""
        return asyncio.run(find_release(self.kubectl))

    def check(self, scope: HaltScope, subject: str) -> str:
        """The subject, where there is such a thing; what has no door on a cluster has another way."""
        if scope in {HaltScope.STRATEGY, HaltScope.INSTRUMENT}:
            remedy = "kubectl panda pause STRATEGY lets one strategy enter no more; --broker NAME halts an account"
            raise InputError(f"a cluster's resources halt whole Brokers, not a {scope}", remedy=remedy)
        if scope is HaltScope.BROKER:
            known = [each.name for each in asyncio.run(self.resources.list("Broker"))]
            if subject not in known:
                there = f"there are: {', '.join(known) or 'none'}"
                raise InputError(f"there is no Broker {subject}{suggestion(subject, known)}; {there}")
        return subject

    async def quarantines(self) -> Quarantines:
        """What the API knows of strategies that are called no more."""
        release = await find_release(self.kubectl)
        uids = {each.name: each.uid for each in await self.resources.list("Strategy")}
        return {
            (each["name"], uids[each["name"]], each["generation"]): Quarantine(**each["quarantine"])
            for each in await release.ask("/strategies")
            if each["quarantine"] is not None and each["name"] in uids
        }


def make_app(reach: Reach = Kubectl) -> typer.Typer:
    """A fresh command with all its subcommands, on the cluster that `reach` leads to."""
    way = Way(reach("", ""))
    app = typer.Typer(
        name="kubectl panda",
        help="Alpha Panda on a cluster: see, halt and pause what trades there.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def choose(namespace: Namespace = "", context: Context = "") -> None:
        """Options that stand before the command."""
        way.kubectl = reach(namespace, context)

    _register_views(app, way)
    kubectl_zerodha.register(app, lambda: way.kubectl)
    halting.register(
        app,
        doors=lambda _layout: (BrokerDoor(way.resources),),
        check=lambda _layout, scope, subject: way.check(scope, subject),
        open_store=lambda _folder: open_resources(way.kubectl),
        # Who changed a resource the API server knows better than a program that is told a name: its audit log has it.
        keep=lambda _layout, _deeds: None,
        ask=lambda _layout: way.quarantines(),
    )
    return app


def _register_views(app: typer.Typer, way: Way) -> None:
    @app.command()
    def status(output: Json = TextOutput.TEXT) -> None:
        """Show Brokers, Strategies, services and halts. Exit code 1 where something is not ready."""
        kubectl_status.show(way.release(), way.resources, (BrokerDoor(way.resources),), output)

    @app.command()
    def report(broker: Broker = "", output: Json = TextOutput.TEXT) -> None:
        """Show what each account has made: profit by strategy, positions, fills."""
        kubectl_reports.show_report(way.release(), broker, output)

    @app.command()
    def risk(broker: Broker = "", output: Json = TextOutput.TEXT) -> None:
        """Show what each account may do, what keeps it from more and until when, and the last refusals."""
        kubectl_reports.show_risk(way.release(), broker, output)

    @app.command()
    def logs(
        service: Service = "",
        *,
        follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new lines until interrupted.")] = False,
        tail: Annotated[int, typer.Option(help="Lines of each log to begin with.")] = 50,
    ) -> None:
        """Show the logs of the services, the operator and embedded stores."""
        selector = kubectl_status.selector_of(service)
        words = ["logs", "--selector", selector, "--prefix", "--max-log-requests=100", f"--tail={tail}"]
        raise typer.Exit(way.kubectl.show([*words, *(["--follow"] if follow else [])]))
