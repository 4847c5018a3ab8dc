"""`panda backtest` prints what strategies would have made, writes it, and refuses what is wrong in one line."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from tests.unit.market_feed.replays import BARS, bar_line, good_bars, write

from alpha_panda.cli.backtest import register
from alpha_panda.cli.main import guarded, invoke

EXAMPLES = Path(__file__).parents[3] / "examples"


def run(*words: str | Path) -> int:
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback()(lambda: None)
    register(app)
    return guarded(lambda: invoke(app, ["backtest", *map(str, words)]))


def traded(*words: str | Path) -> int:
    return run("-f", EXAMPLES, "--data", EXAMPLES / "market", *words)


def test_the_day_of_the_examples_is_told_in_tables(capsys: pytest.CaptureFixture[str]):
    assert traded() == 0
    said = capsys.readouterr()
    told = dict(line.split(maxsplit=1) for line in said.out.splitlines() if line.startswith(("charges", "slippage")))
    assert told == {"charges": "₹462.58", "slippage": "₹292.35"}
    assert "ended with                  ₹49,429.82" in said.out
    assert "11: 2 won, 9 lost" in said.out
    assert "36 raised, 18 validated, 18 rejected" in said.out
    assert "duplicate_position" in said.out
    assert "1-minute bars of 1 instrument, 2019-07-09" in said.err


def test_programs_get_json_and_csv_that_agree(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert traded("--json", tmp_path / "o.json", "--csv", tmp_path / "tables", "-o", "json") == 0
    document = json.loads((tmp_path / "o.json").read_text())
    assert document == json.loads(capsys.readouterr().out)
    (account,) = document["accounts"]
    assert account["summary"]["end_paise"] == 4_942_982
    with (tmp_path / "tables" / "paper-trades.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["net_paise"]) for row in rows] == [each["net_paise"] for each in account["trades"]]
    spent = account["summary"]["charges_paise"] - account["summary"]["trades"]["charges_paise"]
    gained = sum(each["net_paise"] for each in account["trades"])
    assert 5_000_000 + gained - spent == 4_942_982
    assert {each.name for each in (tmp_path / "tables").iterdir()} == {
        f"paper-{name}.csv" for name in ("summary", "trades", "rejections", "open", "monthly", "closes", "equity")
    }


def test_capital_and_another_broker_change_what_is_traded_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    broker = tmp_path / "other.yaml"
    broker.write_text((EXAMPLES / "broker.yaml").read_text().replace("name: paper", "name: other"))
    assert traded("--broker", broker, "--capital", "200000", "-o", "json") == 0
    (account,) = json.loads(capsys.readouterr().out)["accounts"]
    assert (account["summary"]["broker"], account["summary"]["start_paise"]) == ("other", 20_000_000)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--from", "yesterday"], "--from 'yesterday' is no date"),
        (["--from", "2019-07-10", "--to", "2019-07-09"], "--to 2019-07-09 is before --from 2019-07-10"),
        (["--from", "2019-07-10"], "has no data on the days that are asked for"),
        (["--capital", "-5"], "--capital '-5' is no amount of rupees"),
        (["--capital", "nan"], "--capital 'nan' is no amount of rupees"),
        (["--broker", str(EXAMPLES / "strategies.yaml")], "holds 0 Brokers"),
    ],
)
def test_what_is_wrong_is_refused_in_one_line(words: list[str], message: str, capsys: pytest.CaptureFixture[str]):
    assert traded(*words) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert "remedy: " in said.err or "has no data" in message
    assert not said.out


def problems(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    path = write(tmp_path, text)
    assert run("-f", EXAMPLES, "--data", path) == 0
    said = capsys.readouterr().err.splitlines()
    return [line.removeprefix(f"Warning: {path}:") for line in said if line.startswith("Warning: ")]


def test_problems_of_the_data_are_told_by_file_and_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    text = good_bars(2) + bar_line("09:16") + bar_line("09:20") + bar_line("09:15", "95,95,94,95")
    text += bar_line("09:21", "0,1,0,1") + bar_line("09:22", "-5,1,-5,1") + bar_line("09:23", offset="")
    found = problems(tmp_path, text, capsys)
    assert [line.split(":")[0] for line in found] == ["4", "5", "6", "9", "7", "8", "9"]
    assert found[0] == "4: repeats the bar of line 3, which stands"
    assert found[1] == "5: 3 bars are missing before it, since line 4"
    assert found[2].startswith("6: is before 2019-07-09 09:20:00 of line 5")
    assert found[3].startswith("9: 2 bars are missing")
    assert "open 0" in found[4]
    assert "open -5" in found[5]
    assert found[6].startswith("9: has a time without an offset from UTC")


def test_a_price_that_a_night_multiplies_looks_like_a_split(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    text = BARS + bar_line("00:00", "100,100,100,100") + bar_line("00:00", "20,20,20,20").replace("09T", "10T")
    found = problems(tmp_path, text, capsys)
    assert found == ["3: opens at 0.2 times the close of line 2: a split or bonus that is not adjusted for?"]


def test_many_problems_of_a_kind_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    text = good_bars(2) + "".join(bar_line(f"09:{minute}", "0,0,0,0") for minute in range(20, 30))
    found: list[Any] = problems(tmp_path, text, capsys)
    assert len(found) == 6
    assert found[-1] == "Warning: and 5 more of these kinds: 10 rejected"


def test_studies_are_printed_and_on_the_page_and_a_sweep_is_marked(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    page = tmp_path / "page.html"
    assert traded("--sweep", "momentum.lookback=15", "--monte-carlo", "200", "--seed", "3", "--html", page) == 0
    said = capsys.readouterr().out
    for text in (said, page.read_text()):
        assert "in-sample: chosen on these very days" in text
        assert "momentum.lookback=15" in text
        assert "11 trades drawn again 200 times, seed 3" in text


def test_walking_forward_reports_out_of_sample_days_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    days = Path(__file__).parents[2] / "fixtures" / "market" / "yesbank"
    words = ("--walk-forward", "2", "--html", tmp_path / "page.html", "--json", tmp_path / "o.json")
    assert run("-f", EXAMPLES, "--data", days, *words) == 0
    said = capsys.readouterr().out
    assert "Walk-forward, out-of-sample results only" in said
    studies = json.loads((tmp_path / "o.json").read_text())["studies"]
    assert studies["in_sample"] is None
    assert [fold["summaries"][0]["first"] for fold in studies["out_of_sample"]["folds"]] == ["2019-07-10", "2019-07-11"]
    assert "out-of-sample results only" in (tmp_path / "page.html").read_text()
