"""What a service is told: a ConfigMap with settings, a Secret with its own passwords; and who it is: nobody much."""

from __future__ import annotations

import base64
import json
from typing import Final

import yaml

from alpha_panda.topology.environment import (
    NO_REASON_TO_RESTART,
    pacing_of,
    service_environment,
    service_secrets,
)
from alpha_panda.topology.model import ServicePlan
from alpha_panda_operator.objects.model import Manifest, Surroundings, Workload, manifest

HEALTH_PORT: Final = 9400
API_PORT: Final = 8080
SECRETS_FOLDER: Final = "/etc/alpha-panda/secrets"
SETTINGS_FOLDER: Final = "/etc/alpha-panda/settings"
SETTINGS_FILE: Final = "settings.yaml"
EXCHANGE_FOLDER: Final = "/etc/alpha-panda/exchange"
"""The account's own keys, as its Broker's Secret has them; see `zerodha.entrance`."""
AUTHORITY_FILE: Final = "ca.crt"
NOTES_FOLDER: Final = "/var/lib/alpha-panda"
FEED_SETTINGS: Final = (
    *("source", "path", "speed", "timezone", "interval_minutes", "instruments", "rate", "seed", "start"),
)
FEED_BROKER: Final = "broker"
"""Beside these in the feed's ConfigMap: the Broker whose login it takes live prices with."""


def environment(workload: Workload, around: Surroundings) -> dict[str, str]:
    """The service's environment; no secret is in it."""
    service, installation = workload.service, around.installation
    found = {
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",
        **service_environment(service, installation.platform),
        "PANDA_KAFKA__BOOTSTRAP": installation.kafka.bootstrap,
        "PANDA_REDIS__HOST": installation.redis.host,
        "PANDA_REDIS__PORT": str(installation.redis.port),
        "PANDA_POSTGRES__HOST": installation.postgres.host,
        "PANDA_POSTGRES__PORT": str(installation.postgres.port),
        "PANDA_POSTGRES__DATABASE": installation.postgres.database,
        "PANDA_RUN__PACING": pacing_of(service, around.plan, around.pacing),
        "PANDA_HTTP__HOST": "0.0.0.0",  # noqa: S104 - probes and scrapes come from outside the pod
        "PANDA_HTTP__PORT": str(HEALTH_PORT),
        "PANDA_SECRETS": SECRETS_FOLDER,
        "PANDA_CONFIG": f"{SETTINGS_FOLDER}/{SETTINGS_FILE}",
        **_transport(around),
    }
    if service.service == "market-feed":
        found |= {f"PANDA_FEED__{name.upper()}": around.feed[name] for name in FEED_SETTINGS if name in around.feed}
        found |= {"PANDA_ZERODHA__BROKER": around.feed[FEED_BROKER]} if FEED_BROKER in around.feed else {}
    if service.service == "strategy-runner":
        found["PANDA_BUDGET__NOTES"] = f"{NOTES_FOLDER}/calls"
    if account_secret(service, around) is not None:
        found["PANDA_ZERODHA__KEYS"] = EXCHANGE_FOLDER
    if service.service == "api":
        found |= _door(around)
    return dict(sorted(found.items()))


def _door(around: Surroundings) -> dict[str, str]:
    """How people reach the API."""
    api = around.installation.api
    return {
        "PANDA_API__PORT": str(API_PORT),
        "PANDA_API__PRODUCTION": str(api.production).lower(),
        "PANDA_API__HTTPS": str(api.https).lower(),
        "PANDA_API__ORIGINS": json.dumps(api.origins),
        "PANDA_API__TRUSTED_PROXIES": str(api.trusted_proxies),
    }


def _transport(around: Surroundings) -> dict[str, str]:
    """How the stores are spoken to; plainly is what services do unless told."""
    installation = around.installation
    stores = {"KAFKA": installation.kafka.tls, "REDIS": installation.redis.tls, "POSTGRES": installation.postgres.tls}
    found = {}
    for store, tls in stores.items():
        if not tls:
            continue
        found[f"PANDA_{store}__TLS"] = "true"
        if around.authority is not None:
            found[f"PANDA_{store}__AUTHORITY"] = f"{SETTINGS_FOLDER}/{AUTHORITY_FILE}"
    return found


def config_map(workload: Workload, around: Surroundings) -> Manifest:
    """The environment, the settings file, and the stores' authority."""
    files = {SETTINGS_FILE: yaml.safe_dump(around.installation.settings, sort_keys=True)}
    if around.authority is not None:
        files[AUTHORITY_FILE] = around.authority
    return manifest("v1", "ConfigMap", workload, around, data={**environment(workload, around), **files})


def reasons_to_restart(workload: Workload, around: Surroundings) -> dict[str, object]:
    """What of a service's settings and passwords a running pod would not hear of."""
    told = {
        name: value for name, value in config_map(workload, around)["data"].items() if name not in NO_REASON_TO_RESTART
    }
    return {"settings": told, "secrets": _secrets(workload, around)}


def secret(workload: Workload, around: Surroundings) -> Manifest:
    """The service's own passwords and nobody else's."""
    found = _secrets(workload, around)
    data = {name: base64.b64encode(value.encode()).decode() for name, value in sorted(found.items())}
    return manifest("v1", "Secret", workload, around, type="Opaque", data=data)


def login_of(service: ServicePlan, around: Surroundings) -> str | None:
    """The Broker whose login at its exchange the service uses: its own, for the feed the one that it is told."""
    wanted = around.feed.get(FEED_BROKER) if service.broker is None else service.broker
    return wanted if wanted in service.sessions else None


def account_secret(service: ServicePlan, around: Surroundings) -> str | None:
    """The Secret with the account's keys, for the service of its Broker that people log in through."""
    secrets = {each.name: each.credentials for each in around.plan.brokers}
    return secrets[service.broker] if service.broker is not None and service.broker in service.sessions else None


def _secrets(workload: Workload, around: Surroundings) -> dict[str, str]:
    found = service_secrets(workload.service, around.plan)
    login = login_of(workload.service, around)
    return found if login is None else {**found, "zerodha__session_key": around.plan.session_keys[login]}


def service_account(workload: Workload, around: Surroundings) -> Manifest:
    """Who the pods are at the API server, where they have no business: no token is given to them."""
    return manifest("v1", "ServiceAccount", workload, around, automountServiceAccountToken=False)
