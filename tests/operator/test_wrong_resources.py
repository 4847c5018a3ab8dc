"""Wrong resources: each is refused when it is applied, or its own condition says what is wrong and what helps."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from tests.operator.conftest import working
from tests.support.installed import LEASE_SECONDS, MOMENTUM, PAPER, Installed

pytestmark = pytest.mark.operator

Spec = dict[str, Any]
ZERODHA: Spec = {"type": "Zerodha", "credentialsSecretRef": {"name": "kite"}}
LIVE: Spec = {**MOMENTUM, "mode": "Live", "acknowledgeLive": "wrong", "risk": {"maxDailyLoss": "500"}}
RELIANCE = {"exchange": "NSE", "symbol": "RELIANCE"}


def without(spec: Spec, *names: str) -> Spec:
    return {name: value for name, value in spec.items() if name not in names}


REFUSED: list[tuple[str, str, Spec, str]] = [
    ("no strategy named", "Strategy", without(MOMENTUM, "strategy"), "spec.strategy: Required value"),
    ("no instruments", "Strategy", {**MOMENTUM, "instruments": []}, "spec.instruments"),
    ("an instrument twice", "Strategy", {**MOMENTUM, "instruments": [RELIANCE, RELIANCE]}, "duplicate entries for key"),
    ("an unknown field", "Strategy", {**MOMENTUM, "instrumnets": []}, "spec.instrumnets: field not declared"),
    ("an unknown exchange", "Strategy", {**MOMENTUM, "instruments": [{**RELIANCE, "exchange": "NYSE"}]}, "NSE"),
    ("small letters", "Strategy", {**MOMENTUM, "instruments": [{**RELIANCE, "symbol": "infy"}]}, "such as RELIANCE"),
    ("an unknown timeframe", "Strategy", {**MOMENTUM, "timeframes": ["2m"]}, '"1m"'),
    ("a fraction for money", "Strategy", {**MOMENTUM, "risk": {"maxOrderValue": "1.234"}}, "two decimals"),
    ("a limit of nothing", "Strategy", {**MOMENTUM, "risk": {"maxOrderValue": "0"}}, "more than 0"),
    ("two targets", "Strategy", {**MOMENTUM, "levels": {"targetPercent": "2", "rewardRisk": "2"}}, "rewardRisk"),
    ("Live without its name", "Strategy", without(LIVE, "acknowledgeLive"), "acknowledgeLive"),
    ("Live, copied", "Strategy", {**LIVE, "acknowledgeLive": "other"}, "the strategy's own name"),
    ("Live without a limit", "Strategy", without(LIVE, "risk"), "maxDailyLoss"),
    ("a state that is none", "Strategy", {**MOMENTUM, "state": "Off"}, '"Paused"'),
    ("a window that is none", "Strategy", {**MOMENTUM, "rollout": {"window": "Night"}}, '"MarketClosed"'),
    ("an image that is none", "Strategy", {**MOMENTUM, "image": "a b"}, "image reference"),
    ("parameters as large as a film", "Strategy", {**MOMENTUM, "params": {"x": "y" * 2_000_000}}, "too large"),
    ("no type", "Broker", {}, "spec.type: Required value"),
    ("a type that is none", "Broker", {"type": "Binance"}, '"Zerodha"'),
    ("paper that is live", "Broker", {**PAPER, "live": True}, "cannot be live"),
    ("paper with credentials", "Broker", {**ZERODHA, "type": "Paper"}, "holds no credentials"),
    ("Zerodha without credentials", "Broker", {"type": "Zerodha"}, "needs credentialsSecretRef"),
    ("settings of the other type", "Broker", {**PAPER, "zerodha": {}}, "takes no zerodha settings"),
    ("more orders than the exchange takes", "Broker", {**ZERODHA, "zerodha": {"ordersPerSecond": 11}}, "10"),
    ("all cash in reserve", "Broker", {**PAPER, "paper": {"startingCash": "1000"}}, "minCashReserve"),
]
"""What it is, its kind and spec, and what the API server must say."""

REPORTED: list[tuple[str, str, Spec, str, tuple[str, ...]]] = [
    ("nobody", "Strategy", {**MOMENTUM, "strategy": "momentun"}, "UnknownStrategy", ("momentun", "momentum")),
    ("params", "Strategy", {**MOMENTUM, "params": {"fastt": 3}}, "WrongParameters", ("fastt",)),
    (
        "unlisted",
        "Strategy",
        {**MOMENTUM, "instruments": [{"exchange": "NSE", "symbol": "NOSUCH"}]},
        "UnknownInstrument",
        ("NSE:NOSUCH", "data.instruments"),
    ),
    (
        "brokerless",
        "Strategy",
        {**MOMENTUM, "brokers": ["absent"]},
        "NoBroker",
        ("Broker absent, which does not exist", "there are:"),
    ),
    ("heavy", "Strategy", {**MOMENTUM, "params": {"x": "y" * 100_000}}, "Invalid", ("params", "65536")),
    (
        "keyless",
        "Broker",
        {**ZERODHA, "credentialsSecretRef": {"name": "nowhere"}},
        "SecretMissing",
        ("nowhere", "make it"),
    ),
    ("hollow", "Broker", {**ZERODHA, "credentialsSecretRef": {"name": "hollow"}}, "SecretIncomplete", ("hollow",)),
]
"""Name, kind, spec, the reason that Ready gives, and words that its message must have."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def at_work(made: Installed) -> AsyncIterator[Installed]:
    """Over two namespaces."""
    second = made.kube.make_namespace(f"test-{secrets.token_hex(4)}")
    made.grant(second)
    made.changes = {"namespaces": [made.namespace, second], "timing": {"lease": LEASE_SECONDS}}
    made.create("Secret", "hollow")
    async with working(made):
        yield made


