"""What a service answers over HTTP about itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from alpha_panda.errors import UnavailableError
from alpha_panda.runtime import health as module
from alpha_panda.runtime.health import Health, serve_health
from alpha_panda.runtime.metrics import Metrics


class Served:
    """A health that is served."""

    def __init__(self, port: int, health: Health, metrics: Metrics) -> None:
        self.port, self.health, self.metrics = port, health, metrics

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()


@pytest.fixture
def served() -> Iterator[Served]:
    health, metrics = Health(), Metrics("risk-manager", "paper")
    with serve_health("127.0.0.1", 0, health, metrics) as port:
        yield Served(port, health, metrics)


def test_a_service_is_not_ready_before_it_says_so(served: Served):
    assert served.get("/readyz") == (503, '{"ready": false}')
    served.health.ready = True
    assert served.get("/readyz") == (200, '{"ready": true}')


def test_a_loop_that_no_longer_turns_is_neither_alive_nor_ready(served: Served, monkeypatch: pytest.MonkeyPatch):
    served.health.ready = True
    assert served.get("/healthz") == (200, '{"alive": true}')
    monkeypatch.setattr(module, "STALLED_AFTER_SECONDS", 0.0)
    assert served.get("/healthz") == (503, '{"alive": false}')
    assert served.get("/readyz")[0] == 503


def test_the_status_holds_the_services_own_words(served: Served):
    served.health.detail = {"lag": 7, "outcomes": {"processed": 3}}
    served.health.saw_event()
    code, text = served.get("/status")
    status = json.loads(text)
    assert code == 200
    assert (status["lag"], status["outcomes"], status["ready"]) == (7, {"processed": 3}, False)
    assert status["event_age_seconds"] >= 0


def test_before_the_first_event_its_age_is_unknown(served: Served):
    assert json.loads(served.get("/status")[1])["event_age_seconds"] is None


def test_metrics_are_labelled_with_service_and_broker(served: Served):
    served.metrics.record("t", "processed", 3)
    served.metrics.diagnostics({"late_ticks": 2})
    text = served.get("/metrics")[1]
    assert 'panda_records_total{broker="paper",outcome="processed",service="risk-manager",topic="t"} 3.0' in text
    assert 'panda_processor{broker="paper",name="late_ticks",service="risk-manager"} 2.0' in text


def test_another_path_is_told_the_paths_that_there_are(served: Served):
    assert served.get("/nothing") == (404, "/healthz /readyz /status /metrics\n")


def test_a_port_in_use_is_told_with_the_setting(served: Served):
    with (
        pytest.raises(UnavailableError, match=f"port {served.port} on 127.0.0.1 is in use") as refused,
        serve_health("127.0.0.1", served.port, Health(), Metrics("a", None)),
    ):
        pass
    assert "http.port" in str(refused.value.remedy)


def test_after_the_end_the_port_is_free_again():
    for _ in range(2):
        with serve_health("127.0.0.1", 0, Health(), Metrics("a", None)) as port:
            pass
        with serve_health("127.0.0.1", port, Health(), Metrics("a", None)) as again:
            assert again == port
