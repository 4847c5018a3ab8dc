"""The renderings that are kept: which values, and what of an object is compared. `python -m tests.chart.golden` writes
them anew; the difference is then read like any other change.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml
from tests.support.helm import EMBEDDED, KEDA, MONITORING, OWN_STORES, Object, render

FOLDER = Path(__file__).parent / "golden"
CASES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "embedded": ({**EMBEDDED, "replay": {"enabled": True}}, ()),
    "own-stores": (
        {
            **OWN_STORES,
            "networkPolicies": {"apiServer": {"cidrs": ["192.0.2.1/32"]}, "storeCidrs": ["198.51.100.0/24"]},
            "operator": {"watchNamespaces": ["desk-a", "desk-b"], "replicas": 1},
            "api": {
                "ingress": {"enabled": True, "host": "panda.example", "tlsSecret": "panda-tls"},
                "autoscaling": {"enabled": True, "prometheus": "http://prometheus.monitoring:9090"},
            },
            "pods": {"priorityClass": {"create": True}, "nodeSelector": {"disk": "fast"}},
        },
        (*MONITORING, *KEDA),
    ),
}
"""By name: the values, and what else the cluster knows."""


def rendered(case: str) -> str:
    """The case's objects in one order, without what is random or generated from elsewhere."""
    values, apis = CASES[case]
    objects = [_comparable(each) for each in render(values, apis) if each["kind"] != "CustomResourceDefinition"]
    objects.sort(key=lambda each: (each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"]))
    return yaml.safe_dump_all(objects, sort_keys=True, width=120)


def _comparable(each: Object) -> Object:
    """Passwords are random; dashboards, rules and programs are files of the chart, which are read there."""
    if each["kind"] == "Secret":
        return {**each, "data": dict.fromkeys(each["data"], "(made)")}
    if each["kind"] == "PrometheusRule":
        return {**each, "spec": "(files/rules.yaml)"}
    if each["kind"] == "ConfigMap":
        data = each.get("data") or {}
        return {**each, "data": {name: _readable(name, text) for name, text in data.items()}}
    return each


def _readable(name: str, text: str) -> object:
    if name.endswith((".json", ".py")):
        return "(file)"
    return yaml.safe_load(text) if name.endswith(".yaml") else text.splitlines()


def main() -> int:
    """Write all cases."""
    for case in CASES:
        (FOLDER / f"{case}.yaml").write_text(rendered(case))
    return 0


if __name__ == "__main__":
    sys.exit(main())
