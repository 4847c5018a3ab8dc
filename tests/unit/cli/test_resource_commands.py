"""`panda get`, `describe` and `delete` say what kubectl would, and end with its exit codes."""

import json
import re
from pathlib import Path

import pytest
from tests.unit.cli.desk import STRATEGY, Panda, applied, write
from tests.unit.cli.fake_resources import FakeResources


def test_get_shows_a_table_per_kind_with_ages(panda: Panda):
    applied(panda)
    said = panda("get", "brokers")
    assert said.code == 0
    assert re.fullmatch(r"NAME +TYPE +LIVE +HALTED +AGE\npaper +Paper +false +false +\d+s\n", said.out)
    said = panda("get", "strat")
    assert re.fullmatch(
        r"NAME +STRATEGY +STATE +MODE +BROKERS +INSTRUMENTS +AGE\n"
        r"momentum +momentum +Running +Paper +paper +NSE:RELIANCE +\d+s\n",
        said.out,
    )


def test_get_all_says_of_which_kind_each_is(panda: Panda):
    applied(panda)
    said = panda("get", "all")
    tables = said.out.split("\n\n")
    assert [table.splitlines()[1].split()[0] for table in tables] == [
        "broker.alphapanda.io/paper",
        "strategy.alphapanda.io/momentum",
    ]
    assert panda("get").out == said.out


def test_many_instruments_are_shortened_in_the_table(panda: Panda):
    more = "".join(f"    - {{exchange: NSE, symbol: S{number}}}\n" for number in range(9))
    panda("apply", "-f", write("desk.yaml", STRATEGY + more))
    assert "NSE:RELIANCE,NSE:S0,NSE:S1 + 7 more..." in panda("get", "strategies").out


def test_wide_tells_who_changed_it_last(panda: Panda):
    applied(panda)
    heading, line = panda("get", "brk", "-o", "wide").out.splitlines()
    assert heading.split()[-1] == "CHANGED-BY"
    assert line.split()[-1] == "asha"


def test_names_can_be_fed_to_another_command(panda: Panda):
    applied(panda)
    names = panda("get", "-o", "name").out.split()
    assert names == ["broker.alphapanda.io/paper", "strategy.alphapanda.io/momentum"]
    assert panda("delete", *reversed(names)).out == (
        'strategy.alphapanda.io "momentum" deleted\nbroker.alphapanda.io "paper" deleted\n'
    )


def test_json_of_one_is_an_object_and_of_many_a_list(panda: Panda):
    applied(panda)
    one = json.loads(panda("get", "broker", "paper", "-o", "json").out)
    assert (one["kind"], one["metadata"]["name"], one["metadata"]["generation"]) == ("Broker", "paper", 1)
    many = json.loads(panda("get", "brokers", "-o", "json").out)
    assert many == {"apiVersion": "v1", "kind": "List", "items": [one]}


def test_yaml_is_taken_back_as_it_is(panda: Panda):
    applied(panda)
    text = panda("get", "all", "-o", "yaml").out
    said = panda("apply", "-f", "-", stdin=text.encode())
    assert said == (0, "broker.alphapanda.io/paper unchanged\nstrategy.alphapanda.io/momentum unchanged\n", "")


def test_nothing_to_show_is_said_on_standard_error_and_is_an_empty_list_for_programs(panda: Panda):
    assert panda("get", "strategies") == (0, "", "No resources found\n")
    assert json.loads(panda("get", "strategies", "-o", "json").out)["items"] == []


@pytest.mark.parametrize("words", [("get", "strategy", "x"), ("describe", "strat/x"), ("delete", "strategies", "x")])
def test_what_is_not_there_is_not_found_with_code_1(panda: Panda, words: tuple[str, ...]):
    said = panda(*words)
    assert (said.code, said.err) == (1, 'Error from server (NotFound): strategies.alphapanda.io "x" not found\n')


