"""The PodMonitor of a service, where the cluster knows that kind."""

from __future__ import annotations

from alpha_panda_operator.objects.model import Manifest, Surroundings, Workload, manifest, selector


def pod_monitor(workload: Workload, around: Surroundings) -> Manifest | None:
    """Scrapes `/metrics` of the service's pods."""
    monitoring = around.installation.monitoring
    if not (around.monitors and monitoring.pod_monitors):
        return None
    spec = {
        "selector": {"matchLabels": selector(around.installation, workload.service)},
        "podMetricsEndpoints": [{"port": "http", "path": "/metrics", "interval": monitoring.interval}],
    }
    made = manifest("monitoring.coreos.com/v1", "PodMonitor", workload, around, spec=spec)
    made["metadata"]["labels"] |= monitoring.labels
    return made
