"""What the operator is told of its installation: a YAML file that the chart writes, and a folder of secrets.

`PANDA_OPERATOR_CONFIG` names the file, `PANDA_OPERATOR_SECRETS` the folder. Whatever the file holds that is not
named here is refused, so that a misspelt setting never leaves a default in place of what somebody wanted.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from alpha_panda.errors import InputError
from alpha_panda.runtime.layers import read_mapping, told
from alpha_panda.runtime.settings import ServiceSettings
from alpha_panda.topology.settings import PlatformSettings

CONFIG: Final = "PANDA_OPERATOR_CONFIG"
SECRETS: Final = "PANDA_OPERATOR_SECRETS"
MASTER: Final = "master-secret"
AUTHORITY: Final = "ca.crt"
_REMEDY: Final = "mend it in the values of the chart; see docs/kubernetes.md"

_OURS: Final = (
    *(("service",), ("feed",), ("redis",), ("postgres",), ("http",), ("api",), ("platform",)),
    *(("run", "pacing"), ("budget", "notes"), ("zerodha", "broker")),
    *(("zerodha", "session_key"), ("zerodha", "keys")),
    *(("kafka", name) for name in ("bootstrap", "username", "password", "tls", "authority")),
)
"""Settings of services that follow from the plan and from the rest of the file."""

Name = Annotated[str, Field(pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$", max_length=40)]
Port = Annotated[int, Field(ge=1, le=65_535)]
Object = dict[str, Any]
"""A part of a Kubernetes object, passed on as it is."""


class Part(BaseModel):
    """A group of settings; unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class KafkaAddress(Part):
    """Where Kafka is. `peers` are the `to` of a NetworkPolicy; none allows its ports anywhere."""

    bootstrap: Annotated[str, Field(pattern=r"^[^\s,]+:\d{1,5}(,[^\s,]+:\d{1,5})*$")]
    tls: bool = False
    peers: tuple[Object, ...] = ()

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports of all brokers."""
        return tuple(sorted({int(each.rpartition(":")[2]) for each in self.bootstrap.split(",")}))


class StoreAddress(Part):
    """Where Redis is."""

    host: str
    port: Port
    tls: bool = False
    save_users: bool = True
    """Whether users are written to the server's aclfile, so that they outlive it."""
    peers: tuple[Object, ...] = ()


class PostgresAddress(Part):
    """Where PostgreSQL is; with TLS its certificate is verified in full."""

    host: str
    port: Port
    database: str = "alpha_panda"
    tls: bool = False
    owner: str | None = None
    """The role that owns the database and all tables; the administrator unless set."""
    peers: tuple[Object, ...] = ()


class ExchangeAddress(Part):
    """Where exchanges are, for the pods that trade there or take their prices, and for no other.

    Without `peers` it is every public address, and none of the cluster's own.
    """

    peers: tuple[Object, ...] = ()
    ports: Annotated[tuple[Port, ...], Field(min_length=1)] = (443,)


class PodSettings(Part):
    """What every pod gets. `resources` go by the service's kind, such as `risk-manager`; `default` is for others."""

    priority_class: str = ""
    node_selector: dict[str, str] = {}
    tolerations: tuple[Object, ...] = ()
    annotations: dict[str, str] = {}
    user: Annotated[int, Field(ge=1)] = 10_001
    resources: dict[str, Object] = {}
    volumes: tuple[Object, ...] = ()
    """Further volumes of every pod, such as one with market data, each with its `mountPath` beside."""

    def resources_of(self, kind: str) -> Object:
        """The container's resources."""
        return self.resources.get(kind) or self.resources.get("default") or _RESOURCES


class MonitoringSettings(Part):
    """Who may scrape, and whether PodMonitors are made where the cluster knows them."""

    labels: dict[str, str] = {}
    pod_monitors: bool = True
    interval: str = "15s"
    namespace_labels: dict[str, str] = {"kubernetes.io/metadata.name": "monitoring"}


class ApiSettings(Part):
    """The API: how often it runs (None leaves that to a scaler), and who may reach it by what.

    A cluster's API is for more than one machine, so it is a production one behind TLS unless somebody says otherwise.
    """

    replicas: Annotated[int, Field(ge=1, le=20)] | None = 1
    production: bool = True
    https: bool = True
    origins: tuple[Annotated[str, Field(pattern=r"^https?://\S+$")], ...] = ()
    trusted_proxies: Annotated[int, Field(ge=0, le=5)] = 0


