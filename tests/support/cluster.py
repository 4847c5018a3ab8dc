"""A real cluster as its tests use it: the scripts a person types, `kubectl`, `helm`, the API by a port-forward."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from tests.support.helm import CHART, ROOT

SCRIPT = ROOT / "scripts" / "cluster" / "cluster.sh"
BUILD = ROOT / "images" / "build"
IMAGES = ("services", "operator", "kafka", "redis", "postgres")
_FORWARDED = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+)")


class Cluster:
    """A cluster that runs; `namespace` is where the release is."""

    def __init__(self, release: str, namespace: str) -> None:
        """Learn the way to it from its own script."""
        self.release, self.namespace = release, namespace
        said = _run([str(SCRIPT), "env"], os.environ.copy())
        exported = dict(line.removeprefix("export ").split("=", 1) for line in said.splitlines() if "=" in line)
        self._environment = {**os.environ, "KUBECONFIG": exported["KUBECONFIG"].strip('"')}
        self._environment["PATH"] = exported["PATH"].strip('"').replace("$PATH", os.environ["PATH"])

    def kubectl(self, *arguments: str) -> str:
        """What it prints; fails the test with what it complains of."""
        return _run(["kubectl", "-n", self.namespace, *arguments], self._environment)

    def helm(self, *arguments: str) -> str:
        """What it prints; fails the test with what it complains of."""
        return _run(["helm", "-n", self.namespace, *arguments], self._environment)

    def get(self, *arguments: str) -> Any:  # noqa: ANN401 - JSON
        """Objects."""
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def install(self, *values: str) -> None:
        """Install the chart with stores of its own."""
        arguments = ("--create-namespace", "--set", "embedded.enabled=true", *values)
        self.helm("install", self.release, str(CHART), *arguments)

    def upgrade(self, *values: str) -> None:
        """Change values of the release."""
        self.helm("upgrade", self.release, str(CHART), "--reuse-values", *values)

    @contextmanager
    def api(self) -> Iterator[httpx.Client]:
        """The platform's API, as long as the block lasts."""
        secret = self.get("secret", f"{self.release}-api-token")["data"]["token"]
        token = _run(["base64", "-d"], self._environment, text=secret)
        command = ["kubectl", "-n", self.namespace, "port-forward", f"service/{self.release}-api", ":8080"]
        forward = subprocess.Popen(command, env=self._environment, stdout=subprocess.PIPE, text=True)  # noqa: S603 - as typed
        try:
            assert forward.stdout is not None
            line = forward.stdout.readline()
            found = _FORWARDED.search(line)
            assert found, f"kubectl port-forward said: {line!r}"
            address = f"http://127.0.0.1:{found.group(1)}/api/v1"
            with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=10) as client:
                yield client
        finally:
            forward.terminate()
            forward.wait(timeout=10)


def start(release: str, namespace: str) -> Cluster:
    """Start a cluster with the platform's images, all made from this tree."""
    _run([str(SCRIPT), "up"], os.environ.copy())
    _run([str(BUILD)], os.environ.copy())
    version = _run([str(ROOT / ".venv/bin/panda"), "--version"], os.environ.copy()).split()[-1]
    _run([str(SCRIPT), "load", *(f"localhost/alpha-panda-{name}:{version}" for name in IMAGES)], os.environ.copy())
    return Cluster(release, namespace)


def stop() -> None:
    """End it, and all that was in it."""
    _run([str(SCRIPT), "down"], os.environ.copy())


def _run(command: list[str], environment: dict[str, str], text: str = "") -> str:
    done = subprocess.run(command, env=environment, input=text, capture_output=True, text=True, check=False)  # noqa: S603 - as typed
    assert done.returncode == 0, f"{' '.join(command)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout
