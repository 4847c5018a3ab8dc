"""Verdicts on the stores: do they answer, do they let every service in, are they what the plan says. Pure."""

from __future__ import annotations

import msgspec

from alpha_panda.local.doctor.findings import Check, Finding, Level, failed, fine

_SHOWN = 5
"""Differences that are listed; the rest are counted."""
STORES = {"kafka": Check.KAFKA, "redis": Check.REDIS, "postgres": Check.POSTGRES}
_REMEDIES = {
    Check.CREDENTIALS: "`panda down` and `panda up` write users and secret files anew; keep secrets/ of the run",
    Check.TOPICS: "`panda up` makes and configures topics; a number of partitions changes with --again only",
    Check.KAFKA_RIGHTS: "`panda up` gives and takes the rights anew",
    Check.REDIS_USERS: "`panda up` writes the users anew",
    Check.POSTGRES_ROLES: "`panda up` makes the roles anew",
    Check.POSTGRES_RIGHTS: "`panda up` gives and takes the rights anew",
    Check.SCHEMA: "`panda up` runs migrations that have not run; one that was changed must be put back as it was",
}


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A store that was asked: its version, or why it did not answer and what helps."""

    store: str
    version: str | None
    error: str = ""
    remedy: str = ""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """How a part of a store differs from the plan; `error` where that could not be found out by fault of that part."""

    check: Check
    examined: str
    differences: tuple[str, ...] = ()
    error: str = ""
    remedy: str = ""


def judge_answer(answer: Answer) -> Finding:
    """The administrator is let in and served."""
    check = STORES[answer.store]
    if answer.version is None:
        return failed(check, answer.error, answer.remedy or f"see `panda logs {answer.store}`")
    return fine(check, f"answers ({answer.version})")


def judge_comparison(comparison: Comparison) -> Finding:
    """There is no difference."""
    check = comparison.check
    if comparison.error:
        return failed(check, comparison.error, comparison.remedy or _REMEDIES[check])
    if not comparison.differences:
        return fine(check, comparison.examined)
    shown = "; ".join(comparison.differences[:_SHOWN])
    more = len(comparison.differences) - _SHOWN
    return failed(check, shown + (f"; and {more} more" if more > 0 else ""), _REMEDIES[check])


COMPARED = {
    "kafka": (Check.TOPICS, Check.KAFKA_RIGHTS),
    "redis": (Check.REDIS_USERS,),
    "postgres": (Check.POSTGRES_ROLES, Check.SCHEMA, Check.POSTGRES_RIGHTS),
}


def tell_versions(versions: dict[str, str]) -> Finding:
    """What is in use, for whoever is asked for help."""
    told = ", ".join(f"{name} {version}" for name, version in versions.items())
    return Finding(check=Check.VERSIONS, level=Level.INFO, message=told)
