"""Reading resources from YAML: what is accepted, and the line each mistake gets."""

import pytest

from alpha_panda.errors import InputError
from alpha_panda.resources.broker import Broker, BrokerType
from alpha_panda.resources.documents import LARGEST_BYTES, read_documents, read_object, repeated_documents, write_object
from alpha_panda.resources.fields import ALLOWED, MONEY_PATTERN
from alpha_panda.resources.problems import ResourceError
from alpha_panda.resources.strategy import Strategy, Timeframe

HEADER = "apiVersion: alphapanda.io/v1alpha1\n"
PAPER = f"{HEADER}kind: Broker\nmetadata:\n  name: paper\nspec:\n  type: Paper\n"
MOMENTUM = f"""{HEADER}kind: Strategy
metadata:
  name: momentum
spec:
  strategy: momentum
  instruments:
  - exchange: NSE
    symbol: RELIANCE
"""


def broker(spec: str) -> str:
    """A Broker whose spec begins on line 6, at column 3."""
    lines = "".join(f"  {line}\n" for line in spec.splitlines())
    return f"{HEADER}kind: Broker\nmetadata:\n  name: desk\nspec:\n{lines}"


def complaints(text: str) -> list[str]:
    with pytest.raises(ResourceError) as caught:
        read_documents(text, "desk.yaml")
    lines = str(caught.value).splitlines()
    assert lines == [str(problem) for problem in caught.value.problems]
    return lines


def complaint(text: str) -> str:
    (line,) = complaints(text)
    return line


def test_documents_come_back_typed_in_their_order_with_their_lines() -> None:
    first, second = read_documents(f"# mine\n{PAPER}---\n{MOMENTUM}", "all.yaml")
    assert isinstance(first.resource, Broker)
    assert first.resource.spec.type is BrokerType.PAPER
    assert isinstance(second.resource, Strategy)
    assert (first.source, first.line, second.line) == ("all.yaml", 2, 9)
    assert second.resource.spec.timeframes == (Timeframe.MINUTE,)
    assert second.resource.spec.brokers == ("paper",)


@pytest.mark.parametrize("text", ["", "---\n", "# nothing\n", "---\n---\n# still nothing\n"])
def test_a_text_without_documents_holds_no_resources(text: str) -> None:
    assert read_documents(text, "empty.yaml") == []


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm() -> None:
    (document,) = read_documents("\ufeff" + PAPER.replace("\n", "\r\n"), "paper.yaml")
    assert document.resource.metadata.name == "paper"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("type: Papr", '6:9: spec.type: "Papr" is not allowed; did you mean "Paper"?; allowed: Paper, Zerodha'),
        ("type: Paper\nlive: 'true'", '7:9: spec.live: "true" is not true or false; allowed: true, false'),
        ("type: Paper\npaper:", None),
        ("type: Paper\naccount:", "7:11: spec.account: null is not a mapping; allowed: fields, one on a line"),
        (
            "type: Paper\naccount:\n  maxDailyLoss: -5",
            f'8:19: spec.account.maxDailyLoss: "-5" does not fit; allowed: {ALLOWED[MONEY_PATTERN]}',
        ),
        (
            "type: Paper\naccount:\n  maxDailyLoss: 100.10",
            '8:19: spec.account.maxDailyLoss: 100.1 is a number with a fraction: write it in quotes, "100.1"',
        ),
        (
            "type: Paper\naccount: {maxOpenPositions: 0}",
            "7:31: spec.account.maxOpenPositions: 0 is too small; allowed: 1 or more",
        ),
        (
            "type: Paper\naccount: {maxOpenPositions: 2.5}",
            "7:31: spec.account.maxOpenPositions: 2.5 is not a whole number; allowed: digits without quotes",
        ),
        (
            "type: Paper\npaper: {charges: {asOf: 31.12.2025}}",
            '7:27: spec.paper.charges.asOf: "31.12.2025" is not a date; allowed: YYYY-MM-DD',
        ),
        ("type: Paper\npaper: {slippageBps: 0}", None),
        ("type: Paper\npaper: {charges: {asOf: 2025-12-31}}", None),
        (
            "type: Paper\npaper: {participationPercent: 0}",
            "7:33: spec.paper.participationPercent: 0 must be greater than zero",
        ),
        ("type: Paper\nlive: true", "7:9: spec.live: true: a Paper broker cannot be live; allowed: false"),
        (
            "type: Paper\nzerodha: {}",
            "7:12: spec.zerodha: a Paper broker takes no zerodha settings: remove them",
        ),
        ("type: Zerodha", "6:3: spec.credentialsSecretRef: a Zerodha broker needs credentialsSecretRef"),
    ],
)
def test_a_brokers_mistake_is_told_with_place_field_value_and_what_is_allowed(spec: str, expected: str | None) -> None:
    if expected is None:
        assert read_documents(broker(spec), "desk.yaml")
    else:
        assert complaint(broker(spec)) == f"desk.yaml:{expected}"


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("symbol: RELIANCE", '"symbol"'),
        ("instrumnts: []", '"instruments"'),
        ("timeframe: [1m]", '"timeframes"'),
        ("max_daily_loss: 5", None),
    ],
)
def test_an_unknown_field_gets_its_own_place_and_a_near_name(field: str, expected: str | None) -> None:
    line = complaint(f"{MOMENTUM}  {field}\n")
    assert line.startswith(f"desk.yaml:10:3: spec.{field.split(':', maxsplit=1)[0]}: unknown field")
    near = f"did you mean {expected}?"
    assert (near in line) is (expected is not None and expected != '"symbol"')
    assert "allowed: strategy, params, instruments" in line


