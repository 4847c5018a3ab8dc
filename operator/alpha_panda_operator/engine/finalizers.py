"""Brokers whose data goes with them (`deletionPolicy: Delete`): the only deletion that waits for the operator.

It waits no longer than a limit: a namespace whose stores are gone for good must end, too.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import structlog

from alpha_panda.errors import PandaError, UnavailableError
from alpha_panda.resources.common import GROUP, DeletionPolicy
from alpha_panda.resources.stored import StoredResource
from alpha_panda_operator.cluster.kinds import BROKER, POD, kind_named
from alpha_panda_operator.decisions.announcements import Announcement
from alpha_panda_operator.engine.tools import Tools
from alpha_panda_operator.objects.model import OWNER_UID, Manifest, Owner

FINALIZER: Final = f"{GROUP}/delete-data"


class Finalizers:
    """Puts the finalizer where it belongs, and lets go of it once the data is gone."""

    def __init__(self, tools: Tools) -> None:
        """Nothing is done yet."""
        self._tools = tools
        self._log = structlog.get_logger()

    async def keep(self, found: Manifest, stored: StoredResource) -> None:
        """The finalizer is there exactly while the Broker's data is to go with it."""
        wanted = found["kind"] == BROKER.kind and stored.spec.deletion_policy is DeletionPolicy.DELETE
        present = self.is_on(found)
        if wanted != present:
            await self._put(found, present=wanted)

    @staticmethod
    def is_on(found: Manifest) -> bool:
        """Whether the deletion of this resource waits for us."""
        return FINALIZER in found["metadata"].get("finalizers", ())

    async def finish(self, found: Manifest) -> None:
        """Stop what runs for a resource that is being deleted, delete its data, let it go.

        Raises:
            PandaError: something could not be done yet; it is tried again, until the limit.
        """
        metadata = found["metadata"]
        try:
            await self._stop(found)
            made = await self._tools.stores.delete_broker(metadata["name"])
            self._log.info("a Broker's data was deleted", broker=metadata["name"], changes=len(made))
        except PandaError as error:
            waited = (datetime.now(UTC) - datetime.fromisoformat(metadata["deletionTimestamp"])).total_seconds()
            if waited < self._tools.facts.installation.timing.give_up_deletion:
                raise
            note = f"its data could not be deleted within {waited:.0f} s and stays: {error}"
            said = Announcement(warning=True, reason="DataOrphaned", action="Deleted", note=note[:1000])
            await self._tools.teller.announce(found, said)
        await self._put(found, present=False)

    async def _stop(self, found: Manifest) -> None:
        metadata = found["metadata"]
        owner = Owner(
            api_version=found["apiVersion"],
            kind=found["kind"],
            namespace=metadata["namespace"],
            name=metadata["name"],
            uid=metadata["uid"],
        )
        live = await self._tools.children.find(owner, ())
        await self._tools.children.prune(owner, (), live, explained=True)
        pods, _ = await self._tools.api.list(POD, owner.namespace, f"{OWNER_UID}={owner.uid}")
        if pods:
            raise UnavailableError(f"{len(pods)} pods of {owner.kind} {owner.name} have not ended yet")

    async def _put(self, found: Manifest, *, present: bool) -> None:
        """Change the list of exactly this version, so that nobody else's finalizer is lost."""
        metadata = found["metadata"]
        others = [each for each in metadata.get("finalizers", ()) if each != FINALIZER]
        change = {
            "metadata": {
                "resourceVersion": metadata["resourceVersion"],
                "finalizers": [*others, FINALIZER] if present else others,
            }
        }
        kind = kind_named(found["kind"])
        stored = await self._tools.api.patch(kind, metadata["namespace"], metadata["name"], change)
        if "deletionTimestamp" not in metadata or stored["metadata"].get("finalizers"):
            self._tools.cache.see(stored)
