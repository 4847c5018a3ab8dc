"""Stored resources for tests of the topology, each in a line."""

from datetime import UTC, datetime, timedelta

from alpha_panda.resources.broker import Broker, BrokerMetadata, BrokerSpec, BrokerType, SecretReference
from alpha_panda.resources.stored import StoredResource
from alpha_panda.resources.strategy import (
    Exchange,
    InstrumentReference,
    Mode,
    Strategy,
    StrategyMetadata,
    StrategyRisk,
    StrategySpec,
    StrategyState,
)

START = datetime(2026, 1, 5, 3, 45, tzinfo=UTC)
MASTER_SECRET = b"only the tests know this secret!"


def _stored(resource: Broker | Strategy, age: int) -> StoredResource:
    """`age` is in seconds after the start, so the lower is the older; the UID follows kind, namespace and name."""
    created = START + timedelta(seconds=age)
    uid = f"{resource.kind}-{resource.metadata.namespace}-{resource.metadata.name}"
    return StoredResource(
        resource=resource, uid=uid, generation=1, created_at=created, changed_at=created, changed_by="trader"
    )


def paper(name: str = "paper", *, age: int = 0, namespace: str | None = None) -> StoredResource:
    metadata = BrokerMetadata(name=name, namespace=namespace)
    return _stored(Broker(metadata=metadata, spec=BrokerSpec(type=BrokerType.PAPER)), age)


def zerodha(name: str = "zerodha", *, live: bool = False, age: int = 0, namespace: str | None = None) -> StoredResource:
    secret = SecretReference(name=f"{name}-login")
    spec = BrokerSpec(type=BrokerType.ZERODHA, live=live, credentials_secret_ref=secret)
    return _stored(Broker(metadata=BrokerMetadata(name=name, namespace=namespace), spec=spec), age)


def strategy(  # noqa: PLR0913 — each is one thing a test varies
    name: str = "momentum",
    *brokers: str,
    live: bool = False,
    image: str | None = None,
    state: StrategyState = StrategyState.RUNNING,
    age: int = 0,
    namespace: str | None = None,
) -> StoredResource:
    spec = StrategySpec(
        strategy="momentum",
        instruments=(InstrumentReference(exchange=Exchange.NSE, symbol="RELIANCE"),),
        brokers=brokers or ("paper",),
        mode=Mode.LIVE if live else Mode.PAPER,
        acknowledge_live=name if live else None,
        risk=StrategyRisk(max_daily_loss="1000") if live else StrategyRisk(),
        image=image,
        state=state,
    )
    return _stored(Strategy(metadata=StrategyMetadata(name=name, namespace=namespace), spec=spec), age)
