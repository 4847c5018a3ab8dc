"""The `panda` command as a client of the API: where it is, who asks, and what its answers mean for a person.

On one machine the data directory says where the API is, and the machine's token is there for whoever may read it.
Everywhere else `panda login --url` keeps a session in a file of its own, readable by its owner alone.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec

from alpha_panda.errors import InputError, PandaError, UnavailableError
from alpha_panda.local.layout import Layout, write_private
from alpha_panda.local.platform import Platform
from alpha_panda.local.ports import HOST

URL: Final = "PANDA_API_URL"
_SESSIONS: Final = "PANDA_SESSIONS"
_SECONDS: Final = 30.0
_WRONG: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """A session at one API."""

    name: str
    access_token: str
    refresh_token: str
    expires_at: datetime


class ApiClient:
    """Asks the API as whoever is logged in there, else as the machine."""

    def __init__(self, url: str, token: str | None, sessions: Path) -> None:
        """`token` is the machine's, where this machine has it; `sessions` is the file of those who logged in."""
        self.url = url.rstrip("/")
        self._token = token
        self._file = sessions

    @property
    def login(self) -> Login | None:
        """The session that is kept for this API."""
        found = self._kept().get(self.url)
        return found if found is not None and found.expires_at > datetime.now(UTC) else None

    def get(self, path: str, **params: Any) -> Any:  # noqa: ANN401 - what the API answers
        """Read something."""
        given = {name: value for name, value in params.items() if value is not None}
        return self._ask("GET", path, params=given)

    def post(self, path: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 - what the API answers
        """Change something."""
        return self._ask("POST", path, json=body)

    def patch(self, path: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 - what the API answers
        """Change part of something."""
        return self._ask("PATCH", path, json=body)

    def log_in(self, name: str, password: str, code: str | None) -> Login:
        """Begin a session and keep it."""
        body = {"name": name, "password": password, "code": code}
        return self._keep(self._told(self._send("POST", "/api/v1/auth/login", None, json=body)))

    def log_out(self) -> bool:
        """End the session and forget it; False where there was none."""
        if self.login is None:
            return False
        self.post("/api/v1/auth/logout", {})
        self._write({url: kept for url, kept in self._kept().items() if url != self.url})
        return True

    def _ask(self, method: str, path: str, **what: Any) -> Any:  # noqa: ANN401 - likewise
        login = self.login
        token = login.access_token if login is not None else self._token
        if token is None:
            raise InputError(f"nobody is logged in at {self.url}", remedy=f"panda login --url {self.url}")
        answer = self._send(method, path, token, **what)
        if answer.status_code == HTTPStatus.UNAUTHORIZED and login is not None:
            body = {"refresh_token": login.refresh_token}
            login = self._keep(self._told(self._send("POST", "/api/v1/auth/refresh", None, json=body)))
            answer = self._send(method, path, login.access_token, **what)
        return self._told(answer)

    def _send(self, method: str, path: str, token: str | None, **what: Any) -> httpx.Response:  # noqa: ANN401 - likewise
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        try:
            return httpx.request(method, self.url + path, headers=headers, timeout=_SECONDS, **what)
        except httpx.HTTPError as error:
            raise UnavailableError(
                f"the API at {self.url} does not answer: {error}", remedy="see `panda status`"
            ) from error

    def _told(self, answer: httpx.Response) -> Any:  # noqa: ANN401 - likewise
        """The answer, or the error that its problem document stands for."""
        if answer.is_success:
            return answer.json() if answer.content else None
        try:
            detail = answer.json()["detail"]
        except (ValueError, KeyError):
            detail = f"{answer.status_code} {answer.reason_phrase}"
        if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            raise UnavailableError(detail)
        if answer.status_code in _WRONG:
            raise InputError(detail)
        raise PandaError(detail)

    def _keep(self, answer: dict[str, Any]) -> Login:
        login = msgspec.convert(answer, Login)
        self._write({**self._kept(), self.url: login})
        return login

    def _kept(self) -> dict[str, Login]:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=dict[str, Login])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.DecodeError) as error:
            raise InputError(f"{self._file} cannot be read: {error}", remedy="delete it and log in again") from error

    def _write(self, logins: dict[str, Login]) -> None:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self._file, msgspec.json.encode(logins).decode())


def find_api(data_dir: Path, url: str | None) -> ApiClient:
    """The API of this URL, or of the platform in the data directory.

    Raises:
        UnavailableError: no URL is given, and nothing runs there.
    """
    given = url or os.environ.get(URL)
    if given is not None:
        return ApiClient(given, None, _sessions_file())
    layout = Layout(data_dir)
    port = Platform(layout).require_running().api_port
    token = layout.secrets / "api-token"
    return ApiClient(f"http://{HOST}:{port}", token.read_text().strip() if token.is_file() else None, _sessions_file())


def _sessions_file() -> Path:
    given = os.environ.get(_SESSIONS)
    if given:
        return Path(given)
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "alpha-panda" / "sessions.json"
