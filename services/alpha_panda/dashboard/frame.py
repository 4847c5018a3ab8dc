"""What all pages share: the templates, which Broker they are about, and how it stands."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import Any, Final

import msgspec
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.exceptions import HTTPException

from alpha_panda.api.control_view import BrokerView
from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.models import Halt
from alpha_panda.api.portfolios import halts_of
from alpha_panda.api.problems import Problem, problem_of
from alpha_panda.api.security.principal import Principal, Role
from alpha_panda.dashboard.wording import teach
from alpha_panda.domain.standing import Standing
from alpha_panda.errors import PandaError

STATIC: Final = files("alpha_panda.dashboard") / "static"
PLATFORM_PAGES: Final[tuple[tuple[str, str], ...]] = (
    ("alerts", "Alerts"),
    ("services", "Services and feed"),
    ("logs", "Logs"),
    ("settings", "Settings"),
)
"""Pages about the platform: the end of their address and their name."""
_WHOLE: Final = "all"


class Stand(msgspec.Struct, frozen=True, kw_only=True):
    """How an account stands, for the band at the top of each page."""

    broker: BrokerView
    halts: list[Halt]
    standing: Standing | None

    @property
    def halted(self) -> bool:
        """Whether no strategy of the account may take new risk."""
        return any(halt.source in {_WHOLE, "broker", "resource"} for halt in self.halts)

    @property
    def word(self) -> str:
        """One word for it."""
        if self.halted:
            return "Halted"
        return "Not seen yet" if self.standing is None else self.standing.state.value


class Frame:
    """Renders pages."""

    def __init__(self, dependencies: Dependencies) -> None:
        """Load the templates of the package."""
        self._dependencies = dependencies
        self._environment = Environment(
            loader=PackageLoader("alpha_panda.dashboard"),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        teach(self._environment)
        self._environment.globals["asset"] = asset
        self.route_class = _route_class(self)
        """Of routes whose errors are pages too."""

    def page(
        self,
        request: Request,
        name: str,
        stand: Stand | None,
        status: int = HTTPStatus.OK,
        **context: Any,  # noqa: ANN401 - what the template shows
    ) -> HTMLResponse:
        """A page that shows `context`; `stand` is of the Broker that it is about, None for a page about none."""
        control = self._dependencies.control
        who: Principal | None = request.scope.get("principal")
        text = self._environment.get_template(f"{name}.html").render(
            page=name,
            path=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
            principal=who,
            may_trade=who is not None and who.may(Role.TRADER),
            stand=stand,
            brokers=control.brokers,
            strategies=control.strategies,
            platform_pages=PLATFORM_PAGES,
            **context,
        )
        return HTMLResponse(text, status)

    def problem(self, request: Request, error: Exception) -> HTMLResponse:
        """What went wrong, as a page; its answer is no cache's business and has the status of the API's."""
        if isinstance(error, HTTPException):
            status, detail = error.status_code, str(error.detail)
        elif isinstance(error, PandaError):
            told = problem_of(error, request.url.path)
            status, detail = told.status_code, Problem.model_validate_json(bytes(told.body)).detail
        else:
            status, detail = HTTPStatus.NOT_FOUND, "there is no page at this address"
        return self.page(request, "problem", None, status, title=HTTPStatus(status).phrase, detail=detail)

    async def stand(self, broker: str) -> Stand:
        """How a Broker stands; raises HTTPException (404) or TransientError."""
        view = self._dependencies.require_broker(broker)
        row = await self._dependencies.queries.standing(broker)
        found = None if row is None else msgspec.convert(row["data"], Standing)
        return Stand(broker=view, halts=halts_of(self._dependencies, view), standing=found)


def _route_class(frame: Frame) -> type[APIRoute]:
    class PageRoute(APIRoute):
        """A route whose errors are told on a page, not as a problem document."""

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handler = super().get_route_handler()

            async def answer(request: Request) -> Response:
                try:
                    return await handler(request)
                except (HTTPException, RequestValidationError, PandaError) as error:
                    return frame.problem(request, error)

            return answer

    return PageRoute


@cache
def asset(path: str) -> str:
    """The address of a file of ours, which changes with the file, so that browsers may keep it for good."""
    digest = hashlib.sha256(STATIC.joinpath(path).read_bytes()).hexdigest()[:12]
    return f"/static/{path}?v={digest}"
