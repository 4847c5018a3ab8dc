"""What runs for a release on a cluster: resources, pods, and who halted what."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import typer

from alpha_panda.cli.halting import summary
from alpha_panda.cli.options import TextOutput
from alpha_panda.cli.output import print_json, print_table, print_text
from alpha_panda.cluster.release import PLATFORM, Release
from alpha_panda.cluster.resources import ClusterResources
from alpha_panda.operations.halt_door import Door
from alpha_panda.operations.halting import Standings, read_halts

_OURS: Final = ("operator", "kafka", "redis", "postgres")
_SERVICE: Final = "alphapanda.io/service"
_NAME: Final = "app.kubernetes.io/name"


def selector_of(service: str) -> str:
    """The labels of the pods of a service by its name in the plan, or of a part of the chart."""
    if not service:
        return PLATFORM
    return f"{PLATFORM},{_NAME}={service}" if service in _OURS else f"{PLATFORM},{_SERVICE}={service}"


def show(release: Release, resources: ClusterResources, doors: Sequence[Door], output: TextOutput) -> None:
    """Print it all; exit code 1 where a resource or a pod is not ready."""
    found, pods, standing = asyncio.run(_look(release, resources, doors))
    rows = [_resource(each) for each in found]
    running = [_pod(each) for each in pods if each["status"].get("phase") != "Succeeded"]
    if output is TextOutput.JSON:
        print_json({"resources": rows, "pods": running, "halts": standing.halts})
    else:
        print_table(("RESOURCE", "READY", "TRADING", "REASON"), [tuple(each.values()) for each in rows])
        print_text("")
        print_table(("POD", "SERVICE", "READY", "STATE", "RESTARTS"), [tuple(each.values()) for each in running])
        for line in (*_troubles(found), *summary(standing)):
            print_text(line)
    if any(each["ready"] != "True" for each in rows) or not all(each["ready"] for each in running):
        raise typer.Exit(1)


async def _look(
    release: Release, resources: ClusterResources, doors: Sequence[Door]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], Standings]:
    brokers, strategies, pods, standing = await asyncio.gather(
        resources.objects("Broker"),
        resources.objects("Strategy"),
        release.kubectl.json("get", "pods", "--selector", PLATFORM, "-o", "json"),
        read_halts(doors),
    )
    return [*brokers, *strategies], pods["items"], standing


def _conditions(found: Mapping[str, Any]) -> dict[str, Mapping[str, str]]:
    """What is said about the present spec; what was said about an older one counts for nothing."""
    present = found["metadata"]["generation"]
    told = found.get("status", {}).get("conditions", ())
    return {each["type"]: each for each in told if each["observedGeneration"] == present}


def _resource(found: Mapping[str, Any]) -> dict[str, str | None]:
    conditions = _conditions(found)
    ready = conditions.get("Ready", {})
    return {
        "name": f"{found['kind'].lower()}/{found['metadata']['name']}",
        "ready": ready.get("status", "Unknown"),
        "trading": conditions.get("Trading", {}).get("status"),
        "reason": ready.get("reason", "NotYet"),
    }


def _troubles(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line for each resource that is not ready, with the remedy that its condition names."""
    lines = []
    for each in found:
        ready = _conditions(each).get("Ready", {})
        if ready.get("status") != "True":
            name = f"{each['kind']} {each['metadata']['name']}"
            lines.append(f"PROBLEM {name}: {ready.get('message') or 'the operator has not looked at it yet'}")
    return lines


def _pod(found: Mapping[str, Any]) -> dict[str, str | int | bool]:
    labels, status = found["metadata"]["labels"], found["status"]
    containers = status.get("containerStatuses", ())
    waiting = [each["state"]["waiting"].get("reason", "") for each in containers if "waiting" in each["state"]]
    leaving = "deletionTimestamp" in found["metadata"]
    return {
        "name": found["metadata"]["name"],
        "service": labels.get(_SERVICE, labels.get(_NAME, "")),
        "ready": bool(containers) and all(each["ready"] for each in containers),
        "state": "Terminating" if leaving else (next(iter(waiting), "") or status.get("phase", "Unknown")),
        "restarts": sum(each["restartCount"] for each in containers),
    }