def test_those_that_are_there_are_shown_beside_those_that_are_not(panda: Panda):
    applied(panda)
    said = panda("get", "broker", "paper", "absent")
    assert said.code == 1
    assert said.out.splitlines()[1].startswith("paper ")
    assert said.err == 'Error from server (NotFound): brokers.alphapanda.io "absent" not found\n'


def test_an_unknown_kind_is_named_with_the_nearest(panda: Panda):
    said = panda("get", "stratgy")
    assert said.code == 2
    assert 'a resource type "stratgy"; did you mean "strategy"?' in said.err


def test_describe_tells_the_spec_the_status_and_who_changed_what(panda: Panda, monkeypatch: pytest.MonkeyPatch):
    applied(panda)
    monkeypatch.setenv("PANDA_ACTOR", "ravi")
    panda("apply", "-f", write("desk.yaml", f"{STRATEGY}  state: Paused\n  risk: {{maxDailyLoss: '100'}}\n"))
    text = panda("describe", "strategy", "momentum").out
    assert re.search(r"^Name: +momentum$", text, re.MULTILINE)
    assert re.search(r"^Changed: .* by ravi$", text, re.MULTILINE)
    assert re.search(r"^  Services: +strategy-runner$", text, re.MULTILINE)
    assert re.search(r"^  Trades on: +paper$", text, re.MULTILINE)
    assert re.search(r"^Conflicts: +<none>$", text, re.MULTILINE)
    created, configured = text.split("Changes:\n")[1].split("  configured")
    assert created.startswith("  created by asha, ")
    assert configured.startswith(" by ravi, ")
    assert '    spec.state: "Running" -> "Paused"\n' in configured
    assert '    spec.risk.maxDailyLoss: <none> -> "100"' in configured


def test_describe_tells_what_a_resource_cannot_have(panda: Panda):
    panda("apply", "-f", write("desk.yaml", STRATEGY))
    said = panda("describe", "strategy", "momentum", "-o", "json")
    value = json.loads(said.out)
    assert value["status"]["services"] == []
    assert any("names Broker paper, which does not exist" in line for line in value["status"]["conflicts"])
    assert [edit["change"]["changed_by"] for edit in value["changes"]] == ["asha"]


def test_a_broker_that_is_still_named_is_deleted_with_a_warning(panda: Panda):
    applied(panda)
    said = panda("delete", "broker", "paper")
    assert said == (
        0,
        'broker.alphapanda.io "paper" deleted\n',
        "Warning: Strategy momentum still names Broker paper, which is deleted\n",
    )


def test_a_file_deletes_what_it_holds_and_can_be_told_that_something_is_gone(panda: Panda):
    applied(panda)
    panda("delete", "strategy", "momentum")
    said = panda("delete", "-f", "desk.yaml", "--ignore-not-found")
    assert said == (0, 'broker.alphapanda.io "paper" deleted\n', "")
    assert panda("delete", "-f", "desk.yaml").code == 1


@pytest.mark.parametrize("words", [(), ("broker",), ("broker", "paper", "-f", "desk.yaml"), ("brk/paper", "paper")])
def test_delete_wants_to_be_told_exactly_what(panda: Panda, words: tuple[str, ...]):
    assert panda("delete", *words).code == 2


def test_a_platform_that_does_not_run_is_unavailable(panda: Panda, resources: FakeResources):
    resources.running = False
    said = panda("get", "--data-dir", "elsewhere")
    assert said == (3, "", "no platform is running in elsewhere\nremedy: start it\n")


def test_the_data_directory_comes_from_the_option_then_the_environment_then_the_default(
    panda: Panda, resources: FakeResources, monkeypatch: pytest.MonkeyPatch
):
    panda("get")
    monkeypatch.setenv("PANDA_DATA_DIR", "two")
    panda("get")
    panda("get", "--data-dir", "three")
    assert resources.opened == [Path(".panda"), Path("two"), Path("three")]