@pytest.mark.parametrize(("kind", "spec", "words"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED])
def test_it_is_refused_when_it_is_applied(at_work: Installed, kind: str, spec: Spec, words: str) -> None:
    said = at_work.try_apply(kind, "wrong", spec)
    assert words in said
    assert not at_work.get(kind, "wrong")


async def test_it_is_reported_in_its_own_condition_with_what_helps(desk: Installed) -> None:
    """All at once: what is wrong with one is nothing to another."""
    for name, kind, spec, _, _ in REPORTED:
        desk.apply(kind, name, spec)
    for name, kind, _, reason, words in REPORTED:
        ready = await asyncio.to_thread(desk.await_condition, kind, name, "Ready", "False", reason)
        assert [each for each in words if each not in ready["message"]] == [], ready["message"]
    await asyncio.to_thread(desk.await_condition, "Strategy", "momentum")


async def test_of_two_that_want_one_name_the_older_has_it_and_the_other_says_who(desk: Installed) -> None:
    other = desk.within(desk.changes["namespaces"][1])
    other.apply("Broker", "paper", PAPER)
    other.apply("Strategy", "momentum", MOMENTUM)
    for kind, name in (("Broker", "paper"), ("Strategy", "momentum")):
        taken = await asyncio.to_thread(other.await_condition, kind, name, "Ready", "False", "NameTaken")
        assert desk.namespace in taken["message"]
        await asyncio.to_thread(desk.await_condition, kind, name)
    assert other.names("Deployment") == set()
    other.delete("Broker", "paper")
    other.delete("Strategy", "momentum")


async def test_an_object_of_somebody_else_is_not_taken_over_and_named_until_it_is_gone(desk: Installed) -> None:
    name = "panda-strategy-runner-mine"
    desk.create("ConfigMap", name, data={"somebody": "else"})
    desk.apply("Strategy", "mine", {**MOMENTUM, "image": "registry.example/own:1"})
    said = await asyncio.to_thread(desk.await_condition, "Strategy", "mine", "Ready", "False", "ApplyFailed")
    assert name in said["message"]
    assert "delete or rename it" in said["message"]
    assert desk.get("ConfigMap", name)["data"] == {"somebody": "else"}
    desk.delete("ConfigMap", name)
    await asyncio.to_thread(desk.await_condition, "Strategy", "mine")


async def test_a_feed_that_is_told_nonsense_stands_still_and_strategies_say_why(desk: Installed) -> None:
    desk.patch("ConfigMap", "panda-feed", {"data": {"source": "replay", "sped": "60"}})
    said = await asyncio.to_thread(desk.await_condition, "Strategy", "momentum", "Trading", "False", "Invalid")
    assert "sped is unknown; allowed: source" in said["message"]
    desk.patch("ConfigMap", "panda-feed", {"data": None})


async def test_more_than_half_of_the_services_at_once_are_left_alone(desk: Installed) -> None:
    """Objects that have a Broker's mark and are in no plan: as many as a plan gone wrong would want to delete."""
    uid = desk.get("Broker", "paper")["metadata"]["uid"]
    marks = {"app.kubernetes.io/managed-by": "alpha-panda-operator", "app.kubernetes.io/instance": "panda"}
    pod = {"containers": [{"name": "x", "image": "registry.example/x:1"}]}
    for number in range(4):
        own = {"alphapanda.io/service": f"stray-{number}"}
        labels = {**marks, **own, "alphapanda.io/owner-uid": uid}
        template = {"metadata": {"labels": own}, "spec": pod}
        desk.create(
            "Deployment",
            f"stray-{number}",
            labels=labels,
            spec={"selector": {"matchLabels": own}, "template": template},
        )
    desk.apply("Broker", "paper", {**PAPER, "halted": True})
    said = await asyncio.to_thread(desk.await_condition, "Broker", "paper", "Ready", "False", "TooManyDeletions")
    assert "4 of 7 services of Broker paper" in said["message"]
    assert len([each for each in desk.names("Deployment") if each.startswith("stray")]) == 4
    for number in range(2):
        desk.delete("Deployment", f"stray-{number}")
    desk.apply("Broker", "paper", PAPER)
    await asyncio.to_thread(desk.await_condition, "Broker", "paper")
    assert not [each for each in desk.names("Deployment") if each.startswith("stray")], "so few may go"


async def test_what_is_somebody_elses_is_left_alone(desk: Installed) -> None:
    own = {"app": "theirs"}
    template = {"metadata": {"labels": own}, "spec": {"containers": [{"name": "x", "image": "registry.example/x:1"}]}}
    desk.create("Deployment", "theirs", spec={"selector": {"matchLabels": own}, "template": template})
    desk.create("Secret", "theirs")
    desk.apply("Strategy", "momentum", {**MOMENTUM, "state": "Stopped"})
    await asyncio.to_thread(desk.await_condition, "Strategy", "momentum")
    assert desk.get("Deployment", "theirs")["metadata"]["generation"] == 1
    assert desk.get("Secret", "theirs")