def test_a_missing_field_is_told_where_it_belongs_and_what_it_is_for() -> None:
    assert (
        complaint(f"{HEADER}kind: Broker\nmetadata: {{name: paper}}\nspec: {{}}\n")
        == "desk.yaml:4:7: spec.type: is required: Paper or Zerodha; it can never be changed."
    )


def test_fields_are_known_by_their_outside_names_alone() -> None:
    line = complaint(broker("type: Paper\ndeletion_policy: Delete"))
    assert 'spec.deletion_policy: unknown field; did you mean "deletionPolicy"?' in line


def test_all_mistakes_of_all_documents_are_told_in_the_order_of_the_text() -> None:
    text = f"{broker('type: Papr')}---\n{HEADER}kind: Brokr\n---\n{MOMENTUM}  state: paused\n  mode: live\n"
    lines = complaints(text)
    assert [line.split(": ")[1] for line in lines] == ["spec.type", "kind", "spec.state", "spec.mode"]


def test_a_repeated_field_is_refused_naming_both_lines() -> None:
    line = complaint(broker("type: Paper\nhalted: false\nhalted: true"))
    assert line == "desk.yaml:8:3: spec.halted: is given twice, first at line 7: keep one"


def test_two_resources_of_one_name_are_refused_naming_both_places() -> None:
    line = complaint(f"{PAPER}---\n{MOMENTUM}---\n{PAPER}")
    assert line == "desk.yaml:18:1: metadata.name: Broker paper is given twice, first at desk.yaml:1: keep one"


def test_two_resources_of_one_name_are_found_across_files() -> None:
    documents = [*read_documents(PAPER, "a.yaml"), *read_documents(PAPER, "b.yaml")]
    (problem,) = repeated_documents(documents)
    assert str(problem) == "b.yaml:1:1: metadata.name: Broker paper is given twice, first at a.yaml:1: keep one"


