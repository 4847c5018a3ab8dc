"""The operator as a process of its own, under its own Role, and a stand-in for the nodes that tests do not have."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import yaml
from tests.support.kube_api import ROOT, KubeApi

from alpha_panda.local.ports import HOST
from alpha_panda.local.stores import Stores

ROLE = ROOT / "operator" / "alpha_panda_operator" / "role.yaml"
WAIT_SECONDS = 90.0
POLL_SECONDS = 0.1
IMAGE = "registry.example/alpha-panda-services:1"
MASTER = "only the tests know this secret: 0123456789"


def until(holds: Callable[[], Any], what: str, seconds: float = WAIT_SECONDS) -> Any:  # noqa: ANN401 - what it finds
    """Ask until the answer is something; fails the test where it never is."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, f"not so within {seconds:g} s: {what}"
        time.sleep(POLL_SECONDS)
    return found


@dataclass
class Operator:
    """One process."""

    process: subprocess.Popen[bytes]
    log: Path
    identity: str
    port: int

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to end, and wait; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def ask(self, path: str) -> httpx.Response:
        """What it answers at its own port."""
        return httpx.get(f"http://{HOST}:{self.port}{path}", timeout=5)

    def metric(self, name: str) -> float:
        """The value of a metric without labels."""
        lines = self.ask("/metrics").text.splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What it has logged."""
        found = []
        for line in self.log.read_text().splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                found.append({"level": "none", "event": line})
        return found


@dataclass
class Installed:
    """An installation in a namespace of its own, on stores that others use too, under a prefix of its own."""

    kube: KubeApi
    stores: Stores
    folder: Path
    namespace: str
    changes: dict[str, Any] = field(default_factory=dict)
    server: str = ""
    """Where the operators think that the API server is, such as a proxy before it."""
    operators: list[Operator] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Write what an operator is started with, and the objects that the chart would make."""
        self.name = "panda"
        self.prefix = f"t{secrets.token_hex(4)}_"
        self.account = "alpha-panda-operator"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.kube.kubectl("create", "configmap", f"{self.name}-operator", "-n", self.namespace)
        self.kube.kubectl("create", "configmap", f"{self.name}-feed", "-n", self.namespace)
        labels = ["app.kubernetes.io/name=market-feed", f"app.kubernetes.io/instance={self.name}"]
        self.kube.kubectl("label", "configmap", f"{self.name}-feed", "-n", self.namespace, *labels)
        self._grant()
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
                    "KUBECONFIG": str(self._kubeconfig()),
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
            "timing": {"lease": 4.0},
            **self.changes,
        }
        (self.folder / "installation.yaml").write_text(yaml.safe_dump(values))

    def apply(self, kind: str, name: str, spec: dict[str, Any], *, force: bool = False) -> None:
        """As `kubectl apply` does."""
        made = {
            "apiVersion": "alphapanda.io/v1alpha1",
            "kind": kind,
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": spec,
        }
        self.kube.kubectl(
            "apply", "-f-", *(["--force-conflicts", "--server-side"] if force else []), text=json.dumps(made)
        )

    def get(self, *words: str) -> Any:  # noqa: ANN401 - JSON
        """What there is."""
        return self.kube.get(*words, "-n", self.namespace)

    def names(self, kind: str) -> set[str]:
        """The names of the operator's objects of a kind."""
        managed = "app.kubernetes.io/managed-by=alpha-panda-operator"
        return {each["metadata"]["name"] for each in self.get(kind, "-l", managed)["items"]}

    def condition(self, kind: str, name: str, condition: str = "Ready") -> dict[str, Any]:
        """A condition of a resource; nothing where it has none."""
        found = self.get(kind, name).get("status", {}).get("conditions", ())
        return next((each for each in found if each["type"] == condition), {})

    def await_condition(
        self, kind: str, name: str, condition: str = "Ready", status: str = "True", seconds: float = WAIT_SECONDS
    ) -> dict[str, Any]:
        """Wait until the condition has this status for the present spec."""

        def holds() -> dict[str, Any]:
            found = self.condition(kind, name, condition)
            present = self.get(kind, name)["metadata"]["generation"]
            fits = found.get("status") == status and found.get("observedGeneration") == present
            return found if fits else {}

        try:
            return until(holds, f"{condition} of {kind} {name} is {status}", seconds)
        except AssertionError as error:
            said = "\n".join(str(line)[:1500] for each in self.operators for line in each.lines[-12:])
            conditions = self.get(kind, name).get("status")
            raise AssertionError(f"{error}\n{json.dumps(conditions, indent=1)}\n{said}") from error

    def run_pods(self) -> int:
        """Do as a cluster with nodes would: every Deployment that is not available becomes so; how many."""
        made = 0
        for each in self.get("deployments")["items"]:
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
        path = f"/apis/apps/v1/namespaces/{self.namespace}/deployments/{deployment}/status"
        answer = self.kube.http.patch(
            path, json={"status": status}, headers={"Content-Type": "application/merge-patch+json"}
        )
        answer.raise_for_status()

    async def keep_pods_running(self) -> None:
        """Go on like that until cancelled."""
        while True:
            await asyncio.to_thread(self.run_pods)
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

    def _grant(self) -> None:
        role = yaml.safe_load(ROLE.read_text())
        metadata = {"name": self.account, "namespace": self.namespace}
        rbac = "rbac.authorization.k8s.io"
        made = [
            {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": metadata, **role},
            {
                "apiVersion": f"{rbac}/v1",
                "kind": "RoleBinding",
                "metadata": metadata,
                "roleRef": {"apiGroup": rbac, "kind": "Role", "name": self.account},
                "subjects": [{"kind": "ServiceAccount", "name": self.account, "namespace": self.namespace}],
            },
        ]
        for each in made:
            self.kube.kubectl("apply", "-f-", text=json.dumps(each))

    def _kubeconfig(self) -> Path:
        path = self.kube.kubeconfig_for(self.namespace, self.account)
        if self.server:
            config = yaml.safe_load(path.read_text())
            config["clusters"][0]["cluster"]["server"] = self.server
            path.write_text(yaml.safe_dump(config))
        return path

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
