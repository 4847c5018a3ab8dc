"""A real API server takes every object of the chart where pods must be `restricted`, and the replay starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from tests.operator.conftest import manifest
from tests.support.helm import CHART, EMBEDDED, OWN_STORES, Object, pod_templates, template
from tests.support.kube_api import KubeApi, Said

pytestmark = pytest.mark.operator

RESTRICTED = ("enforce", "warn", "audit")
CASES = {"embedded": EMBEDDED, "own-stores": OWN_STORES}
MOMENTUM = {"strategy": "momentum", "instruments": [{"exchange": "NSE", "symbol": "INFY"}], "brokers": ["paper"]}


def rendered(values: dict[str, Any], namespace: str) -> list[Object]:
    whole = {**values, "replay": {"enabled": True, "waitMinutes": 1}, "crds": {"install": False}}
    done = template(whole, namespace=namespace)
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def applied(kube_api: KubeApi, objects: list[Object], *words: str) -> Said:
    return kube_api.run_kubectl("apply", "--server-side", "-f-", *words, text=yaml.safe_dump_all(objects))


@pytest.fixture
def restricted(kube_api: KubeApi, namespace: str) -> str:
    """A namespace that takes no other pods."""
    labels = [f"pod-security.kubernetes.io/{each}=restricted" for each in RESTRICTED]
    kube_api.kubectl("label", "namespace", namespace, *labels)
    return namespace


@pytest.mark.parametrize("case", CASES)
def test_every_object_is_taken_without_a_warning(case: str, kube_api: KubeApi, restricted: str) -> None:
    done = applied(kube_api, rendered(CASES[case], restricted), "--validate=strict")
    assert done.code == 0, done.err
    assert "Warning" not in done.err


def test_every_pod_is_admitted_and_a_loosened_one_is_refused(kube_api: KubeApi, restricted: str) -> None:
    objects = rendered(EMBEDDED, restricted)
    applied(kube_api, objects)
    for name, template_of_pod in pod_templates(objects):
        pod = as_pod(template_of_pod, restricted)
        assert applied(kube_api, [pod], "--dry-run=server").code == 0, name
        pod["spec"]["containers"][0]["securityContext"].pop("capabilities")
        refused = applied(kube_api, [pod], "--dry-run=server")
        assert refused.code != 0, name
        assert 'violates PodSecurity "restricted' in refused.err


def as_pod(found: Object, namespace: str) -> Object:
    """The pod that a controller would make of a template; its claims are volumes that nobody fills here."""
    spec = json.loads(json.dumps(found["spec"]))
    named = {volume["name"] for volume in spec.get("volumes", ())}
    mounted = {mount["name"] for each in spec["containers"] for mount in each["volumeMounts"]}
    spec["volumes"] = [*spec.get("volumes", ()), *({"name": name, "emptyDir": {}} for name in sorted(mounted - named))]
    metadata = {"name": "tried", "namespace": namespace, "labels": found["metadata"]["labels"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def test_a_second_installation_changes_nothing(kube_api: KubeApi, restricted: str) -> None:
    objects = [each for each in rendered(OWN_STORES, restricted) if each["kind"] != "Secret"]
    applied(kube_api, objects)
    before = versions(kube_api, restricted)
    applied(kube_api, objects)
    assert versions(kube_api, restricted) == before


def versions(kube_api: KubeApi, namespace: str) -> dict[str, str]:
    kinds = "deployments,services,configmaps,networkpolicies,roles,rolebindings,serviceaccounts,jobs"
    found = kube_api.get(kinds, "-n", namespace)["items"]
    return {f"{each['kind']} {each['metadata']['name']}": each["metadata"]["resourceVersion"] for each in found}


def replay(kube_api: KubeApi, namespace: str, folder: Path, seconds: int) -> subprocess.CompletedProcess[str]:
    """The replay Job's program with the environment and the account that the chart gives it."""
    objects = rendered(EMBEDDED, namespace)
    applied(kube_api, objects)
    job = next(each for each in objects if each["kind"] == "Job")["spec"]["template"]["spec"]
    config = yaml.safe_load(kube_api.kubeconfig_for(namespace, job["serviceAccountName"]).read_text())
    (folder / "token").write_text(config["users"][0]["user"]["token"])
    (folder / "ca.crt").write_bytes(kube_api.ca.read_bytes())
    address = urlsplit(kube_api.url)
    environment = {each["name"]: each["value"] for each in job["containers"][0]["env"]} | {
        "KUBERNETES_SERVICE_HOST": str(address.hostname),
        "KUBERNETES_SERVICE_PORT": str(address.port),
        "SERVICE_ACCOUNT": str(folder),
        "WAIT_SECONDS": str(seconds),
        "PATH": os.environ["PATH"],
    }
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, CHART / "files" / "start_replay.py"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def feed(kube_api: KubeApi, namespace: str) -> dict[str, str]:
    return dict(kube_api.get("configmap", "ap-feed", "-n", namespace).get("data") or {})


def test_the_replay_starts_once_a_strategy_is_ready(kube_api: KubeApi, restricted: str, tmp_path: Path) -> None:
    kube_api.kubectl("apply", "-n", restricted, "-f-", text=manifest("Strategy", "ready", MOMENTUM))
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "AsExpected",
        "message": "",
        "observedGeneration": 1,
        "lastTransitionTime": "2026-01-05T04:00:00Z",
    }
    status = json.dumps({"status": {"observedGeneration": 1, "conditions": [ready]}})
    kube_api.kubectl("patch", "strat", "ready", "-n", restricted, "--subresource=status", "--type=merge", "-p", status)
    done = replay(kube_api, restricted, tmp_path, 30)
    assert done.returncode == 0, done.stderr
    assert feed(kube_api, restricted) == {"source": "replay", "path": "/opt/alpha-panda/market", "speed": "60"}


def test_nothing_is_replayed_while_no_strategy_is_ready(kube_api: KubeApi, restricted: str, tmp_path: Path) -> None:
    kube_api.kubectl("apply", "-n", restricted, "-f-", text=manifest("Strategy", "waits", MOMENTUM))
    done = replay(kube_api, restricted, tmp_path, 3)
    assert done.returncode == 1
    assert "no Strategy became Ready within 3 s" in done.stderr
    assert feed(kube_api, restricted) == {}
