"""The operator's own metrics, beside those of every process of ours."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class OperatorMetrics:
    """One registry per process."""

    def __init__(self) -> None:
        """Nothing has happened."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._seconds = Histogram(
            "panda_operator_reconcile_seconds",
            "Time of one look at the platform or at a resource",
            ["kind"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._errors = Counter(
            "panda_operator_reconcile_errors", "Looks that failed and are repeated", ["kind"], registry=self.registry
        )
        self._success = Gauge(
            "panda_operator_last_success_timestamp_seconds",
            "When a look last did not fail",
            ["kind"],
            registry=self.registry,
        )
        self.leader = Gauge("panda_operator_leader", "1 while this process leads", registry=self.registry)
        self.applied = Counter("panda_operator_applied", "Objects sent to the API server", registry=self.registry)
        self.deleted = Counter("panda_operator_deleted", "Objects deleted", registry=self.registry)
        self.statuses = Counter("panda_operator_statuses", "Statuses written", registry=self.registry)
        self.missed = Counter(
            "panda_operator_missed_changes",
            "Changes that only the regular look at everything found",
            registry=self.registry,
        )
        self.stores = Gauge(
            "panda_operator_stores_ready", "1 while the stores are what the plan says", registry=self.registry
        )

    def watch_queue(self, length: Callable[[], int]) -> None:
        """Show how many keys wait."""
        depth = Gauge("panda_operator_queue_depth", "Keys that are due or worked on", registry=self.registry)
        depth.set_function(length)

    @contextmanager
    def look(self, kind: str) -> Iterator[None]:
        """Time one look, and count whether it failed."""
        began = time.monotonic()
        try:
            yield
        except Exception:
            self._errors.labels(kind).inc()
            raise
        else:
            self._success.labels(kind).set_to_current_time()
        finally:
            self._seconds.labels(kind).observe(time.monotonic() - began)
