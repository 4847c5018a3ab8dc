"""Alerts over the API: Alertmanager's webhook makes them and halts once, people list and acknowledge them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.api.served import Served

from alpha_panda.local.stores import Stores

pytestmark = pytest.mark.integration
SECRET = "the-hooks-own-secret"  # pragma: allowlist secret - of a server that lives for one test
HOOK = "/api/v1/hooks/alertmanager"


@pytest.fixture
def hooked(stores: Stores, database: str, tmp_path: Path) -> Iterator[Served]:
    with Served(stores, database, tmp_path, hook_secret=SECRET) as api:
        yield api


def told(status: str, *, halt: str | None = None) -> dict[str, Any]:
    labels = {"alertname": "PandaFeedStale", "severity": "critical"} | ({"panda_halt": halt} if halt else {})
    alert = {"status": status, "labels": labels, "annotations": {"summary": "no ticks"}, "fingerprint": "f00d"}
    return {"version": "4", "receiver": "panda", "alerts": [alert]}


def test_alertmanager_halts_once_for_as_long_as_its_alert_fires(hooked: Served):
    bearer = {"Authorization": f"Bearer {SECRET}"}
    with hooked.client(None) as alertmanager, hooked.client() as person:
        for wrong in ({}, {"Authorization": "Bearer the-token-of-the-machine-in-tests"}):
            assert alertmanager.post(HOOK, json=told("firing", halt="all"), headers=wrong).status_code == 401
        first = alertmanager.post(HOOK, json=told("firing", halt="broker:paper"), headers=bearer)
        assert first.json() == {"alerts": 1, "halted": ["broker paper"]}
        again = alertmanager.post(HOOK, json=told("firing", halt="broker:paper"), headers=bearer)
        assert again.json() == {"alerts": 1, "halted": []}
        assert hooked.audit().count('"halt"') == 1
        [alert] = person.get("/api/v1/alerts", params={"kind": "monitoring"}).json()["items"]
        assert (alert["title"], alert["priority"], alert["state"]) == ("no ticks", "critical", "open")
        where = f"/api/v1/alerts/{alert['id']}/acknowledgement"
        assert person.post(where).status_code == 204
        assert person.post(where).status_code == 404
        assert "acknowledge" in hooked.audit()
        alertmanager.post(HOOK, json=told("resolved", halt="broker:paper"), headers=bearer)
        [alert] = person.get("/api/v1/alerts", params={"kind": "monitoring"}).json()["items"]
        assert (alert["state"], alert["acknowledged_by"]) == ("resolved", "machine")
        halts = person.get("/api/v1/ops/halts").json()["halts"]
        assert [(each["scope"], each["subject"]) for each in halts] == [("broker", "paper")]
        resumed = person.post(
            "/api/v1/ops/resumptions", json={"scope": "broker", "subject": "paper", "reason": "seen to"}
        )
        assert resumed.status_code == 200, resumed.text


def test_without_a_secret_nobody_calls_the_hook(served: Served):
    with served.client() as anybody:
        assert anybody.post(HOOK, json=told("firing", halt="all")).status_code == 401
        assert anybody.get("/api/v1/alerts", params={"cursor": "nonsense"}).status_code == 422
