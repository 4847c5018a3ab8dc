"""What a resource is told: its status, and events about what has become another."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from pydantic import ValidationError

from alpha_panda.errors import PandaError
from alpha_panda.resources.status import BrokerStatus, ResourceStatus, StrategyStatus
from alpha_panda_operator.cluster.api import ApiServer, RefusedError
from alpha_panda_operator.cluster.cache import Cache
from alpha_panda_operator.cluster.kinds import BROKER, EVENT, kind_named
from alpha_panda_operator.decisions.announcements import Announcement, announcements
from alpha_panda_operator.decisions.statuses import written
from alpha_panda_operator.metrics import OperatorMetrics
from alpha_panda_operator.objects.model import MANAGER, Manifest

_NOT_FOUND: Final = 404


class Teller:
    """Writes statuses and events as one process."""

    def __init__(self, api: ApiServer, cache: Cache, metrics: OperatorMetrics, identity: str) -> None:
        """Use the connection."""
        self._api, self._cache, self._metrics, self._identity = api, cache, metrics, identity
        self._log = structlog.get_logger()

    async def tell(self, found: Manifest, status: ResourceStatus) -> None:
        """Put the status in place if it is another, and tell of what has become another; a gone resource is let go."""
        before = status_of(found)
        wanted = written(status)
        if not _differs(found.get("status") or {}, wanted):
            return
        kind, metadata = kind_named(found["kind"]), found["metadata"]
        try:
            change = {"metadata": {"uid": metadata["uid"]}, "status": wanted}
            stored = await self._api.patch(kind, metadata["namespace"], metadata["name"], change, "status")
        except RefusedError as error:
            if error.status == _NOT_FOUND:
                return
            raise
        self._metrics.statuses.inc()
        self._cache.see(stored)
        lost = {name for name, value in wanted.items() if value is not None} - set(stored.get("status") or {})
        if lost:
            self._log.error(
                "the cluster's definitions are older than this operator: they keep no status fields of these names",
                fields=sorted(lost),
                remedy="upgrade the chart's CRDs",
            )
        for each in announcements(before.conditions, status.conditions):
            await self.announce(found, each)

    async def announce(self, found: Manifest, said: Announcement) -> None:
        """Tell an event; one that cannot be told is logged and let go."""
        metadata = found["metadata"]
        made = {
            "apiVersion": EVENT.api_version,
            "kind": EVENT.kind,
            "metadata": {"name": f"{metadata['name']}.{secrets.token_hex(8)}", "namespace": metadata["namespace"]},
            "type": "Warning" if said.warning else "Normal",
            "reason": said.reason,
            "action": said.action,
            "note": said.note,
            "regarding": {
                "apiVersion": found["apiVersion"],
                "kind": found["kind"],
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "uid": metadata["uid"],
                "resourceVersion": metadata.get("resourceVersion", ""),
            },
            "eventTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "reportingController": f"alphapanda.io/{MANAGER}",
            "reportingInstance": self._identity[:128],
        }
        try:
            await self._api.create(EVENT, metadata["namespace"], made)
        except PandaError as error:
            self._log.warning(
                "an event was not told", reason=str(error), about=metadata["name"], event_reason=said.reason
            )


def status_of(found: Manifest) -> BrokerStatus | StrategyStatus:
    """What its status says; of one that no version of ours wrote, nothing."""
    model = BrokerStatus if found["kind"] == BROKER.kind else StrategyStatus
    try:
        return model.model_validate(found.get("status") or {})
    except ValidationError:
        return model()


def _differs(live: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return any(live.get(name) != value for name, value in wanted.items())
