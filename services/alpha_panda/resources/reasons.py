"""The reasons that conditions and events give, one word each: programs compare them, so they never change meaning."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

REASON_PATTERN: Final = r"^[A-Z][A-Za-z0-9]*$"
ReasonName = Annotated[str, Field(pattern=REASON_PATTERN, max_length=64)]
"""Not the enum itself: a cluster's definitions may be older than the operator and must take its newer reasons."""


class Reason(StrEnum):
    """Why a condition has its status."""

    AS_ASKED = "AsAsked"
    """All is as the spec says."""
    NOT_NEEDED = "NotNeeded"
    """A Paper Broker needs no credentials and no session."""
    NOT_YET = "NotYet"
    """It was not looked at yet, or something before it has not come so far."""

    INVALID = "Invalid"
    """It breaks a rule that the API server did not hold it to."""
    NAME_TAKEN = "NameTaken"
    """An older resource has the name, in whichever namespace."""
    UNKNOWN_BROKER = "UnknownBroker"
    """It names a Broker that does not exist."""
    LIVE_BROKER = "LiveBroker"
    """Its mode is Paper and the Broker is live."""
    NO_BROKER = "NoBroker"
    """None of its Brokers may trade for it."""
    UNKNOWN_STRATEGY = "UnknownStrategy"
    """No strategy of that name is installed, or its class cannot be loaded."""
    WRONG_PARAMETERS = "WrongParameters"
    """The strategy's own class refuses its `params`."""
    UNKNOWN_INSTRUMENT = "UnknownInstrument"
    """An instrument is not in the instrument table."""
    QUARANTINED = "Quarantined"
    """Its code failed, so its runner calls it no more."""

    SECRET_MISSING = "SecretMissing"  # noqa: S105 # pragma: allowlist secret - a reason
    """The Secret that it names does not exist."""
    SECRET_INCOMPLETE = "SecretIncomplete"  # noqa: S105 # pragma: allowlist secret - a reason
    """The Secret lacks a key, or one is empty."""
    SESSION_EXPIRED = "SessionExpired"
    """The login at the exchange is over; somebody must log in again."""
    ENTRIES_STOPPED = "EntriesStopped"
    """The service that trades at the exchange lets no entry go; the message is its own."""

    KAFKA_UNAVAILABLE = "KafkaUnavailable"
    """Kafka does not answer."""
    REDIS_UNAVAILABLE = "RedisUnavailable"
    """Redis does not answer."""
    POSTGRES_UNAVAILABLE = "PostgresUnavailable"
    """PostgreSQL does not answer."""
    KAFKA_DENIED = "KafkaDenied"
    """Kafka refuses the operator's credentials or does not let it do what it must."""
    REDIS_DENIED = "RedisDenied"
    """Redis likewise."""
    POSTGRES_DENIED = "PostgresDenied"
    """PostgreSQL likewise."""
    TOPIC_WOULD_SHRINK = "TopicWouldShrink"
    """A topic has more partitions than asked for, and Kafka cannot take partitions away."""

    NOT_READY = "NotReady"
    """A service was started and does not serve yet."""
    IMAGE_PULL_FAILED = "ImagePullFailed"
    """An image cannot be fetched."""
    CRASHING = "Crashing"
    """A service ends again and again."""
    APPLY_FAILED = "ApplyFailed"
    """The API server refused an object that the operator wanted."""
    TOO_MANY_DELETIONS = "TooManyDeletions"
    """More than half of what runs would go at once; the operator waits for a person."""

    RUNNING = "Running"
    """It is under way as asked for."""
    PAUSED = "Paused"
    """Its spec says so."""
    STOPPED = "Stopped"
    """Its spec says so."""
    HALTED = "Halted"
    """Somebody halted all trading, the Broker or the Strategy."""
    NOT_HALTED = "NotHalted"
    """Nobody did."""
    MARKET_CLOSED = "MarketClosed"
    """No session is on."""

    WAITING_FOR_MARKET_CLOSE = "WaitingForMarketClose"
    """A change that restarts a service waits until no session is on."""
    WAITING_UNTIL_FLAT = "WaitingUntilFlat"
    """It waits until no position is open."""
    ROLLING_OUT = "RollingOut"
    """It is being made."""
    ROLLOUT_STUCK = "RolloutStuck"
    """The new pods do not serve, and the old are gone; somebody must change the spec."""
    DEADLINE_PASSED = "DeadlinePassed"
    """Its window did not come in time, so it was given up."""
