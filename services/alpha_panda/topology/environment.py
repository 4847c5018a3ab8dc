"""What a planned service is told when it is started: its settings as environment variables, its secret files.

Both executors of a plan start services with these; where the stores are, how the service is reached and what
the run is about they add on their own.
"""

from __future__ import annotations

import json
from typing import Final

import msgspec

from alpha_panda.resources.broker import BrokerType
from alpha_panda.topology.model import Plan, ServicePlan
from alpha_panda.topology.names import OPERATIONS, principal, role
from alpha_panda.topology.settings import PlatformSettings

EPOCHS: Final = "epochs"
ARRIVAL: Final = "arrival"
"""How a run keeps time: a replay by epochs, all else as records arrive."""
NO_REASON_TO_RESTART: Final = ("PANDA_SERVICE__WRITES",)
"""What a new Broker changes for shared services, which hear of it through `control.brokers` instead."""
_READS_EVERYTHING: Final = ("history", "notifier")
"""Services that are told what to read; the others know it from their code and their Broker."""
_LETS_PEOPLE_IN: Final = ("api", "notifier")
"""Services through which people halt and resume: they act as the principal of people where they do so."""
_FOLLOWS_BROKERS: Final = ("market-feed",)
"""Services that learn from `control.brokers` whom to wait for, so that a new Broker is no reason to restart them."""


def service_environment(service: ServicePlan, settings: PlatformSettings) -> dict[str, str]:
    """The `PANDA_…` variables that follow from the plan alone; no secret is among them."""
    tasks = service.tasks
    if service.service in _FOLLOWS_BROKERS:
        tasks = tuple(msgspec.structs.replace(task, upstream_previous=()) for task in tasks)
    environment = {
        **service.settings,
        "PANDA_KAFKA__USERNAME": service.principal,
        "PANDA_REDIS__USERNAME": service.principal,
        "PANDA_POSTGRES__USERNAME": role(service.principal),
        "PANDA_PLATFORM__PARTITIONS": str(settings.pipeline_partitions),
        "PANDA_PLATFORM__PREFIX": settings.prefix,
        "PANDA_SERVICE__NAME": service.name,
        "PANDA_SERVICE__GROUP": service.group,
        "PANDA_SERVICE__TASKS": msgspec.json.encode(tasks).decode(),
        "PANDA_SERVICE__WRITES": json.dumps(service.writes),
    }
    if service.service in _READS_EVERYTHING:
        environment["PANDA_SERVICE__READS"] = json.dumps(service.reads)
    if service.service in _LETS_PEOPLE_IN:
        environment["PANDA_OPERATIONS__USERNAME"] = principal(settings.prefix, OPERATIONS)
    return environment


def pacing_of(service: ServicePlan, plan: Plan, run: str) -> str:
    """How the service keeps time in a run of that pacing.

    An exchange answers when it likes: who serves a Broker there takes records as they come, also in a replay.
    """
    kinds = {broker.name: broker.type for broker in plan.brokers}
    return ARRIVAL if kinds.get(service.broker or "") == BrokerType.ZERODHA else run


def service_secrets(service: ServicePlan, plan: Plan) -> dict[str, str]:
    """The service's own passwords by the name of the file that holds each; of a store that it does not use, none."""
    kafka = {user.name: user.password for user in plan.kafka_users}
    found = {
        "kafka__password": kafka.get(service.principal),
        "redis__password": {user.name: user.password for user in plan.redis_users}.get(service.principal),
        "postgres__password": {user.name: user.password for user in plan.postgres_roles}.get(role(service.principal)),
    }
    if service.service in _LETS_PEOPLE_IN:
        prefix = service.principal.removesuffix(service.name)
        found["operations__password"] = kafka.get(principal(prefix, OPERATIONS))
    return {name: value for name, value in found.items() if value is not None}
