"""Helm as the tests of the chart use it: found or built, and what it renders as objects."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "alpha-panda"
BUILD = ROOT / "scripts" / "cluster" / "build.sh"
KUBERNETES = "1.34.4"
RELEASE, NAMESPACE = "ap", "trading"
Object = dict[str, Any]

EMBEDDED = {"embedded": {"enabled": True}}
OWN_STORES = {
    "stores": {
        "kafka": {"bootstrap": "a.kafka.example:9094,b.kafka.example:9094", "adminSecret": "kafka-admin"},
        "redis": {"url": "rediss://redis.example:6380", "adminSecret": "redis-admin"},
        "postgres": {
            "url": "postgresql://postgres.example/alpha_panda?sslmode=verify-full",
            "adminSecret": "postgres-admin",
        },
        "caSecret": "store-authority",
    }
}
MONITORING = ("monitoring.coreos.com/v1/PodMonitor", "monitoring.coreos.com/v1/PrometheusRule")
KEDA = ("keda.sh/v1alpha1/ScaledObject",)


@cache
def helm() -> str:
    """The program: that on PATH, else the one that the cluster's script keeps in the cache."""
    if on_path := shutil.which("helm"):
        return on_path
    built = subprocess.run([BUILD, "helm"], check=True, capture_output=True, text=True)  # noqa: S603 - our own script
    return str(Path(built.stdout.strip().splitlines()[-1]) / "helm")


def run_helm(*arguments: str | Path, values: Mapping[str, Any] | None = None) -> subprocess.CompletedProcess[str]:
    """What Helm says; `values` go over those of the chart, as a file would. No cluster is asked."""
    command = [helm(), *map(str, arguments)]
    if values is not None:
        command += ["--values", "-"]
    return subprocess.run(  # noqa: S603 - found above, with values of tests
        command,
        input=yaml.safe_dump(values) if values is not None else None,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "KUBECONFIG": "/nonexistent"},
    )


def template(
    values: Mapping[str, Any], apis: Iterable[str] = (), *, namespace: str = NAMESPACE
) -> subprocess.CompletedProcess[str]:
    """`helm template` of the chart for a cluster that knows `apis`, too."""
    known = [part for api in apis for part in ("--api-versions", api)]
    return run_helm(
        *("template", RELEASE, CHART, "--namespace", namespace, "--kube-version", KUBERNETES, *known), values=values
    )


def render(values: Mapping[str, Any], apis: Iterable[str] = ()) -> list[Object]:
    """The objects that the chart makes of `values`."""
    return copy.deepcopy(_rendered(json.dumps(values, sort_keys=True), tuple(apis)))


@cache
def _rendered(values: str, apis: tuple[str, ...]) -> list[Object]:
    """Each rendering once: the definitions are long, and most tests look at the same few."""
    done = template(json.loads(values), apis)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.load_all(done.stdout, yaml.CSafeLoader) if document]


def one(objects: Iterable[Object], kind: str, name: str) -> Object:
    """The object of this kind and name."""
    found = [each for each in objects if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    assert len(found) == 1, f"{len(found)} of {kind} {name}"
    return found[0]


def pod_templates(objects: Iterable[Object]) -> list[tuple[str, Object]]:
    """Each (name, metadata and spec) of the pods that objects lead to."""
    found = []
    for each in objects:
        name = f"{each['kind']} {each['metadata']['name']}"
        if each["kind"] == "Pod":
            found.append((name, each))
        elif each["kind"] in ("Deployment", "StatefulSet", "Job"):
            found.append((name, each["spec"]["template"]))
    return found
