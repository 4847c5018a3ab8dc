"""The API server as the operator uses it: read, apply, patch a status, delete exactly one, create.

The client is kubernetes_asyncio: it applies on the server's side, deletes with preconditions, renews tokens, and Kopf
logs in through it too, so that there is one way to credentials. What it raises becomes an error of ours here.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
from kubernetes_asyncio import client, config
from kubernetes_asyncio.client.exceptions import ApiException

from alpha_panda.errors import PandaError, UnavailableError
from alpha_panda_operator.cluster.kinds import LEASE, Kind, kind_named
from alpha_panda_operator.objects.model import MANAGER, Manifest

ANSWER_SECONDS: Final = 20.0
_NOT_FOUND, _CONFLICT, _SERVER_FAULT, _TOO_MANY = 404, 409, 500, 429
_PAGE: Final = 500
APPLY: Final = "application/apply-patch+yaml"
MERGE: Final = "application/merge-patch+json"
JSON: Final = "application/json"


class RefusedError(PandaError):
    """The API server does not do what it was asked, and will not, until somebody changes something."""

    def __init__(self, message: str, status: int) -> None:
        """Keep the HTTP status beside the message."""
        super().__init__(message)
        self.status = status


class ConflictError(RefusedError):
    """What was to be changed has changed meanwhile, or exists already."""


class SilentError(UnavailableError):
    """The API server does not answer, or is not well; it may be, later."""


class ApiServer:
    """An open connection; made by `open_api_server`."""

    def __init__(self, api: client.ApiClient) -> None:
        """Use the connection, which the caller closes."""
        self._api = api
        self.require_lead: Callable[[], None] = lambda: None
        """Raises where this process may not write any more; asked before each write but those of leases."""

    async def get(self, kind: Kind, namespace: str, name: str) -> Manifest | None:
        """The object; None where there is none."""
        try:
            return await self._ask("GET", kind.path(namespace, name))
        except RefusedError as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    async def list(self, kind: Kind, namespace: str, labels: str = "") -> tuple[list[Manifest], str]:
        """The objects of a namespace, and the version of the list. A list's items do not say what they are."""
        found: list[Manifest] = []
        query = {"limit": str(_PAGE), **({"labelSelector": labels} if labels else {})}
        while True:
            page = await self._ask("GET", kind.path(namespace), query=query)
            found += [{"apiVersion": kind.api_version, "kind": kind.kind, **item} for item in page["items"]]
            if not (more := page["metadata"].get("continue")):
                return found, str(page["metadata"]["resourceVersion"])
            query["continue"] = more

    async def apply(self, wanted: Manifest) -> Manifest:
        """Make the object what is wanted, whoever else has set these fields; fields of others stay."""
        metadata = wanted["metadata"]
        path = kind_named(wanted["kind"]).path(metadata["namespace"], metadata["name"])
        return await self._ask("PATCH", path, wanted, APPLY, {"fieldManager": MANAGER, "force": "true"})

    async def patch(self, kind: Kind, namespace: str, name: str, change: Manifest, part: str | None = None) -> Manifest:
        """Merge the change into the object or a part of it."""
        return await self._ask("PATCH", kind.path(namespace, name, part), change, MERGE, {"fieldManager": MANAGER})

    async def create(self, kind: Kind, namespace: str, made: Manifest) -> Manifest:
        """Create it; raises ConflictError where it exists."""
        return await self._ask("POST", kind.path(namespace), made, JSON, {"fieldManager": MANAGER})

    async def replace(self, kind: Kind, namespace: str, name: str, made: Manifest) -> Manifest:
        """Replace it; raises ConflictError where it is no longer of the version in `made`."""
        return await self._ask("PUT", kind.path(namespace, name), made, JSON, {"fieldManager": MANAGER})

    async def delete(self, kind: Kind, namespace: str, name: str, uid: str) -> bool:
        """Delete this very object and no other of its name; False where it is gone already."""
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}}
        try:
            await self._ask("DELETE", kind.path(namespace, name), {**body, "propagationPolicy": "Background"}, JSON)
        except RefusedError as error:
            if error.status in (_NOT_FOUND, _CONFLICT):
                return False
            raise
        return True

    async def published(self, api_version: str) -> dict[str, Any]:
        """What the server tells anybody about the kinds of a version: OpenAPI's schemas by their names."""
        try:
            found = await self._ask("GET", f"/openapi/v3/apis/{api_version}")
        except RefusedError as error:
            if error.status == _NOT_FOUND:
                return {}
            raise
        return dict(found["components"]["schemas"])

    async def knows(self, kind: Kind) -> bool:
        """Whether the server has the kind at all."""
        try:
            found = await self._ask("GET", f"/apis/{kind.api_version}")
        except RefusedError as error:
            if error.status == _NOT_FOUND:
                return False
            raise
        return any(each["name"] == kind.plural for each in found["resources"])

    async def _ask(
        self,
        method: str,
        path: str,
        body: Manifest | None = None,
        content: str = JSON,
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        if method != "GET" and f"/{LEASE.plural}" not in path:
            self.require_lead()
        headers = {"Accept": JSON, "Content-Type": content}
        try:
            answer = await self._api.call_api(
                *(path, method, {}, list((query or {}).items()), headers),
                body=body,
                auth_settings=["BearerToken"],
                _preload_content=False,
                _return_http_data_only=True,
                _request_timeout=ANSWER_SECONDS,
            )
            async with answer:
                text = await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SilentError(f"{method} {path}: the API server does not answer: {error or 'timed out'}") from error
        except ApiException as error:
            raise _refused(method, path, error.status, str(error.reason).encode()) from error
        if not answer.ok:
            raise _refused(method, path, answer.status, text)
        return _decoded(method, path, text)


def _decoded(method: str, path: str, text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise SilentError(f"{method} {path}: the API server answers no JSON: {text[:200]!r}") from error
    if not isinstance(found, dict):
        raise SilentError(f"{method} {path}: the API server answers no object: {text[:200]!r}")
    return found


def _refused(method: str, path: str, status: int, text: bytes) -> PandaError:
    try:
        said = str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        said = text[:500].decode(errors="replace")
    message = f"{method} {path}: {status}: {said}"
    if status >= _SERVER_FAULT or status == _TOO_MANY:
        return SilentError(message)
    if status == _CONFLICT:
        return ConflictError(message, status)
    return RefusedError(message, status)


@asynccontextmanager
async def open_api_server() -> AsyncIterator[ApiServer]:
    """The API server of this pod, or that of the kubeconfig.

    Raises:
        UnavailableError: there is neither.
    """
    configuration = client.Configuration()
    try:
        if "KUBERNETES_SERVICE_HOST" in os.environ:
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        else:
            await config.load_kube_config(client_configuration=configuration)
    except config.ConfigException as error:
        raise UnavailableError(
            f"no way to an API server: {error}", remedy="run it in a pod, or set KUBECONFIG to a file that exists"
        ) from error
    async with client.ApiClient(configuration) as api:
        yield ApiServer(api)
