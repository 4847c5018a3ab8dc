"""The definitions that Kubernetes is given: made from the models alone, whole, and within the API server's limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from alpha_panda.crds.definitions import DEFINITIONS, Definition, definition
from alpha_panda.crds.files import crd_files
from alpha_panda.crds.policies import POLICIES
from alpha_panda.crds.structural import structural_schema
from alpha_panda.crds.validations import BROKER, BY_THE_SCHEMA, STRATEGY
from alpha_panda.resources.account_limits import AccountLimits
from alpha_panda.resources.broker import Broker, BrokerSpec, BrokerType
from alpha_panda.resources.fields import Model
from alpha_panda.resources.rules import BROKER_CHANGE_RULES, BROKER_RULES, STRATEGY_CHANGE_RULES, STRATEGY_RULES
from alpha_panda.resources.strategy import Strategy, StrategySpec

COLUMNS_THAT_FIT = 7
BOUNDS = {"maxLength", "enum", "format"}


def fields(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Each field of a schema with its dotted path."""
    for name, each in schema.get("properties", {}).items():
        yield f"{path}.{name}", each
        yield from fields(each, f"{path}.{name}")
    if "items" in schema:
        yield f"{path}[]", schema["items"]
        yield from fields(schema["items"], f"{path}[]")


def schema(of: Definition) -> dict[str, Any]:
    """The part of a definition that speaks of fields."""
    (version,) = definition(of)["spec"]["versions"]
    found: dict[str, Any] = version["schema"]["openAPIV3Schema"]
    return found


def spec_and_status(of: Definition) -> list[tuple[str, dict[str, Any]]]:
    """Each field that is ours."""
    return [(path, each) for path, each in fields(schema(of)) if path.startswith((".spec", ".status"))]


@pytest.fixture(params=DEFINITIONS, ids=[each.kind for each in DEFINITIONS])
def kind(request: pytest.FixtureRequest) -> Definition:
    found: Definition = request.param
    return found


def test_every_field_of_the_models_is_there(kind: Definition) -> None:
    model = {"Broker": BrokerSpec, "Strategy": StrategySpec}[kind.kind]
    assert set(schema(kind)["properties"]["spec"]["properties"]) == {each.alias for each in model.model_fields.values()}


def test_every_field_says_what_it_is_for(kind: Definition) -> None:
    silent = [path for path, each in spec_and_status(kind) if not each.get("description") and not path.endswith("[]")]
    assert not silent


def test_every_text_and_list_has_an_end(kind: Definition) -> None:
    """The API server reckons what a rule may cost from the longest value that there can be."""
    for path, each in spec_and_status(kind):
        if each.get("type") == "string" or each.get("x-kubernetes-int-or-string"):
            assert BOUNDS & each.keys(), path
        if each.get("type") == "array":
            assert "maxItems" in each, path
            assert each["x-kubernetes-list-type"] in {"set", "map"}, path


def test_nothing_of_json_schema_is_left_that_the_api_server_does_not_know(kind: Definition) -> None:
    foreign = {"$ref", "$defs", "title", "const", "additionalProperties", "x-decimal"}
    assert not [path for path, each in spec_and_status(kind) if foreign & each.keys()]


def test_the_columns_fit_on_a_screen(kind: Definition) -> None:
    narrow = [each["name"] for each in kind.columns if "priority" not in each]
    assert len(narrow) <= COLUMNS_THAT_FIT
    assert narrow[-1] == "Age"


def test_the_api_server_fills_in_no_status(kind: Definition) -> None:
    assert not [path for path, each in spec_and_status(kind) if path.startswith(".status") and "default" in each]


def test_every_rule_of_the_resources_is_one_of_the_api_server() -> None:
    rules = (*BROKER_RULES, *BROKER_CHANGE_RULES, *STRATEGY_RULES, *STRATEGY_CHANGE_RULES)
    assert {each.name for each in (*BROKER, *STRATEGY)} | BY_THE_SCHEMA == {each.name for each in rules}


@pytest.mark.parametrize(
    ("model", "path", "expected"),
    [
        (Broker, ".spec.account", {}),
        (Broker, ".spec.type", None),
        (Broker, ".spec.live", False),
        (Broker, ".spec.account.maxDailyLoss", None),
        (Broker, ".spec.account.maxPositionPercent", "20"),
        (Strategy, ".spec.timeframes", ["1m"]),
        (Strategy, ".spec.sizing.kelly", {}),
        (Strategy, ".spec.params", {}),
    ],
)
def test_defaults_are_the_models_own_each_where_it_belongs(model: type[Model], path: str, expected: object) -> None:
    found = dict(fields(structural_schema(model)))[path]
    assert found.get("default") == expected


def test_a_default_that_differs_from_the_fields_own_is_written_out() -> None:
    class Desk(Model):
        limits: AccountLimits = AccountLimits(max_open_positions=9)

    assert structural_schema(Desk)["properties"]["limits"]["default"] == {"maxOpenPositions": 9}


def test_a_list_whose_entries_nothing_tells_apart_is_refused() -> None:
    class Desk(Model):
        specs: tuple[BrokerSpec, ...] = (BrokerSpec(type=BrokerType.PAPER),)

    with pytest.raises(LookupError, match="a list of BrokerSpec apart; add it to LIST_KEYS"):
        structural_schema(Desk)


def test_the_files_hold_the_definitions_and_a_binding_for_each_policy() -> None:
    files = {name: list(yaml.safe_load_all(text)) for name, text in crd_files().items()}
    assert sorted(files) == ["brokers.yaml", "policies.yaml", "strategies.yaml"]
    assert files["brokers.yaml"] == [definition(DEFINITIONS[0])]
    bound = [each["spec"]["policyName"] for each in files["policies.yaml"] if each["kind"].endswith("Binding")]
    assert bound == [f"{each.name}.alphapanda.io" for each in POLICIES]
