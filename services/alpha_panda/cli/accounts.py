"""`panda login | logout | users`: who may use the API."""

from __future__ import annotations

import secrets
import sys
from typing import Annotated, Any

import typer

from alpha_panda.cli.api_client import find_api
from alpha_panda.cli.api_options import As, Form, Url, tell
from alpha_panda.cli.messages import print_notice
from alpha_panda.cli.options import DEFAULT_DATA_DIR, DataDir
from alpha_panda.cli.output import print_table, print_text
from alpha_panda.errors import InputError

Name = Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits, dots and dashes.")]
Role = Annotated[str, typer.Option("--role", help="viewer (reads), trader (halts, changes), admin (makes users).")]
FromInput = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("login")(login)
    app.command("logout")(logout)
    users = typer.Typer(name="users", help="Show, make and change who may use the API.", no_args_is_help=True)
    users.command("list")(list_users)
    users.command("create")(create)
    users.command("change")(change)
    app.add_typer(users)


def login(
    name: Name,
    *,
    code: Annotated[str | None, typer.Option("--code", help="Of the second factor, where one is set up.")] = None,
    password_stdin: FromInput = False,
    url: Url = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Log in to the API; later commands then ask under this name."""
    client = find_api(data_dir, url)
    found = client.log_in(name, _password(read=password_stdin, again=False), code)
    print_text(f"logged in at {client.url} as {found.name} until {found.expires_at:%Y-%m-%d %H:%M} UTC")


def logout(url: Url = None, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """End the session at the API."""
    client = find_api(data_dir, url)
    if client.log_out():
        print_text(f"logged out at {client.url}")
    else:
        print_notice(f"nobody is logged in at {client.url}")


def list_users(output: As = Form.TABLE, url: Url = None, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Show who may use the API."""
    tell(lambda: find_api(data_dir, url).get("/api/v1/users"), _show, output)


def create(  # noqa: PLR0913 - each is one option of the command
    name: Name,
    *,
    role: Role = "viewer",
    password_stdin: FromInput = False,
    generate: Annotated[bool, typer.Option("--generate", help="Make a password up and print it.")] = False,
    url: Url = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Let somebody use the API and the dashboard. Who may read the data directory may make the first admin."""
    client = find_api(data_dir, url)
    password = secrets.token_urlsafe(15) if generate else _password(read=password_stdin, again=True)
    made = client.post("/api/v1/users", {"name": name, "role": role, "password": password})
    print_text(f"user {made['name']} is {made['role']}" + (f"; the password is {password}" if generate else ""))


def change(  # noqa: PLR0913 - each is one option of the command
    name: Name,
    *,
    role: Annotated[str | None, typer.Option("--role", help="viewer, trader or admin.")] = None,
    disable: Annotated[bool | None, typer.Option("--disable/--enable", help="Keep out, or let in again.")] = None,
    password: Annotated[bool, typer.Option("--password", help="Ask for another password.")] = False,
    forget_second_factor: Annotated[bool, typer.Option(help="For somebody who lost the telephone.")] = False,
    url: Url = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Change what somebody may do; every session of that user ends."""
    body: dict[str, Any] = {"role": role, "disabled": disable, "forget_second_factor": forget_second_factor}
    if password:
        body["password"] = _password(read=not sys.stdin.isatty(), again=True)
    _show([find_api(data_dir, url).patch(f"/api/v1/users/{name}", body)])


def _password(*, read: bool, again: bool) -> str:
    if read:
        return sys.stdin.readline().rstrip("\n")
    if not sys.stdin.isatty():
        raise InputError("a password is asked for at a terminal, and this is none", remedy="give --password-stdin")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=again))


def _show(users: list[dict[str, Any]]) -> None:
    rows = [
        (
            each["name"],
            each["role"],
            each["second_factor"],
            each["disabled"],
            each["created_at"][:19],
            each["created_by"],
        )
        for each in users
    ]
    print_table(("NAME", "ROLE", "SECOND-FACTOR", "DISABLED", "CREATED (UTC)", "BY"), rows)
