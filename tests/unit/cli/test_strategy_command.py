"""`panda strategy` lists and describes what there is, and writes a package that works."""

import csv
import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
import yaml
from tests.support.strategy_bars import needed
from tests.unit.cli.desk import Said

from alpha_panda.cli.bar_file import read_bars
from alpha_panda.cli.main import guarded, invoke
from alpha_panda.cli.strategies import register
from alpha_panda.domain.features import FEATURES, examples
from alpha_panda.resources.strategy import Strategy
from alpha_panda.strategy import BUILT_IN, VotingConfig, load_strategy
from alpha_panda.strategy.loading import find_strategy

Panda = Callable[..., Said]
MINUTES = Path(__file__).parents[2] / "fixtures" / "market" / "yesbank" / "YESBANK.csv"


@pytest.fixture
def panda(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Panda:
    """Runs a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback()(lambda: None)
    register(app)

    def run(*words: object) -> Said:
        capsys.readouterr()
        code = guarded(lambda: invoke(app, ["strategy", *map(str, words)]))
        return Said(code, *capsys.readouterr())

    return run


def test_every_shipped_strategy_is_listed_with_what_it_does(panda: Panda):
    said = panda("list")
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0].split() == ["NAME", "FROM", "CLASS", "ABOUT"]
    assert [line.split()[0] for line in lines[1:]] == sorted(BUILT_IN)
    rows = json.loads(panda("list", "-o", "json").out)
    assert {row["name"]: row["class"] for row in rows} == dict(BUILT_IN)
    assert all(row["from"] == "alpha-panda" and row["about"].endswith(".") for row in rows)


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_every_parameter_of_a_shipped_strategy_is_described(panda: Panda, name: str):
    told = json.loads(panda("describe", name, "-o", "json").out)
    fields = find_strategy(name).Config.model_fields.values()
    assert [each["name"] for each in told["parameters"]] == [field.alias for field in fields]
    assert all(each["description"] and each["type"] and each["allowed"] for each in told["parameters"])
    assert [each["name"] for each in told["parameters"] if each["default"] == "required"] == list(needed(name))
    assert told["text"]


def test_the_defaults_that_are_told_are_those_that_are_taken(panda: Panda):
    told = json.loads(panda("describe", "multi_indicator", "-o", "json").out)
    params = {each["name"]: json.loads(each["default"]) for each in told["parameters"]}
    found = load_strategy("multi_indicator", params, ())
    assert found.config == load_strategy("multi_indicator", {}, ()).config
    assert isinstance(found.config, VotingConfig)


def test_types_and_bounds_are_told_in_words(panda: Panda):
    said = panda("describe", "breakout").out
    rows = {line.split()[0]: " ".join(line.split()) for line in said.splitlines() if line}
    assert rows["stopPercent"].startswith("stopPercent number or null 3.0 above 0, at most 50 Distance of the stop")
    assert rows["rewardRisk"].startswith("rewardRisk number 4.0 at least 1.5, at most 50 ")
    assert rows["channel"].startswith('channel text "either" one of donchian, bollinger, either, both ')
    assert rows["minConfidence"].startswith("minConfidence whole number 70 at least 1, at most 100 ")
    assert rows["flatBy"].startswith("flatBy time HH:MM or null null any ")
    assert 'weights map of numbers {"rsi": 25, "macd": 25,' in rows["weights"]
    assert "timeframes: one or more" in said
    assert "timeframes: one\n" in panda("describe", "momentum").out


def test_a_class_is_described_by_its_place_too(panda: Panda):
    assert "breakout:Breakout" in panda("describe", "alpha_panda_strategies.breakout:Breakout").out


def test_an_unknown_strategy_is_one_line_with_what_was_meant(panda: Panda):
    said = panda("describe", "brekout")
    assert (said.code, said.out) == (2, "")
    assert 'did you mean "breakout"?' in said.err


def test_the_package_that_is_written_works_as_its_own_test_proves(panda: Panda, tmp_path: Path):
    said = panda("new", "opening_range2")
    assert said.code == 0
    folder = tmp_path / "opening_range2"
    written = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert written == [
        "pyproject.toml",
        "src/opening_range2/__init__.py",
        "src/opening_range2/strategy.py",
        "strategy.yaml",
        "tests/test_opening_range2.py",
    ]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "opening_range2"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "3 passed" in run.stdout, run.stdout + run.stderr


def test_its_entry_point_and_its_resource_name_the_class_that_is_written(
    panda: Panda, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert panda("new", "opening_gap", "--into", "mine").code == 0
    folder = tmp_path / "mine" / "opening_gap"
    points = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["entry-points"]
    monkeypatch.syspath_prepend(str(folder / "src"))
    found = find_strategy(points["alpha_panda.strategies"]["opening_gap"])
    resource = Strategy.model_validate(yaml.safe_load((folder / "strategy.yaml").read_text()))
    assert resource.spec.strategy == "opening_gap"
    assert found.Config.model_validate(resource.spec.params) is not None


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Opening", "'Opening' is no name for a strategy; allowed: small letters"),
        ("opening-range", "is no name for a strategy"),
        ("9am", "is no name for a strategy"),
        ("a" * 41, "at most 40"),
        ("class", "no word of Python's own"),
        ("../x", "is no name for a strategy"),
        ("momentum", "there is a strategy of this name already"),
        ("json", "a Python module of this name is installed"),
    ],
)
def test_a_name_that_cannot_be_a_package_is_refused_and_nothing_is_written(
    panda: Panda, tmp_path: Path, name: str, told: str
):
    said = panda("new", name)
    assert (said.code, said.out) == (2, "")
    assert told in said.err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_left_alone(panda: Panda, tmp_path: Path):
    (tmp_path / "opening_range").mkdir()
    said = panda("new", "opening_range")
    assert said.code == 2
    assert "opening_range: is there already" in said.err
    assert list((tmp_path / "opening_range").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(panda: Panda, tmp_path: Path):
    (tmp_path / "file").write_text("")
    said = panda("new", "opening_range", "--into", "file")
    assert said.code == 1
    assert "file/opening_range: cannot be written: Not a directory" in said.err


def test_the_table_that_a_model_is_trained_on_is_written_by_the_code_that_it_trades_by(panda: Panda):
    said = panda("features", MINUTES, "--horizon", 5, "--feature", "rsi_14", "--feature", "return_1")
    assert said.code == 0
    assert "5 bars outside the session" in said.err
    rows = list(csv.reader(said.out.splitlines()))
    expected = examples(read_bars(MINUTES).bars, ("rsi_14", "return_1"), horizon=5)
    assert rows[0] == ["time", "rsi_14", "return_1", "forward_percent"]
    assert [tuple(map(float, row[1:])) for row in rows[1:]] == [
        (*each.values, each.forward_percent) for each in expected
    ]
    assert rows[1][0] == "2019-07-09T09:29:00+05:30"


def test_the_features_are_listed_and_a_wrong_one_is_told(panda: Panda):
    lines = panda("features", "--list").out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(FEATURES)
    said = panda("features", MINUTES, "--feature", "rsi")
    assert (said.code, said.out) == (2, "")
    assert 'rsi: there is no such feature; did you mean "rsi_14"?' in said.err
    assert "no file of bars is given" in panda("features").err


def test_a_strategy_can_be_checked_without_a_platform(panda: Panda, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "strategies")
    said = panda("check", "momentum", "--timeframe", "5m")
    assert said.code == 0
    assert said.out.startswith("momentum decides by what it was given so far alone")
    peeks = panda("check", "peeking:Sharing")
    assert peeks.code == 1
    assert "it decides by what it cannot know yet" in peeks.err
    assert "could not be examined: it raises ZeroDivisionError" in panda("check", "peeking:Failing").err
    for words in (("--params", "no json"), ("--params", "[1]"), ("--params", '{"no": 1}')):
        assert panda("check", "momentum", *words).code == 2
