"""A trained model as the vote: an ONNX file says how likely the price is to rise and to fall."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, PrivateAttr, field_validator, model_validator

from alpha_panda.domain.features import FEATURES, FeatureError, Features, checked_names
from alpha_panda.domain.indicators import Atr
from alpha_panda.domain.voting import Ballot, Voice, tally
from alpha_panda.domain.voting.voices import FULL
from alpha_panda.events.market import Bar
from alpha_panda.strategy import BracketConfig, Bracketed, Context, Opinion
from alpha_panda.strategy.bracketed import StopAtr
from alpha_panda.strategy.model_file import Model, ModelError, open_model
from alpha_panda.strategy.voting import Confidence, Period

_SHOWN = 12
"""Digits of the digest in a reason; the vote has all."""


class MlModelConfig(BracketConfig):
    """Parameters of `ml_model`."""

    model: Annotated[Path, Field(description="The ONNX file, as it is named where the strategy runs.")]
    sha256: Annotated[
        str | None,
        Field(pattern="^[0-9a-fA-F]{64}$", description="What the file's SHA-256 must be; null: any."),
    ] = None
    features: Annotated[
        tuple[str, ...], Field(description="What it is shown, in the order of its input's columns.")
    ] = tuple(FEATURES)
    output: Annotated[
        str | None, Field(description="Its output with the probabilities; null: the only float tensor.")
    ] = None
    min_confidence: Confidence = 60
    stop_atr: StopAtr = 1.5
    atr_period: Period = Field(default=14, description="Period of the ATR of the stops.")
    _opened: Model | None = PrivateAttr(default=None)

    @field_validator("features")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return checked_names(value)
        except FeatureError as error:
            raise ValueError(f"{error}; {error.remedy}") from error

    @model_validator(mode="after")
    def _open(self) -> Self:
        try:
            self._opened = open_model(self.model, self.features, output=self.output, digest=self.sha256)
        except ModelError as error:
            raise ValueError(f"{error}; {error.remedy}") from error
        return self

    @property
    def opened(self) -> Model:
        """The model as it was when the parameters were read; all instances share it."""
        if self._opened is None:
            raise ModelError(f"{self.model}: was not opened", remedy="read the parameters with load_strategy")
        return self._opened


class MlModel(Bracketed[MlModelConfig]):
    """Enters where a model gives a rise (or a fall) a probability of at least `minConfidence` percent.

    The model is an ONNX file that is asked after each bar with the features of `panda strategy features`; it
    answers with probabilities: of a rise; of a fall and a rise; or of a fall, neither and a rise.
    """

    Config: ClassVar[type[MlModelConfig]] = MlModelConfig
    one_timeframe: ClassVar[bool] = True

    def __init__(self, config: MlModelConfig, context: Context) -> None:
        super().__init__(config, context)
        self._model = config.opened
        self._features = Features(config.features)
        self._atr = Atr(config.atr_period)

    @property
    def warm_up_bars(self) -> int:
        """What the slowest feature takes, and the ATR of the stops."""
        return max(self._features.warm_up, self._atr.warm_up)

    @property
    def atr(self) -> float | None:
        """That of the stops."""
        return self._atr.value

    def update(self, bar: Bar) -> None:
        """Move the features on."""
        self._features.update(bar)
        self._atr.update(bar)

    def opinion(self, bar: Bar) -> Opinion | None:
        """The likelier side, where the model is sure enough of it."""
        values = self._features.values
        if values is None or self._atr.value is None:
            return None
        chances = self._model.ask(values)
        lean = chances.up if chances.up > chances.down else -chances.down if chances.down > chances.up else 0.0
        digest = self._model.digest
        words = "up {:.3f}, down {:.3f}, by the model sha256 "
        voice = Voice(max(-FULL, min(FULL, int(round(lean * FULL, 3)))), words + digest, (chances.up, chances.down))
        vote = tally([Ballot(indicator="model", timeframe=bar.timeframe, weight=1, voice=voice)])
        if vote.side is None or vote.confidence < self.config.min_confidence:
            return None
        why = words.format(chances.up, chances.down) + digest[:_SHOWN]
        return Opinion(side=vote.side, confidence=vote.confidence, why=why, tally=vote)

    def indicators(self) -> dict[str, Any]:
        """The features' and the ATR's."""
        return {"features": self._features.snapshot(), "atr": self._atr.snapshot()}

    def restore_indicators(self, state: dict[str, Any]) -> None:
        """Take over what `indicators` gave."""
        self._features.restore(state["features"])
        self._atr.restore(state["atr"])
