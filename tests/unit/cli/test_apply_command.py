"""`panda apply` says what kubectl would; a mistake in any file is told with its place, and nothing is applied."""

import json
from pathlib import Path

import pytest
from tests.unit.cli.desk import BROKER, STRATEGY, Panda, applied, write
from tests.unit.cli.fake_resources import FakeResources

from alpha_panda.cli.resource_files import LARGEST_FILE_BYTES

GOLDEN = Path(__file__).with_name("golden_problems.txt")
WRONG = """\
apiVersion: alphapanda.io/v1alpha1
kind: Strategy
metadata:
  name: momentum
spec:
  strategy: momentum
  instrumnts:
    - {exchange: NSE, symbol: RELIANCE}
  timeframes: [1m, 2m]
  risk:
    maxDailyLoss: 10.5
---
apiVersion: alphapanda.io/v1alpha1
kind: Broker
metadata:
  name: market
spec:
  type: paper
"""


def test_apply_says_created_then_unchanged_then_configured(panda: Panda):
    name = write("desk.yaml", f"{BROKER}---\n{STRATEGY}")
    created = "broker.alphapanda.io/paper created\nstrategy.alphapanda.io/momentum created\n"
    assert panda("apply", "-f", name) == (0, created, "")
    assert panda("apply", "-f", name).out == created.replace("created", "unchanged")
    write("desk.yaml", f"{STRATEGY}  state: Paused\n")
    assert panda("apply", "-f", name) == (0, "strategy.alphapanda.io/momentum configured\n", "")


def test_a_dry_run_says_what_would_be_done_and_does_nothing(panda: Panda, resources: FakeResources):
    said = panda("apply", "--dry-run", "-f", write("desk.yaml", BROKER))
    assert said == (0, "broker.alphapanda.io/paper created (server dry run)\n", "")
    assert resources.held == {}


def test_every_mistake_is_a_line_with_file_line_and_column_and_nothing_is_applied(
    panda: Panda, resources: FakeResources
):
    said = panda("apply", "-f", write("good.yaml", BROKER), "-f", write("wrong.yaml", WRONG))
    assert (said.code, said.out) == (2, "")
    assert said.err == GOLDEN.read_text()
    assert resources.opened == []


def test_a_folder_is_read_in_order_of_name_and_only_its_own_yaml_and_json(panda: Panda):
    write("desk/b.yml", STRATEGY)
    write(
        "desk/a.json",
        json.dumps(
            {
                "apiVersion": "alphapanda.io/v1alpha1",
                "kind": "Broker",
                "metadata": {"name": "paper"},
                "spec": {"type": "Paper"},
            }
        ),
    )
    write("desk/notes.txt", "not a resource")
    write("desk/inner/c.yaml", STRATEGY.replace("name: momentum", "name: deeper"))
    assert panda("apply", "-f", "desk").out == (
        "broker.alphapanda.io/paper created\nstrategy.alphapanda.io/momentum created\n"
    )
    assert panda("apply", "-R", "-f", "desk").out.splitlines()[-1] == "strategy.alphapanda.io/deeper created"


def test_one_name_twice_in_a_folder_names_both_places(panda: Panda, resources: FakeResources):
    write("desk/a.yaml", BROKER)
    write("desk/b.yaml", f"# the same again\n{BROKER}")
    said = panda("apply", "-f", "desk")
    assert said.code == 2
    assert said.err == (
        "desk/b.yaml:2:1: metadata.name: Broker paper is given twice, first at desk/a.yaml:1: keep one\n"
    )
    assert resources.held == {}


