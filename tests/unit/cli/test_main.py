"""The `panda` command sends its words to the right place and turns each failure into its exit code."""

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version

import pytest
import typer

from alpha_panda.cli.app import PARTS, make_app
from alpha_panda.cli.main import guarded, invoke, main
from alpha_panda.errors import InputError, PandaError, UnavailableError


def failing(error: BaseException) -> Callable[[], int]:
    def fail() -> int:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PandaError("no"), 1),
        (InputError("no"), 2),
        (UnavailableError("no"), 3),
    ],
)
def test_a_failure_that_a_person_can_act_on_is_a_message_a_remedy_and_a_code(
    capsys: pytest.CaptureFixture[str], error: PandaError, code: int
):
    error.remedy = "do this"
    assert guarded(failing(error)) == code
    assert capsys.readouterr() == ("", "no\nremedy: do this\n")


def test_an_interruption_is_quiet(capsys: pytest.CaptureFixture[str]):
    assert guarded(failing(KeyboardInterrupt())) == 130
    assert capsys.readouterr() == ("", "")


def test_an_interruption_inside_a_command_is_quiet_too(capsys: pytest.CaptureFixture[str]):
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(failing(KeyboardInterrupt()))
    assert guarded(lambda: invoke(app, [])) == 130
    assert capsys.readouterr() == ("", "")


def test_a_fault_of_ours_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        guarded(failing(ZeroDivisionError()))


def test_debug_shows_the_traceback_of_a_failure():
    with pytest.raises(InputError):
        guarded(failing(InputError("no")), debug=True)


@pytest.mark.parametrize("words", [["run"], ["run", "--help"], ["run", "a", "b"], ["supervise"]])
def test_a_process_without_its_words_is_refused(capsys: pytest.CaptureFixture[str], words: list[str]):
    assert main(words) == 2
    assert f"`panda {words[0]}` takes " in capsys.readouterr().err


def test_an_unknown_service_is_refused(capsys: pytest.CaptureFixture[str]):
    assert main(["run", "market-fed"]) == 2
    assert "no service 'market-fed'" in capsys.readouterr().err


def test_the_version_is_the_package_s(capsys: pytest.CaptureFixture[str]):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"panda {version('alpha-panda')}\n"


def test_every_command_is_listed(capsys: pytest.CaptureFixture[str]):
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(f"\n  {command} " in said for command in ("apply", "get", "describe", "delete"))


def test_an_unknown_command_or_option_is_one_plain_line_and_code_2(capsys: pytest.CaptureFixture[str]):
    assert main(["frobnicate"]) == 2
    assert "Error: No such command 'frobnicate'." in capsys.readouterr().err.splitlines()
    assert main(["get", "-o", "xml"]) == 2
    assert "'xml' is not one of" in capsys.readouterr().err


def test_a_service_s_process_does_not_load_the_command_line_library():
    program = (
        "import sys; from alpha_panda.cli.main import main; code = main(['run', 'none-such']);"
        "sys.exit(9 if {'typer', 'alpha_panda.cli.app'} & set(sys.modules) else code)"
    )
    finished = subprocess.run(  # noqa: S603 - a program of this test
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert finished.returncode == 2, finished.stderr


@pytest.mark.parametrize("part", PARTS)
def test_each_command_is_found_in_its_part_and_alone(part: str):
    for command in PARTS[part]:
        registered = typer.main.get_command(make_app([command, "--help"]))
        assert tuple(registered.commands) == PARTS[part]


def test_help_lists_the_commands_of_every_part(capsys: pytest.CaptureFixture[str]):
    everything = [command for commands in PARTS.values() for command in commands]
    for words in ((), ("--debug",), ("unknown",)):
        assert sorted(typer.main.get_command(make_app(words)).commands) == sorted(everything)
    assert main(["unknown"]) == 2
    assert "unknown" in capsys.readouterr().err
