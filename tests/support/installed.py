"""An installation on a real API server, under the operator's own Role, and a stand-in for nodes."""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import yaml
from tests.support.kube_api import ROOT
from tests.support.objects import MANAGED, Objects
from tests.support.operators import Operator
from tests.support.waiting import POLL_SECONDS

from alpha_panda.local.ports import HOST
from alpha_panda.local.stores import Stores

ROLE = ROOT / "operator" / "alpha_panda_operator" / "role.yaml"
IMAGE = "registry.example/alpha-panda-services:1"
PAPER: dict[str, Any] = {"type": "Paper"}
MOMENTUM: dict[str, Any] = {"strategy": "momentum", "instruments": [{"exchange": "NSE", "symbol": "RELIANCE"}]}
DESK = frozenset(
    f"panda-{service}"
    for service in (
        *("api", "bar-builder", "history", "notifier", "strategy-runner"),
        *("paper-paper-trading", "paper-portfolio", "paper-risk-manager"),
    )
)
"""The Deployments of one Broker named paper and its strategies, as long as the feed publishes nothing."""
MADE = ("Deployment", "ConfigMap", "Secret", "ServiceAccount", "NetworkPolicy")
"""What is made of each of them."""
LEASE_SECONDS = 20.0
"""Not too short for a machine that does much else: an operator that cannot renew in time ends."""
MASTER = "only the tests know this secret: 0123456789"