def test_a_broker_and_a_strategy_may_share_a_name() -> None:
    assert len(read_documents(f"{PAPER}---\n{MOMENTUM.replace('name: momentum', 'name: paper')}", "x")) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [1\nb: 2", "desk.yaml:2:2: not valid YAML: "),
        ("a: b: c", "desk.yaml:1:5: not valid YAML: mapping values are not allowed here"),
        ("a:\n\t- b", "desk.yaml:2:1: not valid YAML: found character '\\t' that cannot start any token"),
        ("a: \x07", "desk.yaml: not valid YAML: character U+0007 at position 3 is not allowed"),
        ("[" * 3000, "desk.yaml: not valid YAML: nested too deeply"),
        ("a: *b", "desk.yaml:1:4: not valid YAML: found undefined alias 'b'"),
        ("just words", 'desk.yaml:1:1: "just words" is not a resource; allowed: apiVersion, kind, metadata, spec'),
        ("- 1", "desk.yaml:1:1: [1] is not a resource"),
        ("kind: Broker", "desk.yaml:1:1: apiVersion: is required; allowed: alphapanda.io/v1alpha1"),
        ("apiVersion: v1\nkind: Secret", 'desk.yaml:1:13: apiVersion: "v1" is not known; allowed: alphapanda.io/'),
    ],
)
def test_text_that_is_no_resource_gets_a_line_and_no_traceback(text: str, expected: str) -> None:
    assert complaints(text)[0].startswith(expected)


def test_what_stands_before_a_syntax_error_is_still_checked() -> None:
    lines = complaints(f"{broker('type: Papr')}---\na: [\n")
    assert "spec.type" in lines[0]
    assert "not valid YAML" in lines[1]


def test_params_have_a_limit_that_a_cluster_can_store() -> None:
    text = f"{MOMENTUM}  params: {{x: {'a' * 65_536}}}\n"
    line = complaint(text)
    assert "has 65544 bytes as JSON; at most 65536" in line
    assert len(line) < 200


def test_a_list_is_not_called_empty_because_its_entries_are_wrong() -> None:
    assert len(complaints(MOMENTUM.replace("NSE", "NYSE"))) == 1


def test_currency_derivatives_are_refused_with_the_reason() -> None:
    line = complaint(MOMENTUM.replace("NSE", "CDS"))
    assert line.endswith(
        '"CDS" holds currency derivatives, whose prices are no whole paise; allowed: NSE, BSE, NFO, BFO'
    )


def test_the_entry_named_twice_is_the_one_pointed_at() -> None:
    text = MOMENTUM + "  - exchange: NSE\n    symbol: RELIANCE\n"
    line = complaint(text)
    assert line.startswith('desk.yaml:10:5: spec.instruments[1]: "NSE:RELIANCE": is named twice')


@pytest.mark.parametrize("text", [PAPER, MOMENTUM])
def test_an_object_written_is_read_back_as_the_same_resource(text: str) -> None:
    (document,) = read_documents(text, "x")
    assert read_object(write_object(document.resource), "store") == document.resource


def test_an_object_of_an_api_is_refused_without_lines() -> None:
    value = {"apiVersion": "alphapanda.io/v1alpha1", "kind": "Broker", "metadata": {"name": "pgdesk"}, "spec": {}}
    with pytest.raises(InputError, match=r"^request: spec.type: is required"):
        read_object(value, "request")
    value["spec"] = {"type": "Paper"}
    with pytest.raises(InputError, match=r'^request: metadata.name: "pgdesk": is reserved'):
        read_object(value, "request")


def test_a_mistake_cannot_write_to_a_terminal_what_it_wants() -> None:
    line = complaint(broker('type: "\\e[2J\\x9b2J"'))
    assert line.isprintable()


def test_a_resource_that_no_record_could_hold_is_refused_with_its_size_and_the_limit():
    params = f"  params: {{note: {'x' * LARGEST_BYTES}}}\n"
    said = complaint(MOMENTUM + params)
    assert said.startswith("desk.yaml:1:1: the resource has 262,")
    assert said.endswith("bytes; allowed: at most 262,144")
