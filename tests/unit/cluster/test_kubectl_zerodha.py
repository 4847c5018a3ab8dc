"""`kubectl panda zerodha`: the login of the day, asked for in the pod that trades."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.cluster.fake_kubectl import FakeKubectl, operator

from alpha_panda.cli.kubectl import make_app
from alpha_panda.cli.main import FAILED, WRONG_INPUT, guarded, invoke

ABSENT = {"state": "absent", "reason": "SessionExpired", "message": "nobody has logged in: run `panda zerodha login`"}
ACTIVE = {"state": "active", "reason": "AsAsked", "message": "logged in as AB1234 until 23 Nov 06:00 IST"}


class Pods(FakeKubectl):
    """Remembers what was asked of pods and what was given to them."""

    def __init__(self, objects: list[dict[str, Any]], answers: dict[str, Any]) -> None:
        super().__init__(objects, answers)
        self.asked: list[tuple[tuple[str, ...], str]] = []

    async def run(self, *arguments: str, text: str = "") -> str:
        if arguments[0] == "exec":
            self.asked.append((arguments, text))
        return await super().run(*arguments, text=text)


def trading(broker: str) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": "zerodha-trading", "alphapanda.io/broker": broker}
    return {"kind": "Deployment", "metadata": {"name": f"panda-{broker}-zerodha-trading", "labels": labels}}


def panda(cluster: FakeKubectl, *words: str) -> int:
    return guarded(lambda: invoke(make_app(lambda _namespace, _context: cluster), words, "kubectl panda"))


def test_a_request_token_goes_to_the_pod_that_trades_by_its_standard_input_alone(capsys: pytest.CaptureFixture[str]):
    cluster = Pods([operator("panda"), trading("zerodha")], {"login": {"verdict": ACTIVE}})
    assert panda(cluster, "zerodha", "login", "--request-token", "abc123") == 0
    ((words, text),) = cluster.asked
    assert "deployment/panda-zerodha-zerodha-trading" in words
    assert "--stdin" in words
    assert (text, "abc123" in " ".join(words)) == ("abc123", False)
    assert capsys.readouterr().out == f"zerodha: {ACTIVE['message']}\n"


def test_how_a_login_stands_is_said_in_the_words_that_help_on_a_cluster(capsys: pytest.CaptureFixture[str]):
    cluster = Pods([trading("zerodha")], {"session": {"verdict": ABSENT}})
    assert panda(cluster, "zerodha", "session") == 0
    assert "run `kubectl panda zerodha login`" in capsys.readouterr().out
    assert panda(cluster, "zerodha", "session", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out)["state"] == "absent"


def test_what_the_pod_refuses_is_said_with_its_remedy(capsys: pytest.CaptureFixture[str]):
    said = {"error": "the account has no api-key", "remedy": "put it into the Secret"}
    cluster = Pods([trading("zerodha")], {"login": said})
    assert panda(cluster, "zerodha", "login", "--request-token", "abc123") == FAILED
    shown = capsys.readouterr().err
    assert "zerodha: the account has no api-key" in shown
    assert "put it into the Secret" in shown


@pytest.mark.parametrize(
    ("brokers", "options", "said"),
    [
        ((), (), "no Broker of type Zerodha trades here; there are: none"),
        (("one", "two"), (), "there are several Brokers at Zerodha: one, two"),
        (("one", "two"), ("--broker", "three"), "no Broker three of type Zerodha trades here; there are: one, two"),
    ],
    ids=["none", "several", "another"],
)
def test_which_account_is_meant_must_be_clear(
    brokers: tuple[str, ...], options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
):
    cluster = Pods([operator("panda"), *map(trading, brokers)], {})
    assert panda(cluster, "zerodha", "session", *options) == WRONG_INPUT
    assert said in capsys.readouterr().err
    assert cluster.asked == []


def test_of_several_accounts_the_named_one_is_asked():
    cluster = Pods([trading("one"), trading("two")], {"session": {"verdict": ACTIVE}})
    assert panda(cluster, "zerodha", "session", "--broker", "two") == 0
    assert "deployment/panda-two-zerodha-trading" in cluster.asked[0][0]
