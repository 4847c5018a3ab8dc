"""Settings of a service: every name, type, default and limit. `layers` reads them.

In a YAML file they nest (`kafka: {bootstrap: …}`), in the environment they are called `PANDA_KAFKA__BOOTSTRAP`,
as secret files the same without `PANDA_` and in small letters (`kafka__password`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, SecretStr, model_validator

from alpha_panda.domain.pipeline_watch import Bounds
from alpha_panda.errors import InputError
from alpha_panda.runtime.api_settings import ApiSettings, OperationsSettings
from alpha_panda.runtime.notifier_settings import NotifierSettings
from alpha_panda.runtime.order_settings import ExchangeOrderSettings
from alpha_panda.runtime.sections import FreePort, Port, Section
from alpha_panda.runtime.yahoo_settings import YahooSettings
from alpha_panda.runtime.zerodha_settings import ZerodhaSettings
from alpha_panda.topology.graph import SERVICES

SERVICE_NAMES: Final = tuple(sorted(row.name for row in SERVICES))


class KafkaProfile(Section):
    """Producer and consumer tuning. The defaults suit a service that decides; see `PROFILES` for the others."""

    linger_milliseconds: Annotated[int, Field(ge=0, le=1000)] = 0
    batch_bytes: Annotated[int, Field(ge=1024)] = 65_536
    compression: Literal["none", "gzip"] = "none"
    request_timeout_milliseconds: Annotated[int, Field(ge=500)] = 10_000
    poll_records: Annotated[int, Field(ge=1)] = 2000
    poll_milliseconds: Annotated[int, Field(ge=1, le=5000)] = 200
    fetch_bytes: Annotated[int, Field(ge=65_536)] = 2_000_000
    """Of one partition in one answer."""
    gather_milliseconds: Annotated[int, Field(ge=0, le=1000)] = 0
    """How long Kafka may gather records for a small answer. A replay never gathers: each epoch would wait for that."""


PROFILES: Final[Mapping[str, Mapping[str, Any]]] = {
    "market-feed": {"batch_bytes": 262_144},
    "history": {"poll_records": 10_000, "fetch_bytes": 8_000_000, "gather_milliseconds": 50},
    "portfolio": {"gather_milliseconds": 20},
}
"""By service: what it does otherwise unless told. The feed sends whole epochs, history copies batches to PostgreSQL;
neither history nor the portfolio stands between a tick and its order, so they leave the processor to those who do."""


class Encryption(Section):
    """Whether a store is spoken to over TLS; its certificate is then verified in full, its host name too."""

    tls: bool = False
    authority: Path | None = None
    """The certificate of whoever signed the store's; the system's authorities unless set."""

    @model_validator(mode="after")
    def _authority_is_for_tls(self) -> Self:
        if self.authority is not None and not self.tls:
            raise ValueError("authority is set and tls is not: set tls to true, or remove authority")
        return self


class KafkaSettings(Encryption):
    """Where Kafka is and who we are there. `profiles` says by service what `profile` says for all."""

    bootstrap: Annotated[str, Field(pattern=r"^[^\s,]+:\d{1,5}(,[^\s,]+:\d{1,5})*$")] = "127.0.0.1:9092"
    """HOST:PORT, several with commas."""
    username: str | None = None
    password: SecretStr | None = None
    journal: Path | None = None
    """For tests only: the folder where each client writes down what it saw (see `journal`)."""
    profile: KafkaProfile = KafkaProfile()
    profiles: dict[str, KafkaProfile] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _credentials_are_whole(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("kafka.username and kafka.password go together: give both or neither")
        return self

    @model_validator(mode="after")
    def _profiles_are_of_services(self) -> Self:
        for name in self.profiles:
            if name not in SERVICE_NAMES:
                raise ValueError(f"kafka.profiles has {name!r}, which is no service: {', '.join(SERVICE_NAMES)}")
        return self


class RedisSettings(Encryption):
    """Where Redis is and who we are there."""

    host: str = "127.0.0.1"
    port: Port = 6379
    username: str | None = None
    password: SecretStr | None = None


class PostgresSettings(Encryption):
    """Where PostgreSQL is and who we are there."""

    host: str = "127.0.0.1"
    port: Port = 5432
    database: str = "alpha_panda"
    slow_milliseconds: Annotated[int, Field(ge=0, le=600_000)] = 500
    """A statement that takes longer is logged with its duration, without values; 0 logs none."""
    username: str | None = None
    password: SecretStr | None = None


class PlatformSection(Section):
    """What a service knows of the installation; `partitions` is the count of every pipeline topic."""

    prefix: str = ""
    partitions: Annotated[int, Field(ge=1, le=256)] = 1


class TaskSettings(Section):
    """A task of the plan: its partitions and the tasks whose markers of this or the last epoch close its inputs."""

    name: str
    partitions: tuple[int, ...]
    upstream: tuple[str, ...] = ()
    upstream_previous: tuple[str, ...] = ()


class ServiceSection(Section):
    """Which service of the plan this process is and the tasks that it runs. `strategy` is set for one's own runner."""

    name: str = ""
    broker: str | None = None
    strategy: str | None = None
    group: str = ""
    tasks: tuple[TaskSettings, ...] = ()
    reads: tuple[str, ...] = ()
    """Full names of the topics that it consumes, for services that read every Broker's."""
    writes: tuple[str, ...] = ()
    """Full names of the topics that it writes, dead letters apart."""

    def require_broker(self) -> str:
        """The Broker of a Broker's service; raises InputError where it is not set."""
        if self.broker is None:
            raise InputError(
                f"service {self.name!r} belongs to a Broker, and service.broker is not set",
                remedy="set PANDA_SERVICE__BROKER to the Broker's name",
            )
        return self.broker


