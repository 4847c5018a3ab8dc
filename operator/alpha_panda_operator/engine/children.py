"""The objects of one owner at the API server: found, applied where they differ, deleted where nobody wants them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from alpha_panda.resources.reasons import Reason
from alpha_panda_operator.cluster.api import ApiServer, RefusedError
from alpha_panda_operator.cluster.cache import Key, key_of
from alpha_panda_operator.cluster.kinds import LISTED, POD_MONITOR, SECRET, SERVICE_ACCOUNT, kind_named
from alpha_panda_operator.decisions.drift import is_as_applied
from alpha_panda_operator.decisions.observed import Trouble
from alpha_panda_operator.decisions.pruning import decide_pruning
from alpha_panda_operator.objects.model import OWNER_UID, Manifest, Owner


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was sent, and what could not be done."""

    applied: int = 0
    deleted: int = 0
    trouble: Trouble | None = None


class Children:
    """Finds, applies and deletes; `monitors` tells whether the cluster knows PodMonitors."""

    def __init__(self, api: ApiServer, *, monitors: bool) -> None:
        """Use the connection."""
        self._api = api
        self._kinds = tuple(kind for kind in LISTED if monitors or kind is not POD_MONITOR)

    async def find(self, owner: Owner, wanted: Sequence[Manifest]) -> dict[Key, Manifest]:
        """All that belongs to the owner, and whatever else has the names that are wanted.

        Secrets are asked for by name only: those that are wanted, and those beside a ServiceAccount of the owner.
        """
        live: dict[Key, Manifest] = {}
        for kind in self._kinds:
            found, _ = await self._api.list(kind, owner.namespace, f"{OWNER_UID}={owner.uid}")
            live |= {key_of(each): each for each in found}
        names = {each["metadata"]["name"] for each in live.values() if each["kind"] == SERVICE_ACCOUNT.kind}
        keys = {key_of(each) for each in wanted} | {(SECRET.kind, owner.namespace, name) for name in names}
        for key in sorted(keys - set(live)):
            one = await self._api.get(kind_named(key[0]), key[1], key[2])
            if one is not None:
                live[key] = {"apiVersion": kind_named(key[0]).api_version, "kind": key[0], **one}
        return live

    async def apply(self, owner: Owner, wanted: Iterable[Manifest], live: dict[Key, Manifest]) -> Outcome:
        """Apply in order what is not as it should be; what belongs to others is never taken over."""
        sent = 0
        for each in wanted:
            known = live.get(key_of(each))
            if known is not None and _owner_uid(known) != owner.uid:
                message = f"{each['kind']} {each['metadata']['name']} exists and is not ours: delete or rename it"
                return Outcome(applied=sent, trouble=Trouble(reason=Reason.APPLY_FAILED, message=message))
            if is_as_applied(known, each):
                continue
            try:
                live[key_of(each)] = await self._api.apply(each)
            except RefusedError as error:
                return Outcome(applied=sent, trouble=Trouble(reason=Reason.APPLY_FAILED, message=str(error)))
            sent += 1
        return Outcome(applied=sent)

    async def prune(
        self, owner: Owner, wanted: Iterable[Manifest], live: dict[Key, Manifest], *, explained: bool
    ) -> Outcome:
        """Delete what is not wanted any more: pods first, what they are told and who they are last."""
        order = {kind.kind: index for index, kind in enumerate((*LISTED[:-1], SECRET, SERVICE_ACCOUNT))}
        mine = sorted(live.values(), key=lambda each: (order[each["kind"]], each["metadata"]["name"]))
        verdict = decide_pruning(owner, mine, wanted, explained=explained)
        if verdict.refusal:
            return Outcome(trouble=Trouble(reason=Reason.TOO_MANY_DELETIONS, message=verdict.refusal))
        gone = 0
        for each in verdict.surplus:
            metadata = each["metadata"]
            deleted = await self._api.delete(
                kind_named(each["kind"]), metadata["namespace"], metadata["name"], metadata["uid"]
            )
            gone += deleted
        return Outcome(deleted=gone)


def _owner_uid(found: Manifest) -> str | None:
    value = (found["metadata"].get("labels") or {}).get(OWNER_UID)
    return str(value) if value is not None else None
