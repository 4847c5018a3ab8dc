"""Errors as RFC 9457 problem documents: one shape for all, and nothing of the inside in any."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from alpha_panda.api.security.errors import NotAllowedError, NotSignedInError, TooOftenError
from alpha_panda.errors import InputError, PandaError, UnavailableError

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """What went wrong with a request."""

    type: str = Field("about:blank", description="A URI for the kind of problem; about:blank: the status says it.")
    title: str = Field(description="The status in words.", examples=["Not Found"])
    status: int = Field(description="The HTTP status.", examples=[404])
    detail: str = Field(description="What happened and what to do.", examples=["no broker 'live'; known: paper"])


def problem_response(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """A problem as a response."""
    body = Problem(type="about:blank", title=HTTPStatus(status).phrase, status=status, detail=detail)
    return JSONResponse(body.model_dump(), status, headers=headers, media_type=MEDIA_TYPE)


def problem_of(error: PandaError, path: str) -> JSONResponse:
    """An error of ours as a response."""
    said = str(error) if error.remedy is None else f"{error}; {error.remedy}"
    match error:
        case NotSignedInError():
            return problem_response(HTTPStatus.UNAUTHORIZED, said, {"WWW-Authenticate": "Bearer"})
        case NotAllowedError():
            return problem_response(HTTPStatus.FORBIDDEN, said)
        case TooOftenError():
            return problem_response(HTTPStatus.TOO_MANY_REQUESTS, said, {"Retry-After": str(error.seconds)})
        case InputError():
            return problem_response(HTTPStatus.UNPROCESSABLE_ENTITY, said)
        case UnavailableError():
            return problem_response(HTTPStatus.SERVICE_UNAVAILABLE, str(error), {"Retry-After": "1"})
    structlog.get_logger().error("request failed", path=path, reason=str(error))
    return problem_response(HTTPStatus.SERVICE_UNAVAILABLE, "a store refused this service; see its log")


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These statuses as OpenAPI's `responses`."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def handle_problems(app: FastAPI) -> None:
    """Make every error of the application a problem document."""

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        return problem_response(error.status_code, str(error.detail), dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def _validation(_: Request, error: RequestValidationError) -> JSONResponse:
        lines = [f"{'.'.join(map(str, each['loc']))}: {each['input']!r}: {each['msg']}" for each in error.errors()]
        return problem_response(HTTPStatus.UNPROCESSABLE_ENTITY, "; ".join(lines))

    @app.exception_handler(PandaError)
    async def _refused(request: Request, error: PandaError) -> JSONResponse:
        return problem_of(error, request.url.path)

    @app.exception_handler(Exception)
    async def _fault(request: Request, error: Exception) -> JSONResponse:
        structlog.get_logger().error("request failed by a fault", path=request.url.path, exc_info=error)
        return problem_response(HTTPStatus.INTERNAL_SERVER_ERROR, "a fault of the service; its log has the cause")