@dataclass
class Installed(Objects):
    """An installation in a namespace of its own, on stores that others use too, under a prefix of its own."""

    stores: Stores
    folder: Path
    changes: dict[str, Any] = field(default_factory=dict)
    server: str = ""
    """Where the operators think that the API server is, such as a proxy before it."""
    operators: list[Operator] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    """Deployments whose pods no node can run."""

    def __post_init__(self) -> None:
        """Write what an operator is started with, and the objects that the chart would make."""
        self.name = "panda"
        self.prefix = f"t{secrets.token_hex(4)}_"
        self.account = "alpha-panda-operator"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.create("ConfigMap", f"{self.name}-operator")
        labels = {"app.kubernetes.io/name": "market-feed", "app.kubernetes.io/instance": self.name}
        self.create("ConfigMap", f"{self.name}-feed", labels=labels)
        self.create("ServiceAccount", self.account)
        self.grant(self.namespace)
        self._write_secrets()

    @property
    def user(self) -> str:
        """Who the operators are in the audit log."""
        return f"system:serviceaccount:{self.namespace}:{self.account}"

    async def make_database(self) -> None:
        """A database of its own: schemas are named after Brokers, whatever the prefix is."""
        connection = await asyncpg.connect(self.stores.postgres.dsn(database="postgres"))
        try:
            await connection.execute(f'CREATE DATABASE "{self.prefix}db" OWNER alpha_panda')
        finally:
            await connection.close()

    def start(self, identity: str = "", **environment: str) -> Operator:
        """Another operator of this installation."""
        identity = identity or f"operator-{len(self.operators)}"
        self.write()
        log = self.folder / f"{identity}.log"
        port = self.stores.ports.take(f"{self.prefix}{identity}-{len(self.operators)}", "an operator")
        known = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        with log.open("ab") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "alpha_panda_operator"],
                env={
                    **known,
                    "KUBECONFIG": str(self._kubeconfig(identity)),
                    "PANDA_OPERATOR_CONFIG": str(self.folder / "installation.yaml"),
                    "PANDA_OPERATOR_SECRETS": str(self.folder / "secrets"),
                    "PANDA_OPERATOR_HOST": HOST,
                    "PANDA_OPERATOR_PORT": str(port),
                    "POD_NAME": identity,
                    "POD_NAMESPACE": self.namespace,
                    **environment,
                },
                stdout=file,
                stderr=file,
                cwd=self.folder,
            )
        made = Operator(process, log, identity, port)
        self.operators.append(made)
        return made

    def end(self) -> None:
        """End all operators."""
        for each in self.operators:
            if each.process.poll() is None:
                each.kill()

    def write(self) -> None:
        """Write the installation's file."""
        kafka, redis, postgres = self.stores.kafka.bootstrap, self.stores.redis.address, self.stores.postgres.address
        values = {
            "name": self.name,
            "namespaces": [self.namespace],
            "image": IMAGE,
            "platform": {"prefix": self.prefix},
            "kafka": {"bootstrap": kafka},
            "redis": {"host": HOST, "port": int(redis.rpartition(":")[2])},
            "postgres": {
                "host": HOST,
                "port": int(postgres.rpartition(":")[2]),
                "database": f"{self.prefix}db",
                "owner": "alpha_panda",
            },
            "timing": {"lease": LEASE_SECONDS},
            **self.changes,
        }
        (self.folder / "installation.yaml").write_text(yaml.safe_dump(values))

    async def set_up_desk(self) -> None:
        """A Broker and a Strategy on it, as they are at first; returns when both are Ready."""
        self.apply("Broker", "paper", PAPER)
        self.apply("Strategy", "momentum", MOMENTUM)
        await asyncio.to_thread(self.await_condition, "Broker", "paper")
        await asyncio.to_thread(self.await_condition, "Strategy", "momentum")

    def versions(self) -> dict[str, str]:
        """The version of each of the operator's objects, and who each is."""
        return {
            f"{kind}/{each['metadata']['name']}/{each['metadata']['uid']}": each["metadata"]["resourceVersion"]
            for kind in MADE
            for each in self.list(kind, MANAGED)
        }

    def said(self) -> str:
        """What the operators have logged last."""
        return "\n".join(str(line)[:1500] for each in self.operators for line in each.lines[-12:])

    def run_pods(self) -> int:
        """Do as a cluster with nodes would: every Deployment becomes available that can; how many."""
        made = 0
        for each in self.list("Deployment"):
            if each["metadata"]["name"] in self.failing:
                continue
            generation, replicas = each["metadata"]["generation"], each["spec"].get("replicas", 1)
            status = each.get("status", {})
            if status.get("observedGeneration") == generation and status.get("availableReplicas", 0) == replicas:
                continue
            self.set_status(each["metadata"]["name"], generation, replicas)
            made += 1
        return made

    def set_status(self, deployment: str, generation: int, available: int) -> None:
        """Say how many pods of a Deployment serve."""
        status: dict[str, Any] = {"observedGeneration": generation, "replicas": available, "updatedReplicas": available}
        status |= {"availableReplicas": available, "readyReplicas": available}
        if self.get("Deployment", deployment):
            self.patch("Deployment", deployment, {"status": status}, suffix="/status")

    async def keep_pods_running(self) -> None:
        """Go on like that until cancelled; an operator that ends by itself is started anew, as a Deployment does."""
        while True:
            # An API server that is too slow is asked again: nodes go on working, too.
            with suppress(httpx.TransportError):
                await asyncio.to_thread(self.run_pods)
            for each in self.operators:
                if each.is_wanted and each.process.poll() is not None:
                    each.is_wanted = False
                    self.start(each.identity)
            await asyncio.sleep(POLL_SECONDS)

    def denied(self) -> list[str]:
        """What the operators asked the API server for and may not."""
        return sorted(
            {
                f"{each['verb']} {each['requestURI']}"
                for each in self.kube.audited(self.user)
                if each.get("responseStatus", {}).get("code") == httpx.codes.FORBIDDEN
            }
        )

    def writes(self) -> Iterator[dict[str, Any]]:
        """What the operators wrote, but for leases."""
        for each in self.kube.audited(self.user):
            written = each["verb"] in ("create", "update", "patch", "delete")
            if written and each["objectRef"]["resource"] != "leases":
                yield each

    def grant(self, namespace: str) -> None:
        """Give the operators their Role in a namespace."""
        rules = yaml.safe_load(ROLE.read_text())["rules"]
        subject = {"kind": "ServiceAccount", "name": self.account, "namespace": self.namespace}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": self.account}
        place = self.within(namespace)
        place.create("Role", self.account, rules=rules)
        place.create("RoleBinding", self.account, roleRef=role, subjects=[subject])

    def _kubeconfig(self, identity: str) -> Path:
        """One for each operator: where it thinks that the API server is, is its own."""
        config = yaml.safe_load(self._admission.read_text())
        config["clusters"][0]["cluster"]["server"] = self.server or self.kube.url
        path = self.folder / f"{identity}.kubeconfig"
        path.write_text(yaml.safe_dump(config))
        return path

    @cached_property
    def _admission(self) -> Path:
        return self.kube.kubeconfig_for(self.namespace, self.account)

    def _write_secrets(self) -> None:
        folder = self.folder / "secrets"
        folder.mkdir(exist_ok=True)
        passwords = {
            "kafka": self.stores.kafka.password,
            "redis": self.stores.redis.password,
            "postgres": self.stores.postgres.password,
        }
        (folder / "master-secret").write_text(MASTER)
        for store, password in passwords.items():
            (folder / f"{store}__username").write_text("admin")
            (folder / f"{store}__password").write_text(password)
