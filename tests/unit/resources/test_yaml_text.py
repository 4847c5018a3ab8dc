"""Where readers of YAML differ: what is refused when read, and quoted when written."""

import pytest

from alpha_panda.resources.documents import read_documents, write_object
from alpha_panda.resources.problems import ResourceError
from alpha_panda.resources.strategy import Strategy
from alpha_panda.resources.yaml_text import write_yaml

MOMENTUM = """apiVersion: alphapanda.io/v1alpha1
kind: Strategy
metadata:
  name: momentum
spec:
  strategy: momentum
  instruments:
  - exchange: NSE
    symbol: RELIANCE
"""


def complaint(text: str) -> str:
    with pytest.raises(ResourceError) as caught:
        read_documents(text, "desk.yaml")
    (problem,) = caught.value.problems
    return str(problem)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ON", 'ON means true or false to some readers: write true or false, or in quotes "ON"'),
        ("no", 'no means true or false to some readers: write true or false, or in quotes "no"'),
        ("1e5", '1e5 means different things to different readers: write plain digits, or in quotes "1e5"'),
        ("012", '012 means different things to different readers: write plain digits, or in quotes "012"'),
        ("0x1F", '0x1F means different things to different readers: write plain digits, or in quotes "0x1F"'),
        ("1_000", '1_000 means different things to different readers: write plain digits, or in quotes "1_000"'),
        ("12:30", '12:30 means different things to different readers: write plain digits, or in quotes "12:30"'),
        (".nan", ".nan is not a finite number"),
        ("1" * 19, f"{'1' * 19} has more digits than a number here can have; allowed: at most 18"),
        ("!!int '5'", "5 has the tag int; tags are not allowed: remove it"),
        ("!!python/name:os.system ''", "has the tag python/name:os.system; tags are not allowed: remove it"),
        ("!!set {a}", "has the tag set; tags are not allowed: remove it"),
    ],
)
def test_what_readers_of_yaml_understand_differently_is_refused(value: str, expected: str) -> None:
    line = complaint(f"{MOMENTUM}  params:\n    x: {value}\n")
    assert line.startswith("desk.yaml:11:8: spec.params.x: ")
    assert line.endswith(expected)


@pytest.mark.parametrize("key", ["on", "1", "null", "true", "<<", "? [a, b]\n    "])
def test_a_field_name_that_is_not_text_to_every_reader_is_refused(key: str) -> None:
    line = complaint(f"{MOMENTUM}  params:\n    {key}: {{}}\n")
    assert line.startswith("desk.yaml:11:")


def test_plain_values_mean_what_they_say() -> None:
    params = (
        "{a: 1, b: -2.5, c: text, d: 2026-01-31, e: [true, null], f: 'on', g: 1.0e-3, 2026-01-31: x, h: !!str 5, i: 1h}"
    )
    (document,) = read_documents(f"{MOMENTUM}  params: {params}\n", "x")
    assert isinstance(document.resource, Strategy)
    assert document.resource.spec.params == {
        "a": 1,
        "b": -2.5,
        "c": "text",
        "d": "2026-01-31",
        "e": [True, None],
        "f": "on",
        "g": 0.001,
        "2026-01-31": "x",
        "h": "5",
        "i": "1h",
    }


def test_an_alias_stands_for_a_copy_but_not_for_what_it_is_part_of() -> None:
    (document,) = read_documents(f"{MOMENTUM}  params: {{a: &x [1], b: *x}}\n", "x")
    assert isinstance(document.resource, Strategy)
    assert document.resource.spec.params == {"a": [1], "b": [1]}
    assert "an alias may not stand for what it is part of" in complaint(f"{MOMENTUM}  params: &x {{a: *x}}\n")


def test_a_few_nested_aliases_cannot_fill_the_memory() -> None:
    rows = "".join(f"    x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]\n" for n in range(1, 12))
    line = complaint(f"{MOMENTUM}  params:\n    x0: &x0 [1]\n{rows}")
    assert "stands for more than 50000 values" in line


@pytest.mark.parametrize("symbol", ["ON", "1E5", "YES", "123"])
def test_what_is_written_as_yaml_is_quoted_where_readers_would_differ(symbol: str) -> None:
    (document,) = read_documents(MOMENTUM.replace("RELIANCE", f"'{symbol}'"), "x")
    text = write_yaml(write_object(document.resource))
    assert f"symbol: '{symbol}'" in text
    assert text.index("apiVersion") < text.index("kind") < text.index("metadata") < text.index("spec")
    assert read_documents(text, "again")[0].resource == document.resource


@pytest.mark.parametrize("text", ["a\nb", "\x85", "\u2028", " a ", "", "- a", "a: b", "#", "\t", "é", "\u20b9 500"])
def test_any_text_that_is_written_is_read_back(text: str) -> None:
    (document,) = read_documents(MOMENTUM, "x")
    written = write_object(document.resource)
    written["spec"] = {**written["spec"], "params": {"x": {text: [text]}}}  # type: ignore[dict-item]
    (again,) = read_documents(write_yaml(written), "again")
    assert isinstance(again.resource, Strategy)
    assert again.resource.spec.params == {"x": {text: [text]}}
