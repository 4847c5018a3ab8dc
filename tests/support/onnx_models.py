"""Small ONNX models for tests: the logistic of a weighted sum of the features, written as a file."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from onnx import ModelProto, TensorProto, checker, helper, numpy_helper, save

from alpha_panda.domain.features import FEATURES
from alpha_panda.strategy.model_file import NAMES_KEY

WEIGHTS = {"return_5": 3.0, "donchian_place": 1.5, "direction_14": 0.05}
"""It goes with the trend."""
FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def logistic(
    path: Path,
    weights: Mapping[str, float] = WEIGHTS,
    names: Sequence[str] = tuple(FEATURES),
    *,
    width: int = 2,
    metadata: str | None = None,
) -> Path:
    """Writes a model with an output `probabilities` of so many columns, and a label as classifiers have it."""
    column = np.array([[weights.get(name, 0.0)] for name in names], dtype=np.float32)
    spread = {1: [[1.0]], 2: [[-0.5, 0.5]], 3: [[-1.0, 0.0, 1.0]]}[width]
    nodes = [
        helper.make_node("MatMul", ["features", "weights"], ["score"]),
        helper.make_node("MatMul", ["score", "spread"], ["scores"]),
        helper.make_node("Sigmoid" if width == 1 else "Softmax", ["scores"], ["probabilities"]),
        helper.make_node("ArgMax", ["scores"], ["label"], axis=1, keepdims=0),
    ]
    constants = {"weights": column, "spread": np.array(spread, dtype=np.float32)}
    outputs = {"probabilities": (FLOAT, [None, width]), "label": (INT64, [None])}
    model = of_nodes(nodes, {"features": (FLOAT, [None, len(names)])}, outputs, constants)
    if metadata is not None:
        helper.set_model_props(model, {NAMES_KEY: metadata})
    save(model, path)
    return path


def of_nodes(
    nodes: list[object],
    inputs: Mapping[str, tuple[int, Sequence[int | None]]],
    outputs: Mapping[str, tuple[int, Sequence[int | None]]],
    constants: Mapping[str, np.ndarray] | None = None,
) -> ModelProto:
    """Any model; inputs and outputs by name, with type and shape."""
    graph = helper.make_graph(
        nodes,
        "tested",
        [helper.make_tensor_value_info(name, *each) for name, each in inputs.items()],
        [helper.make_tensor_value_info(name, *each) for name, each in outputs.items()],
        [numpy_helper.from_array(each, name) for name, each in (constants or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model)
    return model


@cache
def trend_model() -> Path:
    """The model that tests of all strategies trade by."""
    return logistic(Path(tempfile.mkdtemp(prefix="alpha-panda-model-")) / "trend.onnx")
