"""What a run is to do: its feed and its shape, written by `panda up`, read by the supervisor.

A run is a data directory. A replay belongs to its run: the same one shown again is the same result,
another one needs a new run (`--again` archives this one).
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from alpha_panda.domain.instrument_table import InstrumentTable, load_instruments
from alpha_panda.errors import InputError
from alpha_panda.local.layout import Layout, write_private
from alpha_panda.runtime.layers import read_mapping
from alpha_panda.topology.settings import PlatformSettings


class FeedChoice(msgspec.Struct, frozen=True, kw_only=True):
    """Where market data comes from; field names are those of the `feed` settings."""

    source: str = "none"
    path: str | None = None
    speed: str = "max"
    timezone: str | None = None
    interval_minutes: int | None = None
    instruments: int = 10
    rate: int = 100
    seed: int = 1
    broker: str | None = None
    """The Broker whose login a live market uses."""

    def names_same_market(self, other: FeedChoice) -> bool:
        """Whether both would publish the same ticks; speed does not change them."""
        ours, theirs = (msgspec.structs.replace(feed, speed="max") for feed in (self, other))
        return ours == theirs


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """Recorded days that a simulated Zerodha trades again, and the Broker whose account is there."""

    path: str
    speed: float
    broker: str


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A run's choices. `config` is the services' part of the user's YAML of settings, `platform` the plan's."""

    partitions: int = 1
    platform: dict[str, Any] = {}
    feed: FeedChoice = FeedChoice()
    config: str | None = None
    instruments: str | None = None
    observability: bool = False
    """Whether Prometheus looks on."""
    rehearsal: Rehearsal | None = None
    """Where Zerodha is played beside the run."""

    @property
    def pacing(self) -> str:
        """`epochs` for a replay, `arrival` for everything that happens as it comes."""
        return "epochs" if self.feed.source in ("replay", "none") else "arrival"

    @property
    def platform_settings(self) -> PlatformSettings:
        """What the plan is made with."""
        return PlatformSettings.model_validate({**self.platform, "partitions": self.partitions})

    @property
    def log_shape(self) -> dict[str, object]:
        """What the first start fixes: with other names or partitions, what is on the log would not be found."""
        settings = self.platform_settings
        return {
            "partitions": settings.partitions,
            "partition_multiplier": settings.partition_multiplier,
            "prefix": settings.prefix,
        }

    @property
    def digest(self) -> str:
        """Equal for equal choices."""
        return blake2b(msgspec.json.encode(self, order="sorted"), digest_size=8).hexdigest()


def path_of(layout: Layout) -> Path:
    """Where the run's choices are kept."""
    return layout.root / "run.json"


def load_run(layout: Layout) -> Run | None:
    """The run's choices; None where it was never started."""
    path = path_of(layout)
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=Run)
    except msgspec.DecodeError as error:
        raise InputError(f"{path} is damaged: {error}", remedy="start anew with `panda reset`") from error


def run_section(layout: Layout, name: str) -> Mapping[str, Any]:
    """A section of the settings that the run was started with; empty where there is none."""
    run = load_run(layout)
    values = read_mapping(Path(run.config))[0] if run is not None and run.config is not None else {}
    return values.get(name) or {}


def instrument_table(layout: Layout) -> InstrumentTable:
    """The instruments that the run trades: its own table, or the one that ships."""
    run = load_run(layout)
    return load_instruments(Path(run.instruments) if run is not None and run.instruments else None)


def save_run(layout: Layout, run: Run) -> None:
    """Keep the run's choices."""
    write_private(path_of(layout), msgspec.json.format(msgspec.json.encode(run)).decode())