class Timing(Part):
    """The operator's own clocks, in seconds."""

    lease: Annotated[float, Field(ge=1, le=120)] = 15.0
    resync: Annotated[float, Field(ge=1, le=3600)] = 300.0
    first_pause: Annotated[float, Field(gt=0, le=60)] = 1.0
    longest_pause: Annotated[float, Field(gt=0, le=3600)] = 60.0
    silence: Annotated[float, Field(ge=2, le=3600)] = 180.0
    """Without an event of its own heartbeat for so long the operator ends, to be started again."""
    serve: Annotated[float, Field(ge=1, le=86_400)] = 600.0
    """A roll-out whose pods do not serve by then is reported as stuck."""
    give_up_deletion: Annotated[float, Field(ge=1, le=86_400)] = 600.0


class Installation(Part):
    """Everything in the file."""

    name: Name
    namespaces: Annotated[tuple[str, ...], Field(min_length=1)]
    platform: PlatformSettings = PlatformSettings()
    image: str
    image_pull_policy: str = "IfNotPresent"
    image_pull_secrets: tuple[str, ...] = ()
    kafka: KafkaAddress
    redis: StoreAddress
    postgres: PostgresAddress
    exchange: ExchangeAddress = ExchangeAddress()
    ca_secret: str = ""
    feed_config_map: str = ""
    api_token_secret: str = ""
    network_policies: bool = True
    settings: dict[str, Any] = {}
    pods: PodSettings = PodSettings()
    monitoring: MonitoringSettings = MonitoringSettings()
    api: ApiSettings = ApiSettings()
    timing: Timing = Timing()
    owner: str = ""
    """The ConfigMap of the release that owns what belongs to no resource; `NAME-operator` unless set."""

    @property
    def feed_name(self) -> str:
        """The ConfigMap that says what the feed publishes."""
        return self.feed_config_map or f"{self.name}-feed"

    @property
    def owner_name(self) -> str:
        """The ConfigMap that owns what belongs to no resource."""
        return self.owner or f"{self.name}-operator"

    @property
    def token_secret(self) -> str:
        """The Secret with the API's `token`."""
        return self.api_token_secret or f"{self.name}-api-token"

    @model_validator(mode="after")
    def _services_take_the_settings(self) -> Self:
        own = [".".join(path) for path in _OURS if _has(self.settings, path)]
        if own:
            raise ValueError(f"settings: {', '.join(own)} is set by the operator itself: remove it")
        try:
            ServiceSettings.model_validate(self.settings)
        except ValidationError as error:
            raise ValueError("settings: " + "; ".join(map(told, error.errors()))) from error
        return self


def _has(settings: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    value: object = settings
    for name in path:
        if not isinstance(value, Mapping) or name not in value:
            return False
        value = value[name]
    return True


class Administrator(Part):
    """A store's administrator."""

    username: str
    password: SecretStr


class Secrets(Part):
    """What the folder holds. `authority` is the certificate of whoever signed the stores', if that is not public."""

    master: SecretStr
    kafka: Administrator
    redis: Administrator
    postgres: Administrator
    authority: str | None = None


def load_installation(environment: Mapping[str, str]) -> Installation:
    """Read the file.

    Raises:
        InputError: a line for each mistake.
    """
    file = environment.get(CONFIG)
    if not file:
        raise InputError(f"{CONFIG} is not set: it names the file that describes the installation", remedy=_REMEDY)
    values, _ = read_mapping(Path(file))
    try:
        return Installation.model_validate(values)
    except ValidationError as error:
        lines = [f"{file}: {told(each)}" for each in error.errors()]
        raise InputError("\n".join(lines), remedy=_REMEDY) from error


def load_secrets(environment: Mapping[str, str]) -> Secrets:
    """Read the folder.

    Raises:
        InputError: a file is missing or empty.
    """
    folder = Path(environment.get(SECRETS, ""))
    authority = folder / AUTHORITY
    return Secrets(
        master=SecretStr(_read(folder / MASTER)),
        kafka=_administrator(folder, "kafka"),
        redis=_administrator(folder, "redis"),
        postgres=_administrator(folder, "postgres"),
        authority=authority.read_text() if authority.is_file() else None,
    )


def _administrator(folder: Path, store: str) -> Administrator:
    password = SecretStr(_read(folder / f"{store}__password"))
    return Administrator(username=_read(folder / f"{store}__username"), password=password)


def _read(file: Path) -> str:
    try:
        text = file.read_text().strip()
    except OSError as error:
        raise InputError(f"the secret {file} cannot be read: {error.strerror}", remedy=_REMEDY) from error
    if not text:
        raise InputError(f"the secret {file} is empty", remedy=_REMEDY)
    return text


_RESOURCES: Final[Object] = {
    "requests": {"cpu": "50m", "memory": "128Mi"},
    "limits": {"memory": "512Mi"},
}
