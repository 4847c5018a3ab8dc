"""What a check says: its verdict on one thing, and the remedy where there is something to do."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Level(StrEnum):
    """How bad it is; only FAILED makes the command fail."""

    OK = "ok"
    INFO = "info"
    SKIPPED = "skipped"
    WARNING = "warning"
    FAILED = "failed"


class Check(StrEnum):
    """Every check; `docs/troubleshooting.md` has a row for each."""

    SUPERVISOR = "supervisor"
    SERVICES = "services"
    CONFLICTS = "conflicts"
    QUARANTINE = "quarantine"
    LAG = "lag"
    PIPELINE = "pipeline"
    KAFKA = "kafka"
    REDIS = "redis"
    POSTGRES = "postgres"
    SESSION = "session"
    TRADING = "trading"
    STATIC_IP = "static-ip"
    CREDENTIALS = "credentials"
    TOPICS = "topics"
    KAFKA_RIGHTS = "kafka-rights"
    REDIS_USERS = "redis-users"
    POSTGRES_ROLES = "postgres-roles"
    POSTGRES_RIGHTS = "postgres-rights"
    SCHEMA = "schema"
    DEAD_LETTERS = "dead-letters"
    CLOCK = "clock"
    CLOCK_SKEW = "clock-skew"
    CALENDAR = "calendar"
    DISK = "disk"
    MEMORY = "memory"
    PORTS = "ports"
    VERSIONS = "versions"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the report."""

    check: Check
    level: Level
    message: str
    remedy: str = ""


def fine(check: Check, message: str) -> Finding:
    """All is well."""
    return Finding(check=check, level=Level.OK, message=message)


def failed(check: Check, message: str, remedy: str) -> Finding:
    """Something does not work, or will not."""
    return Finding(check=check, level=Level.FAILED, message=message, remedy=remedy)


def warning(check: Check, message: str, remedy: str) -> Finding:
    """It works, and somebody should look."""
    return Finding(check=check, level=Level.WARNING, message=message, remedy=remedy)


def skipped(check: Check, why: str) -> Finding:
    """It could not be looked at."""
    return Finding(check=check, level=Level.SKIPPED, message=f"skipped: {why}")