class RunSettings(Section):
    """How a run keeps time: by epochs (a replay) or as records arrive (live, load tests)."""

    pacing: Literal["epochs", "arrival"] = "arrival"
    snapshot_seconds: Annotated[float, Field(gt=0, le=60)] = 1.0
    stop_seconds: Annotated[float, Field(gt=0, le=60)] = 8.0
    hang_seconds: Annotated[float, Field(ge=1, le=600)] = 30.0
    """Without a turn of its loop a service ends, to be started again: whatever it waits for will not come."""
    fail_points: Path | None = None
    """For tests only: the folder where a service is told to die (see `fail_points`)."""


class FeedSettings(Section):
    """Where market data comes from."""

    source: Literal["none", "replay", "synthetic", "kite", "yahoo"] = "none"
    path: Path | None = None
    speed: str = "max"
    timezone: str | None = None
    interval_minutes: Annotated[int, Field(ge=1, le=60)] | None = None
    """The length of a replay's bars, where the distance between them does not tell it."""
    instruments: Annotated[int, Field(ge=1, le=10_000)] = 10
    rate: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    seed: int = 1
    start: str = "2026-01-05"

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.source == "replay" and self.path is None:
            raise ValueError("feed.source is replay but feed.path is not set: name a file or a folder of market data")
        digits = self.speed.replace(".", "", 1)
        if self.speed != "max" and not (digits.isascii() and digits.isdigit() and float(self.speed) > 0):
            raise ValueError(f"feed.speed is {self.speed!r}: a factor above 0 (60 = an hour a minute) or max")
        return self


class HttpSettings(Section):
    """Where the service answers `/healthz`, `/readyz`, `/metrics`."""

    host: str = "127.0.0.1"
    port: FreePort = 0


