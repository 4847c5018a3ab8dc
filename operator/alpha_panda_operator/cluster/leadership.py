"""One operator works and the others stand by: whoever holds the Lease, renews it, and gives it back when it ends.

A holder that cannot renew in time ends its process, since by then another one may hold it. Times are this process' own
monotonic ones: a Lease is over when it has not changed for its duration while being watched, whatever clocks say.
"""

from __future__ import annotations

import asyncio
import random
import time
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from alpha_panda.errors import PandaError, UnavailableError
from alpha_panda_operator.cluster.api import ApiServer, ConflictError
from alpha_panda_operator.cluster.kinds import LEASE
from alpha_panda_operator.objects.model import Manifest

_RENEWALS: Final = 3
"""In the duration of a Lease, so that two may fail."""
_JITTER: Final = 0.2


class LeadershipLostError(PandaError):
    """This process may no longer act."""


class Leadership:
    """The Lease of an installation, as seen by one process."""

    def __init__(self, api: ApiServer, namespace: str, name: str, identity: str, seconds: float) -> None:
        """Nothing is asked yet."""
        self._api = api
        self._namespace, self._name, self._identity, self._seconds = namespace, name, identity, seconds
        self._seen: tuple[str, float] = ("", 0.0)
        self._renewed = 0.0
        self._holder = ""
        self._log = structlog.get_logger()

    @property
    def pause(self) -> float:
        """Between two renewals."""
        return self._seconds / (_RENEWALS + 1)

    async def acquire(self) -> None:
        """Wait until it is this process' own."""
        while True:
            if await self._try():
                break
            await asyncio.sleep(self.pause * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311 - no secret
        self._log.info("this operator leads", lease=self._name, identity=self._identity)

    async def keep(self) -> None:
        """Renew it for ever; raises LeadershipLostError once it is, or may be, another's."""
        while True:
            await asyncio.sleep(self.pause)
            if not await self._try() and self._holder not in ("", self._identity):
                raise LeadershipLostError(f"another operator holds the lease {self._name}")
            if time.monotonic() - self._renewed > self._seconds - self.pause:
                raise LeadershipLostError(f"the lease {self._name} could not be renewed for {self._seconds:g} s")

    def require(self) -> None:
        """Raise LeadershipLostError where the lease is over, as after a long stop of the whole process.

        `keep` finds that out too, but only when its turn comes; whoever writes asks here first.
        """
        age = time.monotonic() - self._renewed
        if age > self._seconds:
            raise LeadershipLostError(f"the lease {self._name} was last renewed {age:.0f} s ago: another may hold it")

    async def release(self) -> None:
        """Give it back, so that the next one need not wait for its end."""
        try:
            lease = await self._api.get(LEASE, self._namespace, self._name)
            if lease is None or lease["spec"].get("holderIdentity") != self._identity:
                return
            await self._api.replace(LEASE, self._namespace, self._name, self._filled(lease, holder="", seconds=1))
        except PandaError as error:
            self._log.warning("the lease was not given back; the next operator waits for its end", reason=str(error))

    async def _try(self) -> bool:
        """Take or renew it; False where it is another's, or nobody can tell."""
        try:
            lease = await self._api.get(LEASE, self._namespace, self._name)
            began = time.monotonic()
            if lease is None:
                made = self._filled({"metadata": {"name": self._name, "namespace": self._namespace}, "spec": {}})
                await self._api.create(LEASE, self._namespace, made)
            elif self._may_take(lease):
                await self._api.replace(LEASE, self._namespace, self._name, self._filled(lease))
            else:
                return False
        except ConflictError:
            return False
        except UnavailableError as error:
            self._log.warning("the lease cannot be reached", reason=str(error))
            return False
        self._renewed = began
        return True

    def _may_take(self, lease: Manifest) -> bool:
        spec = lease["spec"]
        version, now = str(lease["metadata"]["resourceVersion"]), time.monotonic()
        if self._seen[0] != version:
            self._seen = (version, now)
        self._holder = spec.get("holderIdentity") or ""
        if self._holder in ("", self._identity):
            return True
        return now - self._seen[1] > float(spec.get("leaseDurationSeconds") or self._seconds)

    def _filled(self, lease: Manifest, *, holder: str | None = None, seconds: int | None = None) -> Manifest:
        before: dict[str, Any] = lease["spec"]
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        mine = self._identity if holder is None else holder
        changed = before.get("holderIdentity") != mine
        spec = {
            **before,
            "holderIdentity": mine,
            "leaseDurationSeconds": seconds or max(1, round(self._seconds)),
            "renewTime": now,
            "acquireTime": now if changed else before.get("acquireTime", now),
            "leaseTransitions": int(before.get("leaseTransitions") or 0) + int(changed and bool(mine)),
        }
        return {"apiVersion": LEASE.api_version, "kind": LEASE.kind, "metadata": lease["metadata"], "spec": spec}
