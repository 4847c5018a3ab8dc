"""`panda optimize` suggests weights for instruments and strategies, and refuses what it could not divide."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from tests.unit.cli.desk import Said
from tests.unit.optimizer.test_returns import report

from alpha_panda.cli.bar_file import read_bars, read_each
from alpha_panda.cli.main import guarded, invoke
from alpha_panda.cli.optimize import register

MARKET = Path(__file__).parents[2] / "fixtures" / "market"
DAILY = MARKET / "daily"
Panda = Callable[..., Said]


@pytest.fixture
def panda(capsys: pytest.CaptureFixture[str]) -> Panda:
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback()(lambda: None)
    register(app)

    def run(*words: object) -> Said:
        capsys.readouterr()
        code = guarded(lambda: invoke(app, ["optimize", *map(str, words)]))
        return Said(code, *capsys.readouterr())

    return run


def test_five_years_of_two_shares_are_divided_by_all_three_methods(panda: Panda):
    said = panda(DAILY)
    assert said.code == 0
    lines = [line.split() for line in said.out.splitlines()]
    assert said.out.startswith("1240 daily returns, 2020-10-05 to 2025-09-30; correlations shrunk by 4%")
    assert lines[3][-3:] == ["RISK-PARITY", "MEAN-VARIANCE", "MAX-SHARPE"]
    assert lines[4] == ["RELIANCE", "7.87%", "23.48%", "58.94%", "11.75%", "0.00%"]
    assert lines[5] == ["TATASTEEL", "36.83%", "33.71%", "41.06%", "88.25%", "100.00%"]
    assert lines[9] == ["RELIANCE", "50.00%", "3.86%", "0.00%"]
    assert "in-sample" in said.err


def test_programs_get_the_same_as_json(panda: Panda):
    (portfolio,) = json.loads(panda(DAILY, "--method", "mean-variance", "--cap", "60", "-o", "json").out)["portfolios"]
    assert portfolio["method"] == "mean-variance"
    assert portfolio["weights"] == pytest.approx({"RELIANCE": 0.4, "TATASTEEL": 0.6})


def test_who_fears_risk_more_gets_less_of_the_wilder_share(panda: Panda):
    def wild(aversion: float) -> float:
        said = panda(DAILY, "--method", "mean-variance", "--aversion", aversion, "-o", "json")
        return float(json.loads(said.out)["portfolios"][0]["weights"]["TATASTEEL"])

    assert wild(2) > wild(5) > wild(20)


def test_the_strategies_of_a_backtests_report_are_divided(panda: Panda, tmp_path: Path):
    path = tmp_path / "report.json"
    path.write_bytes(report(*((name, day, net) for day in range(0, 60, 2) for name, net in (("a", 50), ("b", 200)))))
    (portfolio,) = json.loads(panda(path, "--method", "risk-parity", "-o", "json").out)["portfolios"]
    assert portfolio["weights"] == pytest.approx({"a": 0.8, "b": 0.2})


def test_a_file_of_several_instruments_gives_each_its_own_bars(tmp_path: Path):
    each = read_each(MARKET / "daily.csv")
    assert len(each) == 10
    for name, series in each.items():
        assert series == read_bars(MARKET / "daily.csv", instrument=name)
    assert read_each(DAILY / "RELIANCE.csv") == {"RELIANCE": read_bars(DAILY / "RELIANCE.csv")}
    (tmp_path / "EMPTY.csv").write_text("timestamp,open,high,low,close,volume\n")
    with pytest.raises(Exception, match="has no row that can be used"):
        read_each(tmp_path / "EMPTY.csv")


def test_an_instrument_that_is_in_two_files_is_refused(panda: Panda, tmp_path: Path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "RELIANCE.csv").write_text((DAILY / "RELIANCE.csv").read_text())
    said = panda(tmp_path)
    assert (said.code, said.out) == (2, "")
    assert "has RELIANCE, which another file has too" in said.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((DAILY, "--cap", 40), "2 weights of at most 40 % sum to 80 %, not to 100 %"),
        ((DAILY, "--cap", "nan"), "the cap is nan %"),
        ((DAILY, "--method", "best"), "--method best: there is none of this name"),
        ((DAILY, "--aversion", 0), "--aversion 0.0: is no aversion to risk"),
        ((DAILY, "--free-rate", 200), "--free-rate 200.0: is no yearly rate"),
        ((DAILY, "--method", "max-sharpe", "--free-rate", 50), "no portfolio has a return above the free rate"),
        ((DAILY / "RELIANCE.csv",), "only RELIANCE is there to give capital to"),
        ((MARKET / "many",), "0 daily returns in common; 60 are needed"),
        (("/nowhere",), "/nowhere: there is no such file or directory"),
        (("/nowhere.json",), "/nowhere.json: cannot be read: No such file or directory"),
    ],
)
def test_what_cannot_be_divided_is_refused_in_one_line(panda: Panda, words: tuple[object, ...], told: str):
    said = panda(*words)
    assert (said.code, said.out) == (2, "")
    assert told in said.err
    assert "remedy: " in said.err


def test_without_its_libraries_the_remedy_is_told(panda: Panda, monkeypatch: pytest.MonkeyPatch):
    for name in [each for each in sys.modules if each.startswith("alpha_panda.optimizer.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)  # as Python marks what cannot be imported
    said = panda(DAILY)
    assert (said.code, said.out) == (2, "")
    assert "panda optimize needs scipy, which is not installed" in said.err
    assert "remedy: pip install 'alpha-panda[optimizer]'" in said.err
