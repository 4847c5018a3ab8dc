"""What is measured of orders: outcomes, and how long a validated signal took until its order was posted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from alpha_panda.zerodha_trading.replies import Outcome
from alpha_panda.zerodha_trading.state import ExchangeOrder

_BOUNDS: Final = (0.002, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0)


class Meters:
    """The metrics of one account."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Count from nothing."""
        self._posts = Counter("panda_exchange_posts", "Orders posted to the exchange.", registry=registry)
        self._outcomes = Counter(
            "panda_exchange_outcomes", "Outcomes of order requests.", ("outcome",), registry=registry
        )
        self._updates = Counter(
            "panda_exchange_updates", "Order updates that the exchange told by itself.", ("outcome",), registry=registry
        )
        self._postbacks = Counter(
            "panda_exchange_postbacks", "Postbacks of orders, by what became of them.", ("outcome",), registry=registry
        )
        self._seconds = Histogram(
            "panda_exchange_post_seconds",
            "Seconds from an order's wish to its post.",
            registry=registry,
            buckets=_BOUNDS,
        )

    def posting(self, record: ExchangeOrder) -> None:
        """An order is about to be posted."""
        self._posts.inc()
        if record.causation_id is not None and not record.order.reduce_only:
            self._seconds.observe(max(0.0, (datetime.now(UTC) - record.received_at).total_seconds()))

    def answered(self, outcome: Outcome) -> None:
        """A request has come to this."""
        self._outcomes.labels(outcome.value).inc()

    def posted_back(self, outcome: str) -> None:
        """A postback came."""
        self._postbacks.labels(outcome).inc()

    def told(self, outcome: str) -> None:
        """An order update came."""
        self._updates.labels(outcome).inc()
