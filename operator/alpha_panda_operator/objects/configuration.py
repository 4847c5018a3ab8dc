"""What a service is told: a ConfigMap with settings, a Secret with its own passwords; and who it is: nobody much."""

from __future__ import annotations

import base64
from typing import Final

import yaml

from alpha_panda.topology.environment import NO_REASON_TO_RESTART, service_environment, service_secrets
from alpha_panda_operator.objects.model import Manifest, Surroundings, Workload, manifest

HEALTH_PORT: Final = 9400
API_PORT: Final = 8080
SECRETS_FOLDER: Final = "/etc/alpha-panda/secrets"
SETTINGS_FOLDER: Final = "/etc/alpha-panda/settings"
SETTINGS_FILE: Final = "settings.yaml"
AUTHORITY_FILE: Final = "ca.crt"
NOTES_FOLDER: Final = "/var/lib/alpha-panda"
FEED_SETTINGS: Final = (
    *("source", "path", "speed", "timezone", "interval_minutes", "instruments", "rate", "seed", "start"),
)


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
        "PANDA_RUN__PACING": around.pacing,
        "PANDA_HTTP__HOST": "0.0.0.0",  # noqa: S104 - probes and scrapes come from outside the pod
        "PANDA_HTTP__PORT": str(HEALTH_PORT),
        "PANDA_SECRETS": SECRETS_FOLDER,
        "PANDA_CONFIG": f"{SETTINGS_FOLDER}/{SETTINGS_FILE}",
        **_transport(around),
    }
    if service.service == "market-feed":
        found |= {f"PANDA_FEED__{name.upper()}": around.feed[name] for name in FEED_SETTINGS if name in around.feed}
    if service.service == "strategy-runner":
        found["PANDA_BUDGET__NOTES"] = f"{NOTES_FOLDER}/calls"
    if service.service == "api":
        found["PANDA_API__PORT"] = str(API_PORT)
    return dict(sorted(found.items()))


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
    return {"settings": told, "secrets": service_secrets(workload.service, around.plan)}


def secret(workload: Workload, around: Surroundings) -> Manifest:
    """The service's own passwords and nobody else's."""
    found = service_secrets(workload.service, around.plan)
    data = {name: base64.b64encode(value.encode()).decode() for name, value in sorted(found.items())}
    return manifest("v1", "Secret", workload, around, type="Opaque", data=data)


def service_account(workload: Workload, around: Surroundings) -> Manifest:
    """Who the pods are at the API server, where they have no business: no token is given to them."""
    return manifest("v1", "ServiceAccount", workload, around, automountServiceAccountToken=False)
