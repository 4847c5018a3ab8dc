"""`ml_model` trades by what a model file says, tells which file that was, and refuses what it could not trade by."""

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, helper, save
from tests.support.onnx_models import FLOAT, INT64, logistic, of_nodes, trend_model
from tests.support.strategy_bars import made, minutes

from alpha_panda.domain.features import FEATURES, examples
from alpha_panda.errors import InputError
from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.events.signals import Side, VoteAction
from alpha_panda.strategy import Enter, Exit, Strategy, decisions, load_strategy, lookahead
from alpha_panda.strategy.model_file import Model, ModelError, open_model

ALL = tuple(FEATURES)
Refused = Callable[..., str]


def entries(bars: tuple[Bar, ...] = minutes(), **params: object) -> list[tuple[int, Enter]]:
    found = decisions(made("ml_model", params), bars)
    return [(each.bar, each.wish) for each in found if isinstance(each.wish, Enter)]


def test_it_enters_with_levels_and_tells_the_model_in_the_reason_and_the_vote():
    digest = hashlib.sha256(trend_model().read_bytes()).hexdigest()
    found = entries(minConfidence=80)
    assert found
    for place, entry in found:
        close = minutes()[place].close_paise
        assert entry.side is Side.BUY
        assert entry.confidence is not None
        assert entry.confidence >= 80
        assert entry.stop_loss_paise < close < entry.target_paise
        assert f"by the model sha256 {digest[:12]}" in entry.reason
        (vote,) = entry.votes
        assert (vote.indicator, vote.action, vote.weight) == ("model", VoteAction.BUY, 1)
        assert vote.value.endswith(f"by the model sha256 {digest}")


def test_what_it_trades_on_is_what_the_training_table_has():
    table = {each.bar.start: each.values for each in examples(minutes(), horizon=1)}
    model = open_model(trend_model(), ALL)
    place, first = entries(minConfidence=70)[0]
    up = model.ask(table[minutes()[place].start]).up
    assert first.votes[0].value.startswith(f"up {up:.3f}")
    # All bars before it from the warm-up on were less sure, or it would have entered there.
    earlier = [model.ask(table[each.start]).up for each in minutes()[:place] if each.start in table]
    assert earlier
    assert max(earlier) < 0.7 <= up


def test_the_shorts_of_a_model_are_the_longs_of_its_opposite(tmp_path: Path):
    opposite = logistic(tmp_path / "m.onnx", {"return_5": -3.0, "donchian_place": -1.5, "direction_14": -0.05})
    place, entry = entries(minConfidence=80, allowShort=True)[0]
    other_place, other = entries(minConfidence=80, allowShort=True, model=str(opposite))[0]
    assert (other_place, other.side) == (place, entry.side.opposite)
    assert other.confidence == entry.confidence


@pytest.mark.parametrize("width", [1, 2, 3])
def test_a_model_may_answer_with_one_two_or_three_probabilities(tmp_path: Path, width: int):
    model = open_model(logistic(tmp_path / "m.onnx", {"return_1": 2.0}, width=width), ALL)
    risen = model.ask((1.5, *(0.0,) * (len(ALL) - 1)))
    fallen = model.ask((-1.5, *(0.0,) * (len(ALL) - 1)))
    assert risen.up > 0.8
    assert risen.down < 0.2
    assert fallen.down == pytest.approx(risen.up)


def test_features_may_be_chosen_and_are_given_in_their_order(tmp_path: Path):
    names = ["rsi_14", "return_1"]
    path = logistic(tmp_path / "m.onnx", {"return_1": 2.0}, names, metadata="rsi_14, return_1")
    assert open_model(path, names).ask((0.0, 1.5)).up > 0.9
    found = load_strategy("ml_model", {"model": str(path), "features": names}, (Timeframe.M1,))
    assert found.config.model_dump()["features"] == tuple(names)


def test_it_neither_sees_the_future_nor_forgets():
    def fresh() -> Strategy[Any]:
        return made("ml_model", {"minConfidence": 70, "allowShort": True})

    assert lookahead(fresh, minutes()) is None
    one, other = fresh(), fresh()
    decisions(one, minutes()[:600])
    other.restore(json.loads(json.dumps(one.snapshot())))
    later = decisions(one, minutes()[600:])
    assert decisions(other, minutes()[600:]) == later
    assert {type(each.wish) for each in later} == {Enter, Exit}
    assert other.snapshot() == one.snapshot()


def test_the_same_file_gives_the_same_answer_to_the_last_bit():
    figures = [each.values for each in examples(minutes(), horizon=1)][:200]
    first, second = open_model(trend_model(), ALL), open_model(trend_model(), ALL)
    assert first == second
    assert [first.ask(each) for each in figures] == [second.ask(each) for each in figures]


def test_instances_share_the_opened_model():
    loaded = load_strategy("ml_model", {"model": str(trend_model())}, (Timeframe.M1,))
    assert isinstance(getattr(loaded.config, "opened", None), Model)
    one, other = (loaded.instance(made("ema_cross").context) for _ in range(2))
    assert one.config is other.config


@pytest.fixture
def refused() -> Refused:
    def refuse(path: Path, **params: object) -> str:
        with pytest.raises(InputError) as caught:
            load_strategy("ml_model", {"model": str(path), **params}, (Timeframe.M1,))
        return str(caught.value)

    return refuse


def test_a_model_must_be_given(refused: Refused):
    with pytest.raises(InputError, match=r"params\.model: is required"):
        load_strategy("ml_model", {}, (Timeframe.M1,))
    told = refused(Path("/nowhere/m.onnx"))
    assert "/nowhere/m.onnx: the model cannot be read: No such file or directory; put the ONNX file there" in told