def test_standard_input_is_read_for_a_hyphen_and_named_in_its_mistakes(panda: Panda):
    assert panda("apply", "-f", "-", stdin=BROKER.encode()).out == "broker.alphapanda.io/paper created\n"
    said = panda("apply", "-f", "-", stdin=b"kind: Nothing\napiVersion: alphapanda.io/v1alpha1\n")
    assert said.code == 2
    assert said.err.startswith("<stdin>:1:7: kind: ")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xef\xbb\xbf" + BROKER.encode(), None),
        (BROKER.replace("\n", "\r\n").encode(), None),
        (b"kind: Broker\nname: \xff\n", "<stdin>:2: byte 0xff is not UTF-8"),
        (b"#" * (LARGEST_FILE_BYTES + 1), "<stdin> is too large for a file of resources; allowed: at most 4,194,304"),
        (b"", "no resources in -"),
        (b"# only a comment\n---\n", "no resources in -"),
    ],
)
def test_bytes_are_utf8_with_any_line_ends_or_refused(panda: Panda, content: bytes, message: str | None):
    said = panda("apply", "-f", "-", stdin=content)
    assert said.code == (0 if message is None else 2)
    assert said.err.startswith(message or "")


def test_a_path_that_is_not_there_is_named(panda: Panda):
    assert panda("apply", "-f", "absent.yaml") == (2, "", 'the path "absent.yaml" does not exist\n')


def test_parameters_that_the_strategy_refuses_are_refused_before_anything_runs(panda: Panda, resources: FakeResources):
    said = panda("apply", "-f", write("desk.yaml", f"{STRATEGY}  params: {{lookbck: 3}}\n"))
    assert said.code == 2
    assert said.err.startswith("desk.yaml:9:21: spec.params.lookbck: strategy momentum: unknown parameter")
    assert resources.opened == []


def test_an_immutable_type_is_refused_with_its_file_and_line(panda: Panda, resources: FakeResources):
    applied(panda)
    zerodha = BROKER.replace("type: Paper", "type: Zerodha\n  credentialsSecretRef: {name: login}")
    said = panda("apply", "-f", write("new.yaml", f"# a comment\n{zerodha}"))
    assert said.code == 2
    assert said.err == (
        "new.yaml:2:1: spec.type: is immutable: the broker is Paper; delete it, or create another under a new name\n"
    )
    assert resources.held["Broker", "paper"].generation == 1


def test_a_strategy_on_an_unknown_broker_is_taken_with_a_warning(panda: Panda):
    said = panda("apply", "-f", write("desk.yaml", STRATEGY))
    assert (said.code, said.out) == (0, "strategy.alphapanda.io/momentum created\n")
    assert "Warning: Strategy momentum names Broker paper, which does not exist" in said.err


@pytest.mark.parametrize("name", ["a\nb", "x" * 101])
def test_an_actor_that_is_no_name_is_refused(panda: Panda, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv("PANDA_ACTOR", name)
    said = panda("apply", "-f", write("desk.yaml", BROKER))
    assert said.code == 2
    assert said.err.startswith("PANDA_ACTOR is ")


def test_without_an_actor_it_is_the_login_name(panda: Panda, resources: FakeResources, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("PANDA_ACTOR")
    monkeypatch.setenv("LOGNAME", "meera")
    applied(panda)
    assert resources.held["Broker", "paper"].changed_by == "meera"


PEEKING = STRATEGY.replace("strategy: momentum", "strategy: peeking:CLASS")


def test_a_strategy_that_decides_by_what_it_cannot_know_is_refused_with_the_first_bar_that_differs(
    panda: Panda, resources: FakeResources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "strategies")
    said = panda("apply", "-f", write("peeking.yaml", PEEKING.replace("CLASS", "Sharing")))
    assert said.code == 2
    assert "spec.strategy: strategy momentum: it decides by what it cannot know yet: at the 1m bar" in said.err
    assert resources.held == {}
    assert panda("apply", "-f", write("honest.yaml", PEEKING.replace("CLASS", "Honest"))).code == 0


def test_a_strategy_that_cannot_be_examined_is_applied_with_a_warning(
    panda: Panda, resources: FakeResources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "strategies")
    said = panda("apply", "-f", write("failing.yaml", PEEKING.replace("CLASS", "Failing")))
    assert said.code == 0
    assert "strategy momentum was not examined for decisions by the future: it raises ZeroDivisionError" in said.err
    assert list(resources.held) == [("Strategy", "momentum")]
