"""What reading resources keeps, whatever the text."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from tests.support.made_up_resources import json_values, resources

from alpha_panda.resources.broker import Broker
from alpha_panda.resources.documents import Document, read_documents, read_object, write_object
from alpha_panda.resources.fields import paise
from alpha_panda.resources.problems import Problem, ResourceError
from alpha_panda.resources.rules import validate_change
from alpha_panda.resources.strategy import Strategy
from alpha_panda.resources.yaml_text import write_yaml


@given(resources)
def test_a_resource_survives_its_way_through_yaml(resource: Broker | Strategy) -> None:
    (document,) = read_documents(write_yaml(write_object(resource)), "x")
    assert document.resource == resource


@given(resources)
def test_a_resource_survives_its_way_through_a_store(resource: Broker | Strategy) -> None:
    assert read_object(write_object(resource), "store") == resource


@given(resources)
def test_a_resource_may_always_stay_as_it_is(resource: Broker | Strategy) -> None:
    assert validate_change(resource, resource) == ()


def read(text: str) -> tuple[list[Document], tuple[Problem, ...]]:
    """The resources of the text, or else its mistakes."""
    try:
        return read_documents(text, "x.yaml"), ()
    except ResourceError as error:
        return [], error.problems


@given(st.text(st.sampled_from("ab:-[]{}&*!|>'\"%@#,?~ \n\t1.é\u2028\x00<"), max_size=60) | st.text(max_size=60))
def test_no_text_gets_more_than_lines_of_mistakes(text: str) -> None:
    documents, problems = read(text)
    assert documents == []
    assert all(str(problem).startswith("x.yaml:") and str(problem).isprintable() for problem in problems)


def _replaced(value: object, dice: Callable[[], int], junk: object) -> object:
    """The value with one of its leaves or branches replaced."""
    if isinstance(value, dict) and value and dice() < 7:
        key = sorted(value)[dice() % len(value)]
        return value | {key: _replaced(value[key], dice, junk)}
    if isinstance(value, list) and value and dice() < 7:
        index = dice() % len(value)
        return [*value[:index], _replaced(value[index], dice, junk), *value[index + 1 :]]
    return junk


@given(resources, st.data(), json_values)
def test_a_wrong_value_anywhere_is_refused_in_lines_or_means_a_valid_resource(
    resource: Broker | Strategy, data: st.DataObject, junk: object
) -> None:
    changed = _replaced(write_object(resource), lambda: data.draw(st.integers(0, 9)), junk)
    documents, problems = read(write_yaml(changed))
    assert bool(documents) != bool(problems) or changed is None
    assert all(problem.line >= 1 and str(problem).isprintable() for problem in problems)
    assert all(read_object(write_object(each.resource), "x") == each.resource for each in documents)


@given(st.integers(0, 10**13))
def test_money_and_paise_are_two_ways_to_write_one_amount(amount: int) -> None:
    assert paise(f"{amount // 100}.{amount % 100:02d}") == amount
