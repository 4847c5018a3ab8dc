"""What the ConfigMap of the feed says, and what becomes of what it cannot mean."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.operator.installations import NAMESPACE, installation, release
from tests.unit.topology.stored_resources import MASTER_SECRET

from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda_operator.cluster.cache import Cache
from alpha_panda_operator.engine.world import Facts, World, look

PAPER: dict[str, Any] = {"type": "Paper"}
ZERODHA: dict[str, Any] = {"type": "Zerodha", "credentialsSecretRef": {"name": "kite"}}


def found(kind: str, name: str, version: str, **parts: Any) -> dict[str, Any]:  # noqa: ANN401 - an object's own
    metadata = {
        "name": name,
        "namespace": NAMESPACE,
        "uid": f"uid-{name}",
        "generation": 1,
        "resourceVersion": "1",
        "creationTimestamp": "2026-04-01T04:00:00Z",
    }
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **parts}


def world(feed: dict[str, str]) -> World:
    cache, settings = Cache(), installation()
    cache.see(found("Broker", "paper", "alphapanda.io/v1alpha1", spec=PAPER))
    cache.see(found("Broker", "zerodha", "alphapanda.io/v1alpha1", spec=ZERODHA))
    cache.see(found("ConfigMap", settings.feed_name, "v1", data=feed))
    return look(cache, Facts(installation=settings, release=release(), master=MASTER_SECRET, table=load_instruments()))


def services(seen: World) -> set[str]:
    return {each.service.name for each in seen.workloads}


def test_a_live_feed_runs_with_the_login_of_the_broker_that_is_named():
    seen = world({"source": "kite", "broker": "zerodha"})
    assert (seen.feed_trouble, seen.around.pacing) == ("", "arrival")
    assert "market-feed" in services(seen)


@pytest.mark.parametrize(
    ("feed", "said"),
    [
        ({"source": "kite"}, "source kite needs broker, the name of a Broker of type Zerodha; there are: zerodha"),
        ({"source": "kite", "broker": "paper"}, "there are: zerodha"),
        ({"source": "kite", "broker": "absent"}, "there are: zerodha"),
        ({"source": "kite", "brokr": "zerodha"}, "brokr is unknown; allowed: source, path"),
        ({"source": "replay"}, "feed.path is not set"),
    ],
)
def test_a_feed_that_cannot_be_meant_stands_still_and_says_why(feed: dict[str, str], said: str):
    seen = world(feed)
    assert said in seen.feed_trouble
    assert "market-feed" not in services(seen)


def test_a_replay_uses_no_login_though_one_is_named():
    seen = world({"source": "replay", "path": "/market", "broker": "zerodha"})
    assert (seen.feed_trouble, seen.around.pacing) == ("", "epochs")
    assert "broker" not in seen.around.feed