def test_without_the_runtime_the_remedy_is_told(refused: Refused, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # as Python marks what cannot be imported
    told = refused(trend_model())
    assert (
        "needs onnxruntime, which is not installed; pip install 'alpha-panda[models]' where the strategy runs" in told
    )


def test_another_file_than_the_one_that_is_meant_is_refused(refused: Refused):
    digest = hashlib.sha256(trend_model().read_bytes()).hexdigest()
    assert load_strategy("ml_model", {"model": str(trend_model()), "sha256": digest.upper()}, (Timeframe.M1,))
    assert f"its SHA-256 is {digest}, not {'0' * 64}" in refused(trend_model(), sha256="0" * 64)
    assert "params.sha256" in refused(trend_model(), sha256="abc")


def test_a_file_that_is_no_model_is_refused(refused: Refused, tmp_path: Path):
    (tmp_path / "m.onnx").write_bytes(b"not a model")
    told = refused(tmp_path / "m.onnx")
    assert "m.onnx: is no ONNX model that onnxruntime" in told
    assert "export it anew" in told


def test_a_file_that_is_too_large_is_refused_unread(refused: Refused, tmp_path: Path):
    with (tmp_path / "m.onnx").open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    assert "has 67,108,865 bytes; a model may have 67,108,864" in refused(tmp_path / "m.onnx")


@pytest.mark.parametrize(
    ("features", "told"),
    [
        (["rsi_14"], "12]; it is given a tensor(float) of [1, 1]: a column for each feature"),
        (["rsi_41"], 'there is no such feature; did you mean "rsi_14"?'),
        (["rsi_14", "rsi_14"], "rsi_14: the feature is named twice"),
        ([], "no feature is named"),
    ],
)
def test_features_that_do_not_fit_are_refused(refused: Refused, features: list[str], told: str):
    assert told in refused(trend_model(), features=features)


def test_a_model_that_was_trained_on_other_features_is_refused(refused: Refused, tmp_path: Path):
    names = ["return_1", "rsi_14"]
    path = logistic(tmp_path / "m.onnx", names=names, metadata="rsi_14,return_1")
    told = refused(path, features=names)
    assert "was trained on the features rsi_14, return_1, and is shown return_1, rsi_14" in told


def _copying(kind: int, shape: list[int | None]) -> ModelProto:
    node = helper.make_node("Identity", ["x"], ["y"])
    return of_nodes([node], {"x": (kind, shape)}, {"y": (kind, shape)})


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (_copying(FLOAT, [None, 12]), "the output y has 12 numbers for a bar"),
        (_copying(INT64, [None, 12]), "no output is a float tensor; there are: y (tensor(int64))"),
        (_copying(FLOAT, [12]), "its input x is a tensor(float) of the shape [12]"),
        (_copying(FLOAT, [5, 12]), "of the shape [5, 12]"),
    ],
    ids=["too many numbers", "whole numbers", "no rows", "five rows"],
)
def test_a_model_of_another_shape_is_refused(refused: Refused, tmp_path: Path, model: ModelProto, told: str):
    save(model, tmp_path / "m.onnx")
    assert told in refused(tmp_path / "m.onnx")


def test_two_inputs_and_several_outputs_are_refused_unless_one_is_named(refused: Refused, tmp_path: Path):
    path = tmp_path / "m.onnx"
    add = helper.make_node("Add", ["a", "b"], ["y"])
    save(of_nodes([add], {"a": (FLOAT, [1, 12]), "b": (FLOAT, [1, 12])}, {"y": (FLOAT, [1, 12])}), path)
    assert "has 2 inputs: a, b" in refused(path)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["score"]),
        helper.make_node("Sigmoid", ["score"], ["p"]),
    ]
    weights = {"w": np.ones((12, 1), dtype=np.float32)}
    outputs = {"score": (FLOAT, [None, 1]), "p": (FLOAT, [None, 1])}
    save(of_nodes(nodes, {"x": (FLOAT, [None, 12])}, outputs, weights), path)
    assert "has several float outputs: score, p; name one in output" in refused(path)
    assert "its output q is not there; there are: score (tensor(float)), p (tensor(float))" in refused(path, output="q")
    assert load_strategy("ml_model", {"model": str(path), "output": "p"}, (Timeframe.M1,))


@pytest.mark.parametrize(("answer", "told"), [([0.7, 0.7], "sums to 1.4"), ([2.0], "no probabilities: 2")])
def test_an_answer_that_is_no_probabilities_is_refused(
    refused: Refused, tmp_path: Path, answer: list[float], told: str
):
    nodes = [helper.make_node("MatMul", ["x", "w"], ["z"]), helper.make_node("Add", ["z", "c"], ["y"])]
    width = len(answer)
    constants = {"w": np.zeros((12, width), dtype=np.float32), "c": np.array([answer], dtype=np.float32)}
    model = of_nodes(nodes, {"x": (FLOAT, [None, 12])}, {"y": (FLOAT, [None, width])}, constants)
    save(model, tmp_path / "m.onnx")
    said = refused(tmp_path / "m.onnx")
    assert "asked with zeros" in said
    assert told in said


def test_an_answer_that_stops_being_probabilities_is_not_traded_by(tmp_path: Path):
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    constants = {"w": np.ones((12, 1), dtype=np.float32)}
    save(of_nodes(nodes, {"x": (FLOAT, [None, 12])}, {"y": (FLOAT, [None, 1])}, constants), tmp_path / "m.onnx")
    model = open_model(tmp_path / "m.onnx", ALL)
    with pytest.raises(ModelError, match="the output y holds no probabilities: 12"):
        model.ask((1.0,) * 12)
    with pytest.raises(ModelError, match="no probabilities: nan"):
        model.ask((float("nan"),) * 12)
