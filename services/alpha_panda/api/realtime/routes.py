"""`/api/v1/events`: what happens, as server-sent events; a client that comes back names the last one that it has."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import StreamingResponse

from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.problems import documented
from alpha_panda.api.realtime.hub import Listener
from alpha_panda.api.security.policies import needs
from alpha_panda.api.security.principal import Role
from alpha_panda.errors import PandaError

_BEAT_SECONDS: Final = 2.0
"""After so long without news a comment is sent, and whoever may not listen any more is let go."""
_EXAMPLE: Final = 'event: fill\ndata: {"broker": "paper", "strategy": "momentum"}\nid: 5f0c2a11-17\n\n'

Kinds = Annotated[tuple[str, ...], Query(alias="kind", max_length=20, description="Only these kinds; all without it.")]
OfBroker = Annotated[str | None, Query(description="Only of this Broker, and what is about none.")]
LastId = Annotated[str | None, Header(alias="Last-Event-ID", max_length=64, description="The last one that arrived.")]


def realtime_routes(dependencies: Dependencies) -> APIRouter:
    """The stream."""
    router = APIRouter(prefix="/api/v1", tags=["realtime"])
    shown: dict[int | str, dict[str, Any]] = {
        200: {"description": "Server-sent events", "content": {"text/event-stream": {"example": _EXAMPLE}}}
    }

    @router.get("/events", response_class=StreamingResponse, responses={**shown, **documented(404, 422)})
    @needs(Role.VIEWER)
    async def stream_events(
        request: Request,
        kind: Kinds = (),
        broker: OfBroker = None,
        last_event_id: LastId = None,
    ) -> StreamingResponse:
        """What happens from now on, or from after the last one that arrived.

        Kinds: portfolio, order, fill, signal, control, halts, alert; reset says that something was missed.
        """
        if broker is not None:
            dependencies.require_broker(broker)
        chosen = frozenset(kind) or None

        async def told() -> AsyncIterator[bytes]:
            with dependencies.hub.listen(last_event_id, chosen, broker) as listener:
                yield b": listening\nretry: 1000\n\n"
                async for part in _while_allowed(dependencies, request, listener):
                    yield part

        return StreamingResponse(
            told(), media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )

    return router


async def _while_allowed(dependencies: Dependencies, request: Request, listener: Listener) -> AsyncIterator[bytes]:
    """Until the session ends, is revoked, or the client does not keep up."""
    loop_time = dependencies.monotonic
    asked = loop_time()
    async for part in dependencies.hub.stream(listener, _BEAT_SECONDS):
        yield part
        if loop_time() - asked >= _BEAT_SECONDS:
            asked = loop_time()
            try:
                await dependencies.doorkeeper.identify(request)
            except PandaError:
                return
