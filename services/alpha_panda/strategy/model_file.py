"""A trained model in an ONNX file: opened and tried when a strategy is configured, then asked after each bar.

The file comes from whoever trained it, the figures from `alpha_panda.domain.features`; the probabilities go to the
strategy `ml_model`. All that could fail later is refused when the file is opened: asked once with zeros, the model
must answer in the shape that is understood. It runs on one thread of the CPU in a fixed order, so that the same
file gives the same answer to the same figures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from alpha_panda.errors import InputError

MOST_BYTES: Final = 64 * 1024 * 1024
NAMES_KEY: Final = "alpha_panda.features"
"""Where a file's own metadata say, separated by commas, what it was trained on; optional."""
_ERRORS_ONLY: Final = 3
_WIDTHS: Final = (1, 2, 3)
_SLACK: Final = 1e-4
"""Rounding errors of 32 bits that a probability may have."""
_SHAPES: Final = (
    "a float tensor of 1 (up), 2 (down, up) or 3 (down, flat, up) probabilities; with skl2onnx: "
    "options={id(model): {'zipmap': False}}"
)


class ModelError(InputError):
    """A model file that cannot be traded by."""


@dataclass(frozen=True)
class Chances:
    """How likely a model takes a fall and a rise to be."""

    down: float
    up: float


@dataclass(frozen=True)
class Model:
    """An opened file; two are equal where their contents and what they are asked are."""

    digest: str
    """SHA-256 of the file, in hexadecimal digits."""
    names: tuple[str, ...]
    output: str
    session: Any = field(compare=False, repr=False)
    input: str = field(compare=False, repr=False)

    def ask(self, values: Sequence[float]) -> Chances:
        """The chances after these figures.

        Raises:
            ModelError: the answer is no probabilities.
        """
        import numpy as np  # noqa: PLC0415 — it comes with the runtime, which few strategies need

        answer = self.session.run([self.output], {self.input: np.array([values], dtype=np.float32)})[0]
        return _chances([float(each) for each in np.asarray(answer).reshape(-1)], self.output)


def open_model(path: Path, names: Sequence[str], *, output: str | None = None, digest: str | None = None) -> Model:
    """The model of a file that is shown these features.

    `output` names one of its outputs, where several could be meant; `digest` is what its SHA-256 must be.

    Raises:
        ModelError: the runtime or the file is not there, or is not what is asked for.
    """
    data = _contents(path)
    found = sha256(data).hexdigest()
    if digest is not None and digest.lower() != found:
        message = f"{path}: its SHA-256 is {found}, not {digest}"
        raise ModelError(message, remedy="put the file there that is meant, or change sha256")
    session = _session(path, data)
    _check_names(path, session, names)
    model = Model(found, tuple(names), _output(path, session, output), session, _input(path, session, len(names)))
    _try(path, model)
    return model


def _contents(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise ModelError(
                f"{path}: has {size:,} bytes; a model may have {MOST_BYTES:,}", remedy="train a smaller one"
            )
        return path.read_bytes()
    except OSError as error:
        message = f"{path}: the model cannot be read: {error.strerror}"
        raise ModelError(message, remedy="put the ONNX file there, on every machine that runs the strategy") from error


def _session(path: Path, data: bytes) -> Any:  # noqa: ANN401 — the runtime has no types
    try:
        import onnxruntime as ort  # noqa: PLC0415 — an extra, which few strategies need
    except ImportError as error:
        raise ModelError(
            f"{path}: running a model needs onnxruntime, which is not installed",
            remedy="pip install 'alpha-panda[models]' where the strategy runs",
        ) from error
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.use_deterministic_compute = True
    options.log_severity_level = _ERRORS_ONLY
    try:
        return ort.InferenceSession(data, sess_options=options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors share no class, and a file may be anything
        message = f"{path}: is no ONNX model that onnxruntime {ort.__version__} can run: {_line(error)}"
        raise ModelError(message, remedy="export it anew, for an opset that this version knows") from error


def _check_names(path: Path, session: Any, names: Sequence[str]) -> None:  # noqa: ANN401 — as above
    said = session.get_modelmeta().custom_metadata_map.get(NAMES_KEY)
    if said is None:
        return
    trained = tuple(each.strip() for each in said.split(","))
    if trained != tuple(names):
        message = f"{path}: was trained on the features {', '.join(trained)}, and is shown {', '.join(names)}"
        raise ModelError(message, remedy="write its features, in its order, into the parameter features")


def _input(path: Path, session: Any, width: int) -> str:  # noqa: ANN401 — as above
    inputs = session.get_inputs()
    if len(inputs) != 1:
        message = f"{path}: has {len(inputs)} inputs: {', '.join(each.name for each in inputs)}"
        raise ModelError(message, remedy="export it with one float tensor of one row per bar as input")
    (only,) = inputs
    rows, columns = only.shape if len(only.shape) == 2 else (None, 0)  # noqa: PLR2004 — a row per bar, a column each
    fits = (not isinstance(rows, int) or rows == 1) and (not isinstance(columns, int) or columns == width)
    if only.type != "tensor(float)" or not fits:
        message = f"{path}: its input {only.name} is a {only.type} of the shape {only.shape}"
        raise ModelError(message, remedy=f"it is given a tensor(float) of [1, {width}]: a column for each feature")
    return str(only.name)


def _output(path: Path, session: Any, wanted: str | None) -> str:  # noqa: ANN401 — as above
    there = {str(each.name): str(each.type) for each in session.get_outputs()}
    listed = ", ".join(f"{name} ({kind})" for name, kind in there.items())
    if wanted is not None and there.get(wanted) != "tensor(float)":
        what = f"is a {there[wanted]}" if wanted in there else "is not there"
        raise ModelError(f"{path}: its output {wanted} {what}; there are: {listed}", remedy=f"wanted: {_SHAPES}")
    fit = [name for name, kind in there.items() if kind == "tensor(float)"] if wanted is None else [wanted]
    if not fit:
        raise ModelError(f"{path}: no output is a float tensor; there are: {listed}", remedy=f"wanted: {_SHAPES}")
    if len(fit) > 1:
        raise ModelError(f"{path}: has several float outputs: {', '.join(fit)}", remedy="name one in output")
    return fit[0]


def _try(path: Path, model: Model) -> None:
    try:
        model.ask((0.0,) * len(model.names))
    except ModelError as error:
        raise ModelError(f"{path}: asked with zeros, {error}", remedy=error.remedy) from error
    except Exception as error:  # as in _session
        message = f"{path}: asked with zeros, it fails: {_line(error)}"
        raise ModelError(message, remedy=f"it is given a tensor(float) of [1, {len(model.names)}]") from error


def _chances(answer: Sequence[float], output: str) -> Chances:
    if len(answer) not in _WIDTHS:
        raise ModelError(f"the output {output} has {len(answer)} numbers for a bar", remedy=f"wanted: {_SHAPES}")
    if not all(math.isfinite(each) and -_SLACK <= each <= 1 + _SLACK for each in answer):
        shown = ", ".join(f"{each:g}" for each in answer)
        raise ModelError(f"the output {output} holds no probabilities: {shown}", remedy=f"wanted: {_SHAPES}")
    if len(answer) == 1:
        return Chances(down=1 - answer[0], up=answer[0])
    if abs(sum(answer) - 1) > len(answer) * _SLACK:
        raise ModelError(f"the output {output} sums to {sum(answer):g}, not 1", remedy=f"wanted: {_SHAPES}")
    return Chances(down=answer[0], up=answer[-1])


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
