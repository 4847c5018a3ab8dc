"""What a rule refuses, the API server refuses at once, in the words of `panda apply` and at the same field."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.operator.conftest import SYNC_SECONDS, manifest
from tests.support.kube_api import KubeApi, Said
from tests.support.rule_cases import BROKEN, KEPT, LIVE, PAPER, ZERODHA, broker, strategy
from tests.support.waiting import until

from alpha_panda.crds.validations import BY_THE_SCHEMA
from alpha_panda.resources.broker import Broker
from alpha_panda.resources.documents import write_object
from alpha_panda.resources.rules import RESERVED_BROKER_NAMES, validate, validate_change
from alpha_panda.resources.strategy import Strategy, StrategyState

pytestmark = pytest.mark.operator


def apply(server: KubeApi, namespace: str, resource: Broker | Strategy | str, *words: str) -> Said:
    """What `kubectl apply` says to it."""
    text = resource if isinstance(resource, str) else json.dumps(write_object(resource))
    return server.run_kubectl("apply", "-n", namespace, "-f-", *words, text=text)


def refusal(said: Said) -> str:
    """What a trader reads."""
    assert said.code != 0, f"accepted: {said.out}"
    return said.err


def refusal_by_policy(server: KubeApi, namespace: str, resource: Broker | Strategy) -> str:
    """What a trader reads as soon as the policy knows of what was applied just before: it hears of that by a watch."""
    until(lambda: apply(server, namespace, resource, "--dry-run=server").code != 0, "it is refused", SYNC_SECONDS)
    return refusal(apply(server, namespace, resource))


@pytest.mark.parametrize(("resource", "rule", "field"), BROKEN, ids=[f"{rule}-{field}" for _, rule, field in BROKEN])
def test_what_breaks_a_rule_is_refused_in_the_rules_own_words(
    kube_api: KubeApi, namespace: str, resource: Broker | Strategy, rule: str, field: str
) -> None:
    said = refusal(apply(kube_api, namespace, resource))
    (violation,) = validate(resource)
    if rule in BY_THE_SCHEMA:
        index = field.rpartition(".")[2]
        assert f"{field.rpartition('.')[0]}[{index}]: Duplicate value" in said
        return
    assert f"{field}: " in said
    assert violation.message in said


@pytest.mark.parametrize("name", [*RESERVED_BROKER_NAMES, "pg", "pgdesk"])
def test_a_reserved_name_is_refused(kube_api: KubeApi, namespace: str, name: str) -> None:
    (violation,) = validate(broker(PAPER, name))
    assert violation.message in refusal(apply(kube_api, namespace, broker(PAPER, name)))


@pytest.mark.parametrize("resource", KEPT)
def test_what_keeps_the_rules_is_accepted(kube_api: KubeApi, namespace: str, resource: Broker | Strategy) -> None:
    assert apply(kube_api, namespace, resource).code == 0


def test_a_brokers_type_stays(kube_api: KubeApi, namespace: str) -> None:
    before, after = broker(PAPER), broker(ZERODHA)
    assert apply(kube_api, namespace, before).code == 0
    (violation,) = validate_change(before, after)
    said = refusal(apply(kube_api, namespace, after))
    assert f'spec.type: Invalid value: "string": {violation.message}' in said
    assert apply(kube_api, namespace, broker(PAPER, halted=True)).code == 0


@pytest.mark.parametrize("state", [StrategyState.RUNNING, StrategyState.PAUSED])
@pytest.mark.parametrize("change", [LIVE, {"brokers": ("desk",)}], ids=["mode", "brokers"])
def test_mode_and_brokers_stay_until_the_strategy_is_stopped(
    kube_api: KubeApi, namespace: str, state: StrategyState, change: dict[str, object]
) -> None:
    before, after = strategy(state=state), strategy(**change, state=StrategyState.STOPPED)
    assert apply(kube_api, namespace, before).code == 0
    (violation,) = validate_change(before, after)
    said = refusal(apply(kube_api, namespace, after))
    assert f"{violation.field}: " in said
    assert violation.message in said
    assert apply(kube_api, namespace, strategy(state=StrategyState.STOPPED)).code == 0
    assert apply(kube_api, namespace, strategy(**change)).code == 0


def test_the_order_of_brokers_may_change_while_the_strategy_runs(kube_api: KubeApi, namespace: str) -> None:
    assert apply(kube_api, namespace, strategy(brokers=("a", "b"))).code == 0
    assert apply(kube_api, namespace, strategy(brokers=("b", "a"))).code == 0


def test_a_copy_of_a_live_manifest_under_another_name_goes_not_live(kube_api: KubeApi, namespace: str) -> None:
    copy: dict[str, Any] = write_object(strategy(**LIVE))
    copy["metadata"] = {"name": "copy"}
    said = refusal(apply(kube_api, namespace, json.dumps(copy)))
    assert 'mode Live needs acknowledgeLive equal to the strategy\'s own name, "copy"' in said


def test_a_paper_strategy_cannot_name_a_live_broker(kube_api: KubeApi, namespace: str) -> None:
    assert apply(kube_api, namespace, broker(ZERODHA, "desk", live=True)).code == 0
    said = refusal_by_policy(kube_api, namespace, strategy(brokers=("paper", "desk")))
    assert "broker desk trades real money: set spec.mode: Live and acknowledgeLive" in said
    assert apply(kube_api, namespace, strategy(brokers=("paper",))).code == 0
    assert apply(kube_api, namespace, strategy(brokers=("desk",), state=StrategyState.STOPPED)).code != 0


def test_a_live_strategy_may_name_a_live_broker(kube_api: KubeApi, namespace: str) -> None:
    assert apply(kube_api, namespace, broker(ZERODHA, "desk", live=True)).code == 0
    assert apply(kube_api, namespace, strategy(**LIVE, brokers=("desk",))).code == 0


def test_a_broker_cannot_go_live_under_a_paper_strategy(kube_api: KubeApi, namespace: str) -> None:
    assert apply(kube_api, namespace, broker(ZERODHA, "desk")).code == 0
    assert apply(kube_api, namespace, strategy(brokers=("desk",))).code == 0
    said = refusal_by_policy(kube_api, namespace, broker(ZERODHA, "desk", live=True))
    assert "strategy mine trades on this broker in mode Paper" in said
    assert apply(kube_api, namespace, broker(ZERODHA, "other", live=True)).code == 0


@pytest.mark.parametrize(
    ("resource", "spec", "expected"),
    [
        ("Broker/b", {"type": "Papr"}, 'supported values: "Paper", "Zerodha"'),
        ("Broker/a-name-beyond-the-limit", {"type": "Paper"}, "metadata.name: Too long: may not be more than 20"),
        ("Broker/a.b", {"type": "Paper"}, "lower-case letters, digits and hyphens"),
        ("Broker/b", {}, "spec.type: Required value"),
        ("Broker/b", {"type": "Paper", "lve": True}, 'unknown field "spec.lve"'),
        (
            "Broker/b",
            {"type": "Paper", "account": {"maxDailyLoss": "-5"}},
            'spec.account.maxDailyLoss: Invalid value: "": "-5" does not fit; allowed: rupees as a string with at',
        ),
        (
            "Broker/b",
            {"type": "Paper", "account": {"maxDailyLoss": 0.5}},
            'spec.account.maxDailyLoss: Invalid value: "number": spec.account.maxDailyLoss in body must be of type',
        ),
        (
            "Broker/b",
            {"type": "Paper", "paper": {"participationPercent": 0}},
            'spec.paper.participationPercent: Invalid value: "": 0 must be greater than zero',
        ),
        (
            "Broker/b",
            {"type": "Paper", "paper": {"charges": {"asOf": "31.12.2025"}}},
            'must be of type date: "31.12.2025"',
        ),
        ("Strategy/s", {"strategy": "momentum"}, "spec.instruments: Required value"),
        ("Strategy/s", {"strategy": "momentum", "instruments": []}, "should have at least 1 items"),
        (
            "Strategy/s",
            {"strategy": "a b", "instruments": [{"exchange": "NSE", "symbol": "INFY"}]},
            'spec.strategy: Invalid value: "string": "a b" does not fit; allowed: a registered strategy such as',
        ),
        (
            "Strategy/s",
            {"strategy": "momentum", "instruments": [{"exchange": "NSE", "symbol": "infy"}]},
            'spec.instruments[0].symbol: Invalid value: "string": "infy" does not fit; allowed: an exchange',
        ),
    ],
)
def test_a_wrong_value_is_refused_with_field_and_what_is_allowed(
    kube_api: KubeApi, namespace: str, resource: str, spec: dict[str, object], expected: str
) -> None:
    kind, _, name = resource.partition("/")
    assert expected in refusal(apply(kube_api, namespace, manifest(kind, name, spec)))
