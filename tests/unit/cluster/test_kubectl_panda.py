"""`kubectl panda`: the halt that needs no store, and what is shown of a release."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.cluster.fake_kubectl import FakeKubectl, operator, pod, resource

from alpha_panda.cli.kubectl import make_app
from alpha_panda.cli.main import FAILED, UNAVAILABLE, WRONG_INPUT, guarded, invoke
from alpha_panda.cluster.kubectl import Kubectl
from alpha_panda.cluster.resources import difference

PAPER: dict[str, Any] = {"type": "Paper"}
MOMENTUM: dict[str, Any] = {"strategy": "momentum", "instruments": [{"exchange": "NSE", "symbol": "RELIANCE"}]}
HALTED_BY, BECAUSE = "alphapanda.io/halted-by", "alphapanda.io/halted-because"


@pytest.fixture(autouse=True)
def _person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANDA_ACTOR", "asha")


@pytest.fixture
def cluster() -> FakeKubectl:
    objects = [resource("Broker", "paper", PAPER), resource("Broker", "second", PAPER)]
    return FakeKubectl([*objects, resource("Strategy", "momentum", MOMENTUM), operator("panda"), pod("risk-manager")])


def panda(cluster: Kubectl, *words: str) -> int:
    """Type it; the exit code."""
    return guarded(lambda: invoke(make_app(lambda _namespace, _context: cluster), words, "kubectl panda"))


def test_a_halt_sets_every_broker_and_says_who_and_why(cluster: FakeKubectl, capsys: pytest.CaptureFixture[str]):
    assert panda(cluster, "halt", "--reason", "a storm") == 0
    for name in ("paper", "second"):
        found = cluster.one("Broker", name)
        assert found["spec"]["halted"] is True
        assert found["metadata"]["annotations"] == {HALTED_BY: "all", BECAUSE: "asha: a storm"}
    assert "HALTED all by asha: a storm" in capsys.readouterr().out
    assert panda(cluster, "halts", "-o", "json") == 0
    (halt,) = json.loads(capsys.readouterr().out)["halts"]
    assert (halt["scope"], halt["actor"], halt["reason"]) == ("all", "asha", "a storm")


def test_a_resume_takes_back_its_own_halt_and_no_other(cluster: FakeKubectl):
    assert panda(cluster, "halt") == 0
    assert panda(cluster, "halt", "--broker", "paper") == 0
    assert panda(cluster, "resume") == 0
    assert cluster.one("Broker", "paper")["spec"]["halted"] is True
    assert cluster.one("Broker", "second")["spec"]["halted"] is False
    assert panda(cluster, "resume", "--broker", "paper") == 0
    found = cluster.one("Broker", "paper")
    assert found["spec"]["halted"] is False
    assert not found["metadata"].get("annotations")


def test_a_halt_that_the_api_server_does_not_take_fails(cluster: FakeKubectl, capsys: pytest.CaptureFixture[str]):
    cluster.down = True
    assert panda(cluster, "halt") == FAILED
    assert "trading is NOT halted for all" in capsys.readouterr().err


def test_a_broker_that_somebody_changed_meanwhile_is_not_overwritten(
    cluster: FakeKubectl, capsys: pytest.CaptureFixture[str]
):
    cluster.meddled = True
    assert panda(cluster, "halt", "--broker", "paper") == FAILED
    assert "has been modified" in capsys.readouterr().out
    assert "halted" not in cluster.one("Broker", "paper")["spec"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("halt", "--broker", "papr"), 'there is no Broker papr; did you mean "paper"?'),
        (("halt", "--strategy", "momentum"), "kubectl panda pause"),
        (("halt", "--instrument", "NSE:RELIANCE"), "--broker NAME"),
        (("resume",), "trading is not halted for all"),
    ],
)
def test_what_a_cluster_cannot_halt_or_resume_is_told(
    cluster: FakeKubectl, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
):
    assert panda(cluster, *words) == WRONG_INPUT
    assert said in capsys.readouterr().err


def test_a_strategy_is_paused_and_let_go_on(cluster: FakeKubectl):
    cluster.answers["/strategies"] = [{"name": "momentum", "generation": 2, "quarantine": None}]
    for word, state in (("pause", "Paused"), ("unpause", "Running")):
        assert panda(cluster, word, "momentum") == 0
        assert cluster.one("Strategy", "momentum")["spec"]["state"] == state


def test_status_tells_of_resources_and_pods_and_whether_all_is_ready(
    cluster: FakeKubectl, capsys: pytest.CaptureFixture[str]
):
    assert panda(cluster, "status") == 0
    said = capsys.readouterr().out
    assert "strategy/momentum" in said
    assert "paper.risk-manager" in said
    cluster.objects.append(pod("portfolio", ready=False))
    assert panda(cluster, "status") == FAILED
    assert "ImagePullBackOff" in capsys.readouterr().out


def test_status_tells_what_keeps_a_resource_from_being_ready(cluster: FakeKubectl, capsys: pytest.CaptureFixture[str]):
    cluster.objects.append(resource("Broker", "third", PAPER, ready="False"))
    assert panda(cluster, "status") == FAILED
    assert "PROBLEM Broker third: it does not serve yet" in capsys.readouterr().out


@pytest.mark.parametrize("names", [(), ("one", "two")])
def test_a_namespace_with_no_release_or_two_is_told(names: tuple[str, ...], capsys: pytest.CaptureFixture[str]):
    assert panda(FakeKubectl(map(operator, names)), "status") == WRONG_INPUT
    assert "namespace trading" in capsys.readouterr().err


def test_an_api_that_does_not_answer_is_told_in_its_own_words(cluster: FakeKubectl, capsys: pytest.CaptureFixture[str]):
    assert panda(cluster, "report") == UNAVAILABLE
    assert "the API did not answer: nothing at /portfolios" in capsys.readouterr().err


def test_a_difference_names_what_is_new_other_and_gone():
    old = {"a": 1, "b": {"c": 2, "d": 3}, "e": [1], "f": 4}
    new = {"a": 1, "b": {"c": 5, "d": 3}, "e": [1, 2], "g": {"h": 6}}
    assert difference(old, new) == {"b": {"c": 5}, "e": [1, 2], "f": None, "g": {"h": 6}}
    assert difference(old, old) == {}
