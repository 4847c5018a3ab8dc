"""Installations, plans and their objects for tests of the operator, each in a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.unit.topology.stored_resources import MASTER_SECRET

from alpha_panda.resources.stored import StoredResource
from alpha_panda.topology.planner import plan
from alpha_panda_operator.installation import Installation
from alpha_panda_operator.objects.model import Manifest, Owner, Surroundings
from alpha_panda_operator.objects.render import render, workloads

NAMESPACE = "trading"
IMAGE = "registry.example/alpha-panda-services@sha256:" + "0" * 64


def installation(**changes: object) -> Installation:
    values = {
        "name": "alpha-panda",
        "namespaces": [NAMESPACE],
        "image": IMAGE,
        "kafka": {"bootstrap": "kafka.stores.svc:9092"},
        "redis": {"host": "redis.stores.svc", "port": 6379},
        "postgres": {"host": "postgres.stores.svc", "port": 5432},
    }
    return Installation.model_validate({**values, **changes})


def release() -> Owner:
    return Owner(
        api_version="v1", kind="ConfigMap", namespace=NAMESPACE, name="alpha-panda-operator", uid="the-release"
    )


def around(
    resources: Iterable[StoredResource],
    settings: Installation | None = None,
    *,
    feed: Mapping[str, str] | None = None,
    monitors: bool = False,
    authority: str | None = None,
) -> Surroundings:
    settings = settings or installation()
    return Surroundings(
        plan=plan(resources, settings.platform, MASTER_SECRET),
        installation=settings,
        feed=feed or {},
        monitors=monitors,
        authority=authority,
    )


def objects(resources: Iterable[StoredResource], surroundings: Surroundings | None = None) -> tuple[Manifest, ...]:
    """Everything that is rendered for the resources, in order."""
    found = tuple(resources)
    surroundings = surroundings or around(found)
    return tuple(each for load in workloads(surroundings, found, release()) for each in render(load, surroundings))


def named(made: Iterable[Manifest], kind: str, name: str) -> Manifest:
    return next(each for each in made if each["kind"] == kind and each["metadata"]["name"] == name)