class LogSettings(Section):
    """How much is logged and how many lines may wait to be written before lines are dropped and counted."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    queue: Annotated[int, Field(ge=10)] = 10_000
    file_megabytes: Annotated[int, Field(ge=1, le=10_000)] = 16
    """`panda up`: a log file that is larger is put aside, and this many are kept beside it:"""
    files: Annotated[int, Field(ge=0, le=100)] = 4


class WatchSettings(Section):
    """From when on the watch over the pipeline finds fault (see `domain.pipeline_watch`)."""

    stale_feed_seconds: Annotated[float, Field(gt=0)] = 10.0
    stale_instrument_seconds: Annotated[float, Field(gt=0)] = 300.0
    no_progress_seconds: Annotated[float, Field(ge=1)] = 5.0
    lag_floor_records: Annotated[int, Field(ge=1)] = 10_000
    lag_windows: Annotated[int, Field(ge=2)] = 5
    lag_window_seconds: Annotated[float, Field(gt=0)] = 2.0

    @property
    def bounds(self) -> Bounds:
        """The same in the domain's terms."""
        return Bounds(**self.model_dump())


class BudgetSettings(Section):
    """What a strategy may take before it is quarantined; a call is one bar or tick of one instrument."""

    call_milliseconds: Annotated[int, Field(ge=10, le=60_000)] = 250
    call_megabytes: Annotated[int, Field(ge=16, le=65_536)] = 256
    """Growth of the process during one call."""
    state_megabytes: Annotated[int, Field(ge=1, le=65_536)] = 64
    """Kept between calls, all instruments of the strategy together."""
    wishes: Annotated[int, Field(ge=1, le=10_000)] = 50
    """Entries and exits wanted by one call."""
    notes: Path | None = None
    """Where a runner notes its calls for its next life; without it a strategy that ends the process is not found."""


class DataSettings(Section):
    """Files of facts. Without `instruments` the table that ships with the package is used."""

    instruments: Path | None = None


class ServiceSettings(Section):
    """All settings of one service process."""

    kafka: KafkaSettings = KafkaSettings()
    redis: RedisSettings = RedisSettings()
    postgres: PostgresSettings = PostgresSettings()
    platform: PlatformSection = PlatformSection()
    service: ServiceSection = ServiceSection()
    run: RunSettings = RunSettings()
    feed: FeedSettings = FeedSettings()
    http: HttpSettings = HttpSettings()
    api: ApiSettings = ApiSettings()
    operations: OperationsSettings = OperationsSettings()
    notifier: NotifierSettings = NotifierSettings()
    logs: LogSettings = LogSettings()
    watch: WatchSettings = WatchSettings()
    budget: BudgetSettings = BudgetSettings()
    orders: ExchangeOrderSettings = ExchangeOrderSettings()
    zerodha: ZerodhaSettings = ZerodhaSettings()
    yahoo: YahooSettings = YahooSettings()
    data: DataSettings = DataSettings()

    @model_validator(mode="before")
    @classmethod
    def _choose_profile(cls, data: Any) -> Any:  # noqa: ANN401 - what pydantic was given
        """The service's own profile, in layers too: the service's defaults, what is set for all, for the service."""
        if not isinstance(data, Mapping) or not isinstance(data.get("kafka", {}), Mapping):
            return data
        service, kafka = data.get("service", {}), dict(data.get("kafka", {}))
        kind = service_kind(str(service.get("name", ""))) if isinstance(service, Mapping) else ""
        given, own = kafka.get("profile", {}), _own(kafka.get("profiles", {}), kind)
        if kind not in PROFILES and not own:
            return data
        if not isinstance(given, Mapping) or not isinstance(own, Mapping):
            return data
        kafka["profile"] = {**PROFILES.get(kind, {}), **given, **own}
        return {**data, "kafka": kafka}

    @model_validator(mode="after")
    def _tasks_exist(self) -> Self:
        most = self.platform.partitions
        if wrong := [p for task in self.service.tasks for p in task.partitions if not 0 <= p < most]:
            raise ValueError(
                f"service.tasks name partitions {wrong}, but platform.partitions is {most}: only 0 to {most - 1} exist"
            )
        return self


def service_kind(name: str) -> str:
    """The row of the table of services that a service's name stands for: `paper.risk-manager` is a `risk-manager`."""
    last = name.rpartition(".")[2]
    return next((kind for kind in SERVICE_NAMES if last == kind or last.startswith(f"{kind}-")), last)


def _own(profiles: object, kind: str) -> object:
    return profiles.get(kind, {}) if isinstance(profiles, Mapping) else {}
