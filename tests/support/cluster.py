"""A real cluster as its tests use it: the scripts a person types, `kubectl`, `helm`, the API by a port-forward."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import httpx
from tests.support.helm import CHART, ROOT
from tests.support.waiting import until

SCRIPT = ROOT / "scripts" / "cluster" / "cluster.sh"
BUILD = ROOT / "images" / "build"
IMAGES = ("services", "operator", "kafka", "redis", "postgres")
READY_SECONDS = 420.0
"""On two cores that do much else a dozen Pythons take their time to start."""
_FORWARDED = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+)")


class Cluster:
    """A cluster that runs; `namespace` is where the release is."""

    def __init__(self, release: str, namespace: str) -> None:
        """Learn the way to it from its own script."""
        self.release, self.namespace = release, namespace
        said = run([str(SCRIPT), "env"], os.environ.copy())
        exported = dict(line.removeprefix("export ").split("=", 1) for line in said.splitlines() if "=" in line)
        self.environment = {**os.environ, "KUBECONFIG": exported["KUBECONFIG"].strip('"')}
        self.environment["PATH"] = exported["PATH"].strip('"').replace("$PATH", os.environ["PATH"])
        self._api: tuple[subprocess.Popen[str], httpx.Client] | None = None

    def kubectl(self, *arguments: str, text: str = "") -> str:
        """What it prints; fails the test with what it complains of."""
        return run(["kubectl", "-n", self.namespace, *arguments], self.environment, text)

    def refused(self, *arguments: str, text: str = "") -> str:
        """What it complains of; fails the test where it does what it is told."""
        command = ["kubectl", "-n", self.namespace, *arguments]
        done = subprocess.run(command, env=self.environment, input=text, capture_output=True, text=True, check=False)  # noqa: S603 - as typed
        assert done.returncode != 0, f"{' '.join(command)} was not refused: {done.stdout}"
        return done.stderr

    def helm(self, *arguments: str) -> str:
        """What it prints; fails the test with what it complains of."""
        return run(["helm", "-n", self.namespace, *arguments], self.environment)

    def get(self, *arguments: str) -> Any:  # noqa: ANN401 - JSON
        """Objects."""
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def install(self, chart: Path = CHART, *values: str) -> None:
        """Install the chart with stores of its own."""
        self.helm("install", self.release, str(chart), "--set", "embedded.enabled=true", *values)

    def upgrade(self, *values: str) -> None:
        """Bring the release to this tree's chart, or change its values."""
        self.helm("upgrade", self.release, str(CHART), "--reset-then-reuse-values", *values)

    def apply(self, what: Path | str) -> None:
        """Apply a file or a text; the policies may not know their kinds yet (docs/kubernetes.md)."""
        arguments = ["-f", str(what)] if isinstance(what, Path) else ["-f", "-"]

        def done() -> bool:
            try:
                self.kubectl("apply", *arguments, text=what if isinstance(what, str) else "")
            except AssertionError as error:
                if "failed to configure policy" in str(error):
                    return False
                raise
            return True

        until(done, "the policies know their kinds")

    def patch(self, kind: str, name: str, spec: dict[str, Any]) -> None:
        """Change a part of a spec."""
        self.kubectl("patch", kind, name, "--type=merge", "-p", json.dumps({"spec": spec}))

    def restore(self, kind: str, name: str, spec: dict[str, Any]) -> None:
        """Make a spec what it was, in every field."""
        change = [{"op": "replace", "path": "/spec", "value": spec}]
        self.kubectl("patch", kind, name, "--type=json", "-p", json.dumps(change))

    def await_ready(self, *resources: str) -> None:
        """As a person waits for the spec that was applied; without names for all resources."""
        arguments = resources or ("strategies,brokers", "--all")
        self.kubectl("wait", "--for=condition=Ready", *arguments, f"--timeout={READY_SECONDS:.0f}s")

    def condition(self, kind: str, name: str, condition: str) -> str:
        """The status of a condition that was said about the present spec; empty until it was."""
        found = self.get(kind, name)
        for each in found.get("status", {}).get("conditions", ()):
            if each["type"] == condition and each["observedGeneration"] == found["metadata"]["generation"]:
                return str(each["status"])
        return ""

    def service_pods(self) -> dict[str, str]:
        """The pods of the operator's making that are not on their way out: uid by name."""
        listed = self.get("pods", "-l", "app.kubernetes.io/managed-by=alpha-panda-operator")["items"]
        return {
            each["metadata"]["name"]: each["metadata"]["uid"]
            for each in listed
            if "deletionTimestamp" not in each["metadata"]
        }

    def ask(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """What the platform's API answers; nothing while it does not."""
        try:
            answer = self._client().get(path)
        except httpx.HTTPError:
            self.close()
            return None
        return answer.json() if answer.is_success else None

    def account(self) -> Any:  # noqa: ANN401 - JSON
        """The account of the one Broker; without fills until there is one."""
        portfolio = self.ask("/portfolios/paper") or {}
        return portfolio.get("account") or {"fills": 0}

    def close(self) -> None:
        """End the port-forward."""
        if self._api is not None:
            forward, client = self._api
            self._api = None
            client.close()
            _end(forward)

    def _client(self) -> httpx.Client:
        """Over a port-forward that lasts until its pod ends."""
        if self._api is None or self._api[0].poll() is not None:
            self.close()
            secret = self.get("secret", f"{self.release}-api-token")["data"]["token"]
            command = ["kubectl", "-n", self.namespace, "port-forward", f"service/{self.release}-api", ":8080"]
            forward = subprocess.Popen(  # noqa: S603 - as typed
                command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
            assert forward.stdout is not None
            found = _FORWARDED.search(forward.stdout.readline())
            if found is None:
                _end(forward)
                raise httpx.ConnectError("no pod of the API runs")
            token = base64.b64decode(secret).decode()
            address, headers = f"http://127.0.0.1:{found.group(1)}/api/v1", {"Authorization": f"Bearer {token}"}
            self._api = forward, httpx.Client(base_url=address, headers=headers, timeout=10)
        return self._api[1]


def _end(forward: subprocess.Popen[str]) -> None:
    forward.terminate()
    forward.wait(timeout=10)
    if forward.stdout is not None:
        forward.stdout.close()


def start(release: str, namespace: str, *, with_images: bool = True) -> Cluster:
    """Start a cluster with the platform's images, all made from this tree."""
    run([str(SCRIPT), "up"], os.environ.copy())
    if with_images:
        run([str(BUILD)], os.environ.copy())
        run([str(SCRIPT), "load", *map(image, IMAGES)], os.environ.copy())
    return Cluster(release, namespace)


def image(name: str) -> str:
    """How `make images` calls one."""
    version = run([str(ROOT / ".venv/bin/panda"), "--version"], os.environ.copy()).split()[-1]
    return f"localhost/alpha-panda-{name}:{version}"


def stop() -> None:
    """End it, and all that was in it."""
    run([str(SCRIPT), "down"], os.environ.copy())


def run(command: list[str], environment: dict[str, str], text: str = "") -> str:
    """What it prints; fails the test with all that it said where it fails."""
    done = subprocess.run(command, env=environment, input=text, capture_output=True, text=True, check=False)  # noqa: S603 - as typed
    assert done.returncode == 0, f"{' '.join(command)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout
