"""Every object that should exist for a plan, in the order in which they are to be made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from alpha_panda.resources.common import API_VERSION
from alpha_panda.resources.stored import StoredResource
from alpha_panda_operator.objects.configuration import config_map, secret, service_account
from alpha_panda_operator.objects.model import Manifest, Owner, Surroundings, Workload, stamped
from alpha_panda_operator.objects.monitoring import pod_monitor
from alpha_panda_operator.objects.network import network_policy
from alpha_panda_operator.objects.workload import deployment, disruption_budget


def owner_of(stored: StoredResource) -> Owner:
    """The resource as an owner; raises ValueError for one that has no namespace."""
    if stored.namespace is None:
        msg = f"{stored.kind} {stored.name} has no namespace, so it is in no cluster"
        raise ValueError(msg)
    return Owner(
        api_version=API_VERSION, kind=stored.kind, namespace=stored.namespace, name=stored.name, uid=stored.uid
    )


def workloads(around: Surroundings, resources: Iterable[StoredResource], installation: Owner) -> tuple[Workload, ...]:
    """The services that are to run, each with its owner, sorted by name.

    A Broker's services are the Broker's and a Strategy's own runner is the Strategy's, also in which namespace they
    run; the others are `installation`'s. The feed runs only while it is told what to publish.
    """
    by_uid = {stored.uid: stored for stored in resources}
    brokers = {broker.name: owner_of(by_uid[broker.uid]) for broker in around.plan.brokers}
    runners = {
        each.runner: owner_of(by_uid[each.uid]) for each in around.plan.strategies if _own_runner(each.runner, around)
    }
    owners: Mapping[str | None, Owner] = runners
    return tuple(
        Workload(
            service=service,
            owner=brokers[service.broker] if service.broker is not None else owners.get(service.name, installation),
        )
        for service in around.plan.services
        if service.service != "market-feed" or around.feed.get("source", "none") != "none"
    )


def _own_runner(runner: str | None, around: Surroundings) -> bool:
    return any(service.name == runner and service.image is not None for service in around.plan.services)


def render(workload: Workload, around: Surroundings) -> tuple[Manifest, ...]:
    """The objects of one service: what its pods need comes before the pods."""
    made = (
        service_account(workload, around),
        secret(workload, around),
        config_map(workload, around),
        network_policy(workload, around),
        deployment(workload, around),
        disruption_budget(workload, around),
        pod_monitor(workload, around),
    )
    return tuple(stamped(each) for each in made if each is not None)
