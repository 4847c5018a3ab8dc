"""What services and Secrets look like: Deployments by the watch, pods and Secrets by asking where that is needed."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from alpha_panda.errors import PandaError
from alpha_panda.resources.broker import BrokerSpec, BrokerType
from alpha_panda.resources.reasons import Reason
from alpha_panda.resources.standing import ExchangeStanding
from alpha_panda.resources.stored import StoredResource
from alpha_panda.topology.graph import ACCOUNT_KEYS
from alpha_panda_operator.cluster.cache import Key
from alpha_panda_operator.cluster.kinds import DEPLOYMENT, POD, SECRET
from alpha_panda_operator.decisions.observed import ServiceSeen, Trouble, seen_service
from alpha_panda_operator.engine.tools import Tools
from alpha_panda_operator.objects.model import OWNER_UID, SERVICE


class Observer:
    """Looks, and changes nothing."""

    def __init__(self, tools: Tools) -> None:
        """Use the connection and the cache."""
        self._api, self._cache, self._facts, self._stores = tools.api, tools.cache, tools.facts, tools.stores
        self._log = structlog.get_logger()

    def services(self, names: Sequence[str], namespace: str) -> tuple[ServiceSeen, ...]:
        """Services by what the watch tells of their Deployments."""
        return tuple(seen_service(name, self._cache.objects.get(self._key(name, namespace))) for name in names)

    async def explained(self, services: Sequence[ServiceSeen], stored: StoredResource) -> tuple[ServiceSeen, ...]:
        """A resource's own services, with what the pods of those that do not serve say."""
        found, namespace = [], stored.namespace or ""
        for each in services:
            deployment = self._cache.objects.get(self._key(each.name, namespace))
            if each.ready or deployment is None:
                found.append(each)
                continue
            pods, _ = await self._api.list(POD, namespace, f"{OWNER_UID}={stored.uid},{SERVICE}={each.name}")
            found.append(seen_service(each.name, deployment, tuple(pods)))
        return tuple(found)

    async def credentials(self, stored: StoredResource) -> Trouble | None:
        """What is wrong with a Broker's Secret."""
        spec = stored.spec
        if not isinstance(spec, BrokerSpec) or spec.credentials_secret_ref is None:
            return None
        name = spec.credentials_secret_ref.name
        secret = await self._api.get(SECRET, stored.namespace or "", name)
        if secret is None:
            message = f"Secret {name} does not exist in namespace {stored.namespace}: make it with the account's keys"
            return Trouble(reason=Reason.SECRET_MISSING, message=message)
        missing = [key for key in ACCOUNT_KEYS if not (secret.get("data") or {}).get(key)]
        if missing:
            message = f"Secret {name} lacks {' and '.join(missing)}: they are the account's app at Kite Connect"
            return Trouble(reason=Reason.SECRET_INCOMPLETE, message=message)
        return None

    async def standing(self, stored: StoredResource) -> ExchangeStanding | None:
        """How a Broker at Zerodha stands; None for others, and where nobody can tell now."""
        spec = stored.spec
        if not isinstance(spec, BrokerSpec) or spec.type is not BrokerType.ZERODHA:
            return None
        try:
            return await self._stores.standing(stored.name)
        except PandaError as error:
            self._log.warning("a login is not known", broker=stored.name, reason=str(error))
            return None

    def has_children(self, uid: str) -> bool:
        """Whether the watch has told of a service of this owner."""
        return any(
            (each["metadata"].get("labels") or {}).get(OWNER_UID) == uid
            for key, each in self._cache.objects.items()
            if key[0] == DEPLOYMENT.kind
        )

    def _key(self, service: str, namespace: str) -> Key:
        return (DEPLOYMENT.kind, namespace, f"{self._facts.installation.name}-{service.replace('.', '-')}")
