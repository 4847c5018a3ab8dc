"""A real Kubernetes API server for tests: etcd and kube-apiserver on 127.0.0.1, ended with the tests.

It is what `kubectl` and the operator talk to, with RBAC, admission and an audit log, but without a node: nothing runs
what is created, and nothing collects what is owned, unless `start_controllers()` was called.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import ssl
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import httpx
import yaml

from alpha_panda.local.layout import Layout, write_private
from alpha_panda.local.ports import HOST, Ports
from alpha_panda.local.process import ServerProcess

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts" / "cluster"
START_SECONDS = 300.0
AUDIT_POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - {level: None, nonResourceURLs: ["/readyz*", "/livez*"]}
  - {level: Metadata}
"""


@cache
def build(*programs: str) -> Path:
    """The folder with these programs, built from Go modules where it does not have them yet (minutes)."""
    done = subprocess.run(  # noqa: S603 - our own script
        [SCRIPTS / "build.sh", *programs], stdout=subprocess.PIPE, text=True, check=True
    )
    return Path(done.stdout.strip())


@dataclass(frozen=True)
class Said:
    """What a `kubectl` said and how it ended."""

    code: int
    out: str
    err: str


@dataclass
class KubeApi:
    """An API server on a folder of its own; `start()` and `stop()` are called from one thread."""

    folder: Path
    _layout: Layout = field(init=False)
    _servers: dict[str, ServerProcess] = field(default_factory=dict, init=False)
    url: str = field(default="", init=False)

    def __post_init__(self) -> None:
        """Make the folder, the keys and the administrator's kubeconfig."""
        self._layout = Layout(self.folder / "kube-api")
        self._layout.create()
        self._ports = Ports(self._layout)
        self._etcd_port = self._ports.take("etcd", "etcd")
        self._peer_port = self._ports.take("etcd-peers", "etcd's peers")
        self._port = self._ports.take("api", "the API server")
        self.url = f"https://{HOST}:{self._port}"
        self._make_keys()
        write_private(self.kubeconfig, self._kubeconfig(self._layout.secret("admin"), "default"))
        (self._root / "audit.yaml").write_text(AUDIT_POLICY)

    @property
    def _root(self) -> Path:
        return self._layout.root

    @property
    def ca(self) -> Path:
        """The certificate that the server's is signed with."""
        return self._root / "pki" / "ca.crt"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        return self._root / "admin.kubeconfig"

    @property
    def audit_log(self) -> Path:
        """A line of JSON for every request that was answered."""
        return self._layout.logs / "audit.jsonl"

    @cached_property
    def http(self) -> httpx.Client:
        """The administrator's way in: `http.get("/api/v1/namespaces")`."""
        headers = {"Authorization": f"Bearer {self._layout.secret('admin')}"}
        return httpx.Client(
            base_url=self.url, verify=ssl.create_default_context(cafile=self.ca), headers=headers, timeout=30
        )

    async def start(self) -> None:
        """Start etcd and the API server and wait until it serves; also after a `stop()`, with all that was in it."""
        programs = build("etcd", "kube-apiserver", "kubectl")
        self._start("etcd", programs, self._etcd_arguments(), marker=str(self._root / "etcd"))
        await self._until(self._etcd_serves, "etcd")
        await self.start_server()

    async def start_server(self) -> None:
        """Start the API server alone, after `stop_server()`."""
        programs = build("kube-apiserver")
        self._start("kube-apiserver", programs, self._server_arguments(), marker=str(self.audit_log))
        await self._until(self._serves, "kube-apiserver")

    async def stop_server(self) -> None:
        """End the API server alone, as in an upgrade of the control plane."""
        await self._servers.pop("kube-apiserver").stop()

    async def start_controllers(self, *only: str) -> None:
        """Start the controllers too, all or some: owned objects are collected, namespaces end, pods are created."""
        programs = build("kube-controller-manager")
        arguments = [
            *("--kubeconfig", str(self.kubeconfig), "--bind-address", HOST, "--leader-elect=false"),
            *("--secure-port", str(self._ports.take("controllers", "the controllers"))),
            *("--cert-dir", str(self._root / "controllers")),
            *("--controllers", ",".join(only) or "*"),
        ]
        self._start("kube-controller-manager", programs, arguments, marker=str(self.kubeconfig))

    async def stop_controllers(self) -> None:
        """End these alone."""
        await self._servers.pop("kube-controller-manager").stop()

    async def stop(self) -> None:
        """End everything, in order: who writes first."""
        for name in ("kube-controller-manager", "kube-apiserver", "etcd"):
            if name in self._servers:
                await self._servers.pop(name).stop()
        self.http.close()
        del self.http

    def run_kubectl(self, *words: str, text: str | None = None, kubeconfig: Path | None = None) -> Said:
        """What `kubectl` says to the words, with `text` as its standard input."""
        environment = {**os.environ, "KUBECONFIG": str(kubeconfig or self.kubeconfig), "HOME": str(self._root)}
        done = subprocess.run(  # noqa: S603 - a program of ours
            [build("kubectl") / "kubectl", *words],
            input=text,
            capture_output=True,
            text=True,
            env=environment,
            timeout=120,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def kubectl(self, *words: str, text: str | None = None, kubeconfig: Path | None = None) -> str:
        """What `kubectl` prints; fails the test with its complaint where it fails."""
        said = self.run_kubectl(*words, text=text, kubeconfig=kubeconfig)
        assert said.code == 0, f"kubectl {' '.join(words)}: {said.code}\n{said.out}\n{said.err}"
        return said.out

    def get(self, *words: str) -> Any:  # noqa: ANN401 - JSON
        """What `kubectl get` prints as JSON."""
        return json.loads(self.kubectl("get", *words, "-o", "json"))

    def make_namespace(self, name: str) -> str:
        """A namespace with its default service account, which only a controller makes otherwise; its name."""
        self.http.post("/api/v1/namespaces", json={"metadata": {"name": name}}).raise_for_status()
        account = {"metadata": {"name": "default"}}
        self.http.post(f"/api/v1/namespaces/{name}/serviceaccounts", json=account).raise_for_status()
        return name

    def kubeconfig_for(self, namespace: str, service_account: str, hours: int = 24) -> Path:
        """A kubeconfig with a token of the service account, which is made if need be."""
        found = self.run_kubectl("get", "serviceaccount", service_account, "-n", namespace)
        if found.code != 0:
            self.kubectl("create", "serviceaccount", service_account, "-n", namespace)
        token = self.kubectl("create", "token", service_account, "-n", namespace, f"--duration={hours}h").strip()
        path = self._root / f"{namespace}.{service_account}.kubeconfig"
        write_private(path, self._kubeconfig(token, namespace))
        return path

    def audited(self, user: str | None = None) -> list[dict[str, Any]]:
        """What the audit log has, oldest first; of one user such as `system:serviceaccount:NAMESPACE:NAME`."""
        lines = self.audit_log.read_text().splitlines() if self.audit_log.exists() else []
        events = [json.loads(line) for line in lines]
        return [each for each in events if user is None or each["user"].get("username") == user]

    def _make_keys(self) -> None:
        names = f"IP:{HOST},DNS:localhost,DNS:kubernetes.default.svc"
        for words in (
            ["authority"],
            ["certificate", "server", "/CN=kube-apiserver", names],
            ["service-accounts"],
        ):
            subprocess.run([SCRIPTS / "pki.sh", self._root / "pki", *words], check=True)  # noqa: S603 - our own script
        write_private(self._root / "tokens.csv", f"{self._layout.secret('admin')},admin,admin,system:masters\n")

    def _kubeconfig(self, token: str, namespace: str) -> str:
        authority = base64.b64encode(self.ca.read_bytes()).decode()
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "tests", "cluster": {"server": self.url, "certificate-authority-data": authority}},
            ],
            "users": [{"name": "user", "user": {"token": token}}],
            "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "user", "namespace": namespace}}],
            "current-context": "tests",
        }
        return yaml.safe_dump(config, sort_keys=False)

    def _etcd_arguments(self) -> list[str]:
        clients, peers = f"http://{HOST}:{self._etcd_port}", f"http://{HOST}:{self._peer_port}"
        return [
            *("--data-dir", str(self._root / "etcd"), "--unsafe-no-fsync", "--log-level", "warn"),
            *("--listen-client-urls", clients, "--advertise-client-urls", clients),
            *("--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers),
            *("--initial-cluster", f"default={peers}"),
        ]

    def _server_arguments(self) -> list[str]:
        pki = self._root / "pki"
        return [
            *("--etcd-servers", f"http://{HOST}:{self._etcd_port}"),
            *("--bind-address", HOST, "--secure-port", str(self._port)),
            *("--tls-cert-file", f"{pki}/server.crt", "--tls-private-key-file", f"{pki}/server.key"),
            *("--token-auth-file", f"{self._root}/tokens.csv", "--authorization-mode", "RBAC"),
            *("--service-account-issuer", "https://kubernetes.default.svc"),
            *("--service-account-signing-key-file", f"{pki}/service-accounts.key"),
            *("--service-account-key-file", f"{pki}/service-accounts.pub"),
            *("--service-cluster-ip-range", "198.19.0.0/24"),
            *("--audit-policy-file", f"{self._root}/audit.yaml", "--audit-log-path", str(self.audit_log)),
            *("--shutdown-delay-duration", "0s"),
        ]

    def _start(self, name: str, programs: Path, arguments: Sequence[str], marker: str) -> None:
        log, pid_file = self._layout.logs / f"{name}.log", self._layout.run / f"{name}.json"
        server = ServerProcess(name, log, pid_file, marker)
        server.start([str(programs / name), *arguments], cwd=self._root, env={"PATH": os.environ["PATH"]})
        self._servers[name] = server

    async def _until(self, holds: Callable[[], bool], name: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not holds():
            self._servers[name].require_running()
            last = self._servers[name].last_lines()
            assert time.monotonic() < deadline, f"{name} does not serve after {START_SECONDS:.0f} s:\n{last}"
            await asyncio.sleep(0.1)

    def _etcd_serves(self) -> bool:
        return _answers(lambda: httpx.get(f"http://{HOST}:{self._etcd_port}/health", timeout=5))

    def _serves(self) -> bool:
        return _answers(lambda: self.http.get("/readyz"))


def _answers(ask: Callable[[], httpx.Response]) -> bool:
    try:
        return ask().is_success
    except httpx.TransportError:
        return False
