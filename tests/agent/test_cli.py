"""Commands without a server: usage, missing things, errors as one line."""

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from agent.cli import _logging, app
from agent.errors import (
    AgentError,
    ApiError,
    CaptureUnavailable,
    Refused,
    StateUnusable,
    Superseded,
    TicketNotFound,
    Unreachable,
)
from agent.exits import MEANINGS, Exit, exit_of
from agent.server import BadServer
from protocol.tracking import make_tracking
from tests.support.display import VirtualDisplay
from tests.support.stack import free_port

TRACKING = make_tracking(lambda n: bytes(range(n)))
FIELDS = [
    "--category",
    "E-mail",
    "--title",
    "T",
    "--description",
    "D",
    "--asset",
    "software",
    "--email",
    "u@example.org",
]


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("TOWLINE_SERVER", "TOWLINE_CA", "DISPLAY", "XDG_SESSION_TYPE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TOWLINE_STATE", str(tmp_path))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def one_line(result: Result) -> str:
    assert "Traceback" not in result.output
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.output
    return lines[0]


def test_without_a_command_it_says_what_to_type() -> None:
    result = run()
    assert result.exit_code == 0
    for command in ("submit", "status", "join"):
        assert f"towline-agent {command}" in result.output


@pytest.mark.parametrize("command", ["submit", "status", "join"])
def test_help_names_the_exit_statuses(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "Exit status" in result.output


def test_no_server_is_said_and_how_to_name_one() -> None:
    result = run("submit", *FIELDS, "--urgency", "high")
    assert result.exit_code == Exit.USAGE
    assert "--server" in one_line(result)


def test_plain_http_to_another_computer_is_refused() -> None:
    result = run("submit", *FIELDS, "--urgency", "high", "--server", "http://help.example.org")
    assert result.exit_code == Exit.USAGE
    assert "https" in one_line(result)


def test_missing_fields_are_named_when_nobody_can_be_asked() -> None:
    result = run("submit", "--title", "T", "--server", "https://help.example.org")
    assert result.exit_code == Exit.USAGE
    assert "--category" in one_line(result)
    assert "--title" not in one_line(result)


def test_words_that_are_not_in_the_lists() -> None:
    assert "low, normal" in one_line(run("submit", *FIELDS, "--urgency", "very"))


def test_a_server_that_is_not_there() -> None:
    result = run("submit", *FIELDS, "--urgency", "HIGH", "--server", f"http://127.0.0.1:{free_port()}")
    assert result.exit_code == Exit.UNREACHABLE
    assert "cannot be reached" in one_line(result)


def test_a_number_with_a_typing_error_is_seen_before_anything_is_sent() -> None:
    wrong = TRACKING[:-1] + ("0" if TRACKING[-1] != "0" else "1")
    for command in ("status", "join"):
        result = run(command, wrong, "--server", "https://help.example.org")
        assert result.exit_code == Exit.USAGE
        assert "look again" in one_line(result)


def test_status_of_a_request_that_this_computer_does_not_know() -> None:
    result = run("status", TRACKING, "--server", "https://help.example.org")
    assert result.exit_code == Exit.FAILED
    assert "link of your mail" in one_line(result)


def test_allow_takes_two_words() -> None:
    result = run("join", TRACKING, "--allow", "everything", "--server", "https://help.example.org")
    assert result.exit_code == Exit.USAGE
    assert "view or control" in one_line(result)


def test_no_screen_is_said_before_the_server_is_asked() -> None:
    result = run("join", TRACKING, "--server", "https://help.example.org", "--allow", "view")
    assert result.exit_code == Exit.NO_SCREEN
    assert "--display" in one_line(result)


def test_wayland_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_SESSION_TYPE", "wayland")
    result = run("join", TRACKING, "--server", "https://help.example.org", "--allow", "view")
    assert "Wayland" in one_line(result)


@pytest.mark.display
def test_join_without_any_secret_says_what_is_needed(display: VirtualDisplay) -> None:
    result = run(
        "join", TRACKING, "--display", display.name, "--server", f"http://127.0.0.1:{free_port()}", "--allow", "view"
    )
    assert result.exit_code == Exit.UNREACHABLE
    one_line(result)


def test_errors_and_their_statuses() -> None:
    expected: dict[Exit, list[AgentError]] = {
        Exit.USAGE: [BadServer("x")],
        Exit.NOT_ALLOWED: [TicketNotFound("x", status=404), ApiError("x", status=409), Refused("x")],
        Exit.UNREACHABLE: [Unreachable("x")],
        Exit.NO_SCREEN: [CaptureUnavailable("x")],
        Exit.REPLACED: [Superseded("x")],
        Exit.FAILED: [StateUnusable("x"), ApiError("x", status=500)],
    }
    for status, errors in expected.items():
        assert [exit_of(error) for error in errors] == [status] * len(errors)
    assert set(MEANINGS) == set(Exit)


def test_importing_the_program_opens_no_display_and_loads_no_screen_library() -> None:
    code = """
import json, sys
import agent.cli
print(json.dumps([name for name in sys.modules if name.split(".")[0] in {"Xlib", "mss", "pynput"}]))
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(found.stdout) == []


def test_not_even_details_hold_a_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    talkative = ("websockets", "httpx", "httpcore")
    before = {name: logging.getLogger(name).level for name in talkative}
    try:
        for verbose in (False, True):
            _logging(verbose=verbose)
            # They write first frames and headers at INFO and DEBUG.
            assert all(not logging.getLogger(name).isEnabledFor(logging.INFO) for name in talkative)
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
