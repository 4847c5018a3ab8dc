"""The plan of one Zerodha Broker and one strategy for tests, carried out on real stores.

An account is one exchange's: each module of tests has a simulator of its own, and so a Broker of its own name.
"""

from __future__ import annotations

from datetime import UTC, datetime

from alpha_panda.local.run_file import FeedChoice, Run
from alpha_panda.local.stores import Stores
from alpha_panda.provision import provision_kafka, provision_postgres, provision_redis
from alpha_panda.resources.broker import Broker
from alpha_panda.resources.stored import StoredResource
from alpha_panda.resources.strategy import Strategy
from alpha_panda.topology.model import Plan
from alpha_panda.topology.planner import plan

BROKER = "rehearsal"
STRATEGY = "hand"
BEGIN = datetime(2026, 6, 2, 4, 30, tzinfo=UTC)
PARTITIONS = 2
BROKER_SPEC = {
    "type": "Zerodha",
    "live": True,
    "credentialsSecretRef": {"name": "rehearsal"},
    "zerodha": {"capital": "1000000", "ordersPerSecond": 10},
}
STRATEGY_SPEC = {
    "strategy": "momentum",
    "instruments": [{"exchange": "NSE", "symbol": "YESBANK"}],
    "timeframes": ["1m"],
    "brokers": [BROKER],
    "mode": "Live",
    "acknowledgeLive": STRATEGY,
    "risk": {"maxDailyLoss": "10000"},
}


def _stored(resource: Broker | Strategy) -> StoredResource:
    return StoredResource(
        resource=resource,
        uid=f"uid-{resource.metadata.name}",
        generation=1,
        created_at=BEGIN,
        changed_at=BEGIN,
        changed_by="ana",
    )


def the_plan(run: Run, name: str) -> Plan:
    head = {"apiVersion": "alphapanda.io/v1alpha1"}
    broker = Broker.model_validate({**head, "kind": "Broker", "metadata": {"name": name}, "spec": BROKER_SPEC})
    strategy = Strategy.model_validate(
        {**head, "kind": "Strategy", "metadata": {"name": STRATEGY}, "spec": {**STRATEGY_SPEC, "brokers": [name]}}
    )
    return plan([_stored(broker), _stored(strategy)], run.platform_settings, b"a secret of tests, of no use elsewhere")


async def provisioned(stores: Stores, broker: str) -> tuple[Plan, Run]:
    """The plan of one Zerodha Broker, carried out."""
    run = Run(partitions=PARTITIONS, feed=FeedChoice(source="synthetic"))
    made = the_plan(run, broker)
    await provision_kafka(made, stores.kafka.admin_settings(), owns=lambda _: False)
    await provision_redis(made, stores.redis.url(), owns=lambda _: False)
    await provision_postgres(made, stores.postgres.dsn(), owns=lambda _: False)
    return made, run
