"""Who of a cluster's pods may reach an exchange, and who opens its login: what uses one, and nobody else."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.support.network_policies import Pod, may_connect
from tests.unit.operator.installations import NAMESPACE, around, installation, named, objects
from tests.unit.topology.stored_resources import MASTER_SECRET, paper, strategy, zerodha

from alpha_panda.runtime.layers import load_settings
from alpha_panda.topology.credentials import session_key
from alpha_panda.topology.settings import PlatformSettings
from alpha_panda.zerodha.session_store import Seal
from alpha_panda_operator.installation import Installation
from alpha_panda_operator.objects.configuration import EXCHANGE_FOLDER
from alpha_panda_operator.objects.model import Manifest

LIVE = {"source": "kite", "broker": "zerodha"}
REPLAY = {"source": "replay", "path": "/opt/alpha-panda/market"}
TRADING, FEED = "alpha-panda-zerodha-zerodha-trading", "alpha-panda-market-feed"
OUTSIDE = (Pod(address="203.0.113.9"), Pod(address="2606:4700::1"))
CLUSTER = (Pod(address="10.96.0.1"), Pod(address="169.254.169.254"), Pod(address="192.168.1.4"))
HTTPS = 443


def made(feed: Mapping[str, str] = LIVE, settings: Installation | None = None) -> tuple[Manifest, ...]:
    desk = (
        paper(namespace=NAMESPACE),
        zerodha(namespace=NAMESPACE, live=True),
        zerodha("second", namespace=NAMESPACE, age=1),
        strategy(namespace=NAMESPACE),
        strategy("own", "zerodha", live=True, image="registry.example/own:1", namespace=NAMESPACE, age=1),
    )
    return objects(desk, around(desk, settings, feed=feed))


def names(found: tuple[Manifest, ...]) -> set[str]:
    return {each["metadata"]["name"] for each in found if each["kind"] == "Deployment"}


def pod(found: tuple[Manifest, ...], name: str) -> Pod:
    template = named(found, "Deployment", name)["spec"]["template"]
    return Pod(namespace=NAMESPACE, labels=template["metadata"]["labels"])


def reach(found: tuple[Manifest, ...], target: Pod, port: int = HTTPS) -> set[str]:
    """Whose pods may connect there."""
    policies = [each for each in found if each["kind"] == "NetworkPolicy"]
    return {name for name in names(found) if may_connect(policies, pod(found, name), target, port)}


def secret(found: tuple[Manifest, ...], name: str) -> dict[str, str]:
    data = named(found, "Secret", name)["data"]
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


@pytest.mark.parametrize("target", OUTSIDE, ids=["IPv4", "IPv6"])
def test_only_the_notifier_and_what_uses_a_login_reach_the_world_and_the_latter_by_https_alone(target: Pod):
    found = made()
    uses = {TRADING, "alpha-panda-second-zerodha-trading", FEED}
    assert reach(found, target) == {*uses, "alpha-panda-notifier"}
    for port in (22, 80, 465, 587, 8443):
        assert not reach(found, target, port) & uses


def test_no_pod_of_a_paper_broker_reaches_the_world_by_any_port():
    found = made()
    for target in OUTSIDE:
        for port in (22, 53, 80, 443, 465, 587, 8080, 8443):
            assert not [name for name in reach(found, target, port) if name.startswith("alpha-panda-paper-")]


@pytest.mark.parametrize("target", CLUSTER, ids=["services", "metadata", "nodes"])
def test_what_reaches_an_exchange_reaches_no_address_of_the_cluster_by_that(target: Pod):
    found = made()
    assert not reach(found, target) & {TRADING, FEED}


def test_a_feed_that_replays_reaches_no_exchange_and_opens_no_login():
    found = made(REPLAY)
    for target in OUTSIDE:
        assert FEED not in reach(found, target)
    assert "zerodha__session_key" not in secret(found, FEED)
    assert "PANDA_ZERODHA__BROKER" not in named(found, "ConfigMap", FEED)["data"]


def test_an_installation_may_name_where_its_exchange_is():
    peers = [{"ipBlock": {"cidr": "198.51.100.0/24"}}]
    found = made(settings=installation(exchange={"peers": peers, "ports": [8443]}))
    proxy = Pod(address="198.51.100.7")
    assert TRADING in reach(found, proxy, 8443)
    assert TRADING not in reach(found, proxy)
    assert TRADING not in reach(found, OUTSIDE[0], 8443)


def test_the_key_of_a_login_is_in_the_secrets_of_who_uses_it_and_in_no_other_object():
    found = made()
    keys = {broker: session_key(MASTER_SECRET, broker, 1) for broker in ("zerodha", "second")}
    assert secret(found, TRADING)["zerodha__session_key"] == keys["zerodha"]
    assert secret(found, FEED)["zerodha__session_key"] == keys["zerodha"]
    assert secret(found, "alpha-panda-second-zerodha-trading")["zerodha__session_key"] == keys["second"]
    users = {
        each["metadata"]["name"]
        for each in found
        if each["kind"] == "Secret" and "zerodha__session_key" in each["data"]
    }
    assert users == {TRADING, FEED, "alpha-panda-second-zerodha-trading"}
    elsewhere = json.dumps([each for each in found if each["kind"] != "Secret"])
    assert not [key for key in keys.values() if key in elsewhere]


def test_trading_and_feed_open_what_the_other_sealed():
    found = made()
    trading, feed = (Seal(secret(found, name)["zerodha__session_key"]) for name in (TRADING, FEED))
    assert feed.open(trading.close("token")) == "token"


def test_a_higher_generation_of_secrets_seals_logins_anew():
    newer = PlatformSettings(secret_generation=2)
    found = made(settings=installation(platform=newer.model_dump()))
    assert secret(found, TRADING)["zerodha__session_key"] == session_key(MASTER_SECRET, "zerodha", 2)


def test_only_the_pod_that_trades_an_account_has_its_keys_and_it_starts_without_them_too():
    found = made()
    volumes = {
        name: volume["secret"]
        for name in names(found)
        for volume in named(found, "Deployment", name)["spec"]["template"]["spec"]["volumes"]
        if "secret" in volume
    }
    items = [{"key": key, "path": key} for key in ("api-key", "api-secret")]
    kept = {"defaultMode": 0o440, "items": items, "optional": True}
    assert volumes == {
        TRADING: {"secretName": "zerodha-login", **kept},
        "alpha-panda-second-zerodha-trading": {"secretName": "second-login", **kept},
    }
    (mount,) = [
        each
        for each in named(found, "Deployment", TRADING)["spec"]["template"]["spec"]["containers"][0]["volumeMounts"]
        if each["name"] == "exchange"
    ]
    assert mount == {"name": "exchange", "mountPath": EXCHANGE_FOLDER, "readOnly": True}
    assert named(found, "ConfigMap", TRADING)["data"]["PANDA_ZERODHA__KEYS"] == EXCHANGE_FOLDER


@pytest.mark.parametrize(("feed", "paper_is"), [(REPLAY, "epochs"), (LIVE, "arrival")], ids=["replay", "live"])
def test_who_serves_an_exchange_takes_records_as_they_come_and_so_does_everybody_where_the_feed_is_live(
    feed: Mapping[str, str], paper_is: str
):
    found = made(feed)
    pacing = {name: named(found, "ConfigMap", name)["data"]["PANDA_RUN__PACING"] for name in names(found)}
    assert {pacing[name] for name in pacing if name.startswith("alpha-panda-zerodha-")} == {"arrival"}
    assert {
        pacing[name] for name in pacing if not name.startswith(("alpha-panda-zerodha-", "alpha-panda-second-"))
    } == {paper_is}


@pytest.mark.parametrize("name", [TRADING, FEED, "alpha-panda-api"])
def test_a_service_takes_what_it_is_told_of_the_exchange(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    found = made()
    for file, value in secret(found, name).items():
        (tmp_path / file).write_text(value)
    data = named(found, "ConfigMap", name)["data"]
    for key, value in data.items():
        if key.startswith("PANDA_"):
            monkeypatch.setenv(key, value)
    monkeypatch.setenv("PANDA_SECRETS", str(tmp_path))
    monkeypatch.delenv("PANDA_CONFIG")
    settings = load_settings()
    assert (settings.zerodha.session_key is not None) == (name != "alpha-panda-api")
    assert settings.zerodha.broker == ("zerodha" if name == FEED else None)
    assert settings.api.production == settings.api.https == (name == "alpha-panda-api")


def test_the_api_is_told_how_people_reach_it():
    api = {"https": False, "origins": ["https://panda.example.org"], "trusted_proxies": 1}
    data = named(made(settings=installation(api=api)), "ConfigMap", "alpha-panda-api")["data"]
    told = {key.removeprefix("PANDA_API__"): value for key, value in data.items() if key.startswith("PANDA_API__")}
    assert told == {
        "PORT": "8080",
        "PRODUCTION": "true",
        "HTTPS": "false",
        "ORIGINS": '["https://panda.example.org"]',
        "TRUSTED_PROXIES": "1",
    }
