"""`towline-viewer` from end to end against a small help desk, in this process and as a program of its own."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.responses import JSONResponse, Response
from typer.testing import CliRunner, Result

from protocol import messages as m
from protocol.rights import Right
from technician_viewer.cli import app
from technician_viewer.exits import MEANINGS, Exit
from tests.technician_viewer.fake_agent import BOTH, TRACKING, FakeAgent, scene
from tests.technician_viewer.fake_server import EMAIL, PASSWORD, FakeServer, fake_server, problem

OTHER = "TL-0000-0012"


async def kind_agent(agent: FakeAgent) -> None:
    """Say yes, show a picture, answer until bye."""
    await agent.grant(BOTH)
    await agent.show(scene())
    await agent.serve()


class Terminal:
    """What is typed, and what comes of it."""

    def __init__(self, server: FakeServer, state: Path) -> None:
        self.server = server
        self.env = {"TOWLINE_STATE": str(state), "TOWLINE_SERVER": server.origin, "COLUMNS": "200"}

    def type(self, *args: str, stdin: str = "", status: int = 0) -> Result:
        """Run a command, look at its status, and that nobody was shown a traceback."""
        result = CliRunner().invoke(app, list(args), input=stdin, env=self.env)
        assert (result.exit_code, "Traceback" in result.output) == (status, False), result.output
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    def login(self) -> None:
        """Log in."""
        self.type("login", "--email", EMAIL, "--password-stdin", stdin=PASSWORD + "\n")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    with fake_server(kind_agent) as server:
        yield Terminal(server, tmp_path / "state")


def files_below(folder: Path) -> dict[str, Path]:
    """Return the files below a folder by name."""
    return {path.name: path for path in folder.rglob("*") if path.is_file()}


# --- login, logout


def test_login_keeps_key_and_token_for_the_owner_only(terminal: Terminal, tmp_path: Path) -> None:
    result = terminal.type("login", "--email", EMAIL, "--json", "--password-stdin", stdin=PASSWORD + "\n")
    assert json.loads(result.stdout)["name"] == "Ada"
    files = files_below(tmp_path / "state")
    assert set(files) == {"device.key", "login.json", "server"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o600}
    key = files["device.key"].read_bytes()
    terminal.login()
    assert files["device.key"].read_bytes() == key
    assert len(terminal.server.certified) == 1


def test_login_asks(terminal: Terminal) -> None:
    result = terminal.type("login", stdin=f"{EMAIL}\n{PASSWORD}\n")
    assert "as Ada" in result.stdout
    assert PASSWORD not in result.output


def test_wrong_password(terminal: Terminal, tmp_path: Path) -> None:
    result = terminal.type("login", "--email", EMAIL, "--password-stdin", stdin="wrong\n", status=Exit.NOT_ALLOWED)
    assert "Check the e-mail address and the password." in result.stderr
    assert "login.json" not in files_below(tmp_path / "state")


def test_logout_removes_everything(terminal: Terminal, tmp_path: Path) -> None:
    terminal.login()
    terminal.type("logout")
    assert files_below(tmp_path / "state") == {}
    assert ("POST", "/logout") in terminal.server.asked
    result = terminal.type("queue", status=Exit.NOT_ALLOWED)
    assert "towline-viewer login" in result.stderr


def test_another_organisation_than_at_the_first_login(terminal: Terminal) -> None:
    terminal.login()
    terminal.server.organisation = "A" * 43
    terminal.type("login", "--email", EMAIL, "--password-stdin", stdin=PASSWORD + "\n", status=Exit.NOT_ALLOWED)
    result = terminal.type("shot", TRACKING, "x.png", status=Exit.NO_SESSION)
    assert "another organisation" in result.stderr
    terminal.type("logout")
    terminal.login()


# --- queue


def test_queue(terminal: Terminal) -> None:
    terminal.login()
    result = terminal.type("queue", "--view", "mine")
    assert TRACKING in result.stdout
    assert "\x1b[31m" not in result.stdout
    assert "[bold]" in result.stdout
    (ticket,) = json.loads(terminal.type("queue", "--json").stdout)
    assert (ticket["tracking"], ticket["assignee"]["name"]) == (TRACKING, "Ada")
    terminal.type("queue", "--view", "theirs", status=Exit.USAGE)


def test_the_server_of_the_last_login_is_meant(terminal: Terminal) -> None:
    terminal.login()
    del terminal.env["TOWLINE_SERVER"]
    terminal.type("queue")


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (lambda: Response("<html>", status_code=502), Exit.FAILED),
        (lambda: Response(b"\xff\xff", media_type="application/json"), Exit.FAILED),
        (lambda: JSONResponse({"items": 5}), Exit.FAILED),
        (lambda: Response("{", status_code=500, media_type="application/problem+json"), Exit.FAILED),
        (lambda: Response(status_code=302, headers={"Location": "https://elsewhere.example/"}), Exit.FAILED),
        (lambda: problem("not-logged-in", 401, "Log in first."), Exit.NOT_ALLOWED),
        (lambda: problem("not-allowed", 403, "Ask an admin."), Exit.NOT_ALLOWED),
    ],
)
def test_answers_that_are_no_queue(terminal: Terminal, answer: "type[Response]", status: Exit) -> None:
    terminal.login()
    terminal.server.answers["/tickets"] = answer
    result = terminal.type("queue", "--json", status=status)
    error = json.loads(result.stderr)
    assert error["error"]
    assert error["detail"].endswith(".")


def test_nobody_listens(terminal: Terminal) -> None:
    terminal.env["TOWLINE_SERVER"] = "http://127.0.0.1:9"
    result = terminal.type("login", "--email", EMAIL, "--password-stdin", stdin="x\n", status=Exit.UNREACHABLE)
    assert "can't be reached" in result.stderr


@pytest.mark.parametrize(
    "address", ["http://help.example.org", "ftp://x", "https://", "https://a:b@c", "https://x/y", "::"]
)
def test_addresses_that_are_none(terminal: Terminal, address: str) -> None:
    terminal.type("queue", "--server", address, status=Exit.UNREACHABLE)


# --- shot


def test_shot_is_exact(terminal: Terminal, tmp_path: Path) -> None:
    terminal.login()
    out = tmp_path / "screen.png"
    result = terminal.type("shot", TRACKING.lower(), str(out))
    assert "320 by 200" in result.stdout
    assert "The user is being asked." in result.stderr
    with Image.open(out) as image:
        assert np.array_equal(np.asarray(image), scene()[..., 2::-1])
    described = json.loads(terminal.type("shot", "--json", TRACKING, str(out)).stdout)
    assert described == {"tracking": TRACKING, "file": str(out), "width": 320, "height": 200}


def test_shot_renews_a_certificate_that_ran_out(terminal: Terminal, tmp_path: Path) -> None:
    terminal.login()
    terminal.server.certified.clear()
    terminal.type("shot", TRACKING, str(tmp_path / "x.png"))
    assert terminal.server.certificates == 2


def test_shot_of_an_unknown_ticket(terminal: Terminal, tmp_path: Path) -> None:
    terminal.login()
    result = terminal.type("shot", OTHER, str(tmp_path / "x.png"), status=Exit.FAILED)
    assert "Check the tracking number." in result.stderr
    terminal.type("shot", "TL-0000-0013", str(tmp_path / "x.png"), status=Exit.USAGE)
    assert not (tmp_path / "x.png").exists()


def test_shot_to_a_place_that_is_not_there(terminal: Terminal, tmp_path: Path) -> None:
    terminal.login()
    result = terminal.type("shot", TRACKING, str(tmp_path / "no" / "x.png"), status=Exit.FAILED)
    assert "can't be written" in result.stderr


async def silent_agent(agent: FakeAgent) -> None:
    await agent.serve()


async def unkind_agent(agent: FakeAgent) -> None:
    await agent.refuse("declined")


async def ending_agent(agent: FakeAgent) -> None:
    await agent.grant(BOTH)
    await agent.send(m.Bye("ended"))


async def broken_agent(agent: FakeAgent) -> None:
    await agent.grant(BOTH)
    await agent.socket.send(b"\x00" * 40)
    await agent.serve()


@pytest.mark.parametrize(
    ("script", "wait", "status"),
    [
        (silent_agent, "0.3", Exit.TOO_LONG),
        (unkind_agent, "5", Exit.NO_SESSION),
        (ending_agent, "5", Exit.SESSION_OVER),
        (broken_agent, "5", Exit.SESSION_OVER),
        (kind_agent, "5", Exit.DONE),
    ],
    ids=["silent", "declined", "ended", "broken", "kind"],
)
def test_sessions_that_do_not_come_about(
    terminal: Terminal, tmp_path: Path, script: object, wait: str, status: Exit
) -> None:
    terminal.login()
    terminal.server.script = script  # type: ignore[assignment]
    terminal.type("shot", TRACKING, str(tmp_path / "x.png"), "--wait", wait, status=status)


# --- run


def write(folder: Path, text: str) -> str:
    """Write a script; return its path."""
    path = folder / "script.py"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_run_drives_the_session(terminal: Terminal, tmp_path: Path) -> None:
    terminal.login()
    script = write(
        tmp_path,
        "from dataclasses import dataclass\n"
        "@dataclass\nclass Here:\n    x: int\n"
        "async def main(session, args):\n"
        "    await session.type_text(args[0])\n"
        "    await session.settled()\n"
        "    print(Here(1), session.size, args[1:])\n",
    )
    result = terminal.type("run", TRACKING, script, "hi", "--json", "-x")
    assert "Here(x=1) (320, 200) ['--json', '-x']" in result.stdout
    assert [key.text for key in terminal.server.agent.inputs if isinstance(key, m.Key) and key.down] == ["h", "i"]


def test_run_shows_the_scripts_own_lines(terminal: Terminal, tmp_path: Path) -> None:
    terminal.login()
    script = write(tmp_path, "async def main(session, args):\n    await helper()\n\nasync def helper():\n    {}['x']\n")
    result = terminal.type("run", TRACKING, script, status=Exit.FAILED)
    assert f"{script}:2 in main: await helper()" in result.stderr
    assert f"{script}:5 in helper: {{}}['x']" in result.stderr
    assert "KeyError: 'x'" in result.stderr
    assert "technician_viewer/" not in result.stderr


@pytest.mark.parametrize(
    ("text", "status", "told"),
    [
        ("def main(", Exit.USAGE, ":1:"),
        ("x = 1\n", Exit.USAGE, "async def main"),
        ("def main(session, args): pass\n", Exit.USAGE, "async def main"),
        ("1/0\n", Exit.FAILED, "ZeroDivisionError"),
        ("async def main(s, args):\n    await s.wait_for_change(timeout_s=0.1)\n", Exit.TOO_LONG, "in vain"),
        ("async def main(s, args):\n    await s.move(9999, 0)\n", Exit.FAILED, "outside the screen"),
        ("async def main(s, args):\n    raise SystemExit(9)\n", 9, ""),
        ("async def main(s, args):\n    await s.refresh()\n", Exit.DONE, ""),
    ],
    ids=range(8),
)
def test_scripts_that_fail(terminal: Terminal, tmp_path: Path, text: str, status: int, told: str) -> None:
    terminal.login()
    result = terminal.type("run", TRACKING, write(tmp_path, text), status=status)
    assert told in result.stderr


def test_run_without_the_right_to_control(terminal: Terminal, tmp_path: Path) -> None:
    async def watcher_only(agent: FakeAgent) -> None:
        await agent.grant(frozenset({Right.VIEW}))
        await agent.show(scene())
        await agent.serve()

    terminal.login()
    terminal.server.script = watcher_only
    script = write(tmp_path, "async def main(session, args):\n    await session.move(1, 1)\n")
    result = terminal.type("run", TRACKING, script, status=Exit.NOT_ALLOWED)
    assert "lacks the right to control" in result.stderr


def test_no_such_script(terminal: Terminal, tmp_path: Path) -> None:
    terminal.login()
    terminal.type("run", TRACKING, str(tmp_path / "none.py"), status=Exit.USAGE)


# --- as a program


def program(terminal: Terminal, *args: str) -> "subprocess.Popen[str]":
    """Start the command as people do."""
    return subprocess.Popen(
        [sys.executable, "-c", "from technician_viewer.cli import main; main()", *args],
        env={**os.environ, **terminal.env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_as_a_program(terminal: Terminal, tmp_path: Path) -> None:
    terminal.login()
    with program(terminal, "shot", TRACKING, str(tmp_path / "x.png")) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "320 by 200" in out


def test_ctrl_c_ends_the_session_properly(terminal: Terminal, tmp_path: Path) -> None:
    terminal.login()
    script = write(tmp_path, "async def main(session, args):\n    await session.wait_for_change(timeout_s=60)\n")
    with program(terminal, "run", TRACKING, script) as process:
        deadline = time.monotonic() + 30
        while not (terminal.server.agents and terminal.server.agent.acks):
            assert time.monotonic() < deadline
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == Exit.STOPPED
    assert "Traceback" not in err
    assert "Stopped." in err
    closed = terminal.server.agent.closed
    assert closed is not None
    assert closed.code == "viewer-closed"


def test_every_exit_status_is_in_the_help() -> None:
    result = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "400"})
    assert set(MEANINGS) == set(Exit)
    assert all(f"{status.value} {text}" in result.output for status, text in MEANINGS.items())
