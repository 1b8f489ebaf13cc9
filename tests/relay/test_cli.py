"""`towline-relay` as an admin types it: processes, exit statuses, one-line errors."""

import contextlib
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.relay.support import free_port

COMMAND = [sys.executable, "-c", "from relay.cli import main; main()"]


def towline(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], input=stdin, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk") / "new"
    url = f"https://127.0.0.1:{free_port()}"
    done = towline("init", "--dir", str(folder), "--public-url", url, "--name", "Desk", "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert made == {"config": str(folder / "towline.toml"), "public_url": url, "ca": str(folder / "ca.pem")}
    return folder / "towline.toml"


@pytest.fixture(scope="module")
def admin(config: Path) -> str:
    done = towline(
        "technician",
        "add",
        "ada@example.org",
        "--name",
        "Ada",
        "--role",
        "admin",
        "--password-stdin",
        "-c",
        str(config),
        stdin="correct horse battery\n",
    )
    assert done.returncode == 0, done.stderr
    return "ada@example.org"


def failed(done: subprocess.CompletedProcess[str], says: str) -> None:
    assert done.returncode == 1
    assert says in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stderr


def test_init_overwrites_nothing(config: Path) -> None:
    before = config.read_bytes()
    failed(towline("init", "--dir", str(config.parent)), "is there already")
    assert config.read_bytes() == before


def test_errors_are_one_line(config: Path, tmp_path: Path) -> None:
    failed(towline("serve", "-c", str(tmp_path / "towline.toml")), "towline-relay init")
    failed(towline("init", "--dir", str(tmp_path / "x"), "--public-url", "desk"), "is not usable")
    failed(towline("technician", "add", "a@example.org", "--name", "A", "-c", str(config)), "--password-stdin")
    failed(towline("technician", "disable", "nobody@example.org", "-c", str(config)), "technician")
    assert towline("serve", "--no-such-option").returncode == 2


def test_technicians(config: Path, admin: str) -> None:
    add = ("technician", "add", "bob@example.org", "--name", "Bob", "--generate-password")
    done = towline(*add, "--json", "-c", str(config))
    assert len(json.loads(done.stdout)["password"]) >= 16
    failed(towline(*add, "-c", str(config)), "bob@example.org")
    assert towline("technician", "reset", "bob@example.org", "--generate-password", "-c", str(config)).returncode == 0
    assert towline("technician", "disable", "bob@example.org", "-c", str(config)).returncode == 0
    listed = json.loads(towline("technician", "list", "--json", "-c", str(config)).stdout)["items"]
    assert [(each["email"], each["role"], each["disabled"]) for each in listed] == [
        (admin, "admin", False),
        ("bob@example.org", "technician", True),
    ]
    assert "ada@example.org" in towline("technician", "list", "-c", str(config)).stdout


def test_organisation(config: Path) -> None:
    shown = json.loads(towline("org", "show", "--json", "-c", str(config)).stdout)
    assert shown["name"] == "Desk"
    assert set(shown) == {"name", "id", "public_key", "mode"}


@pytest.fixture
def served(config: Path, admin: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [*COMMAND, "serve", "-c", str(config)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("ready https://127.0.0.1:"), line
        yield process, line.split()[1]
    finally:
        process.terminate()
        process.communicate(timeout=15)


def children(process: subprocess.Popen[str]) -> dict[str, psutil.Process]:
    found = {}
    for each in psutil.Process(process.pid).children():
        # One that was killed is a zombie until the server has read its status.
        with contextlib.suppress(psutil.NoSuchProcess):
            if len(line := each.cmdline()) > 2:
                found[line[-2]] = each
    return found


def until(condition: object, seconds: float = 15) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_doctor_before_the_server_runs(config: Path, admin: str) -> None:
    done = towline("doctor", "-c", str(config))
    assert done.returncode == 1
    assert "WRONG  address: nothing answers" in done.stdout


def test_server_runs_heals_and_stops(served: tuple[subprocess.Popen[str], str], config: Path) -> None:
    process, url = served
    trust = ssl.create_default_context(cafile=str(config.parent / "ca.pem"))
    assert httpx.get(f"{url}/readyz", verify=trust, trust_env=False).text == "ready\n"
    # The worker starts once the front is ready, and a busy machine takes its time over it.
    until(lambda: towline("doctor", "-c", str(config)).returncode == 0)
    done = towline("doctor", "--json", "-c", str(config))
    assert done.returncode == 0, done.stdout
    assert all(finding["good"] for finding in json.loads(done.stdout))
    worker = children(process)["worker"]
    worker.kill()
    until(lambda: children(process).get("worker", worker).pid != worker.pid)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0
    assert time.monotonic() - began < 5


def test_server_ends_when_its_front_dies(served: tuple[subprocess.Popen[str], str]) -> None:
    process, _ = served
    found = children(process)
    os.kill(found["front"].pid, signal.SIGKILL)
    assert process.wait(15) == 1
    until(lambda: not found["worker"].is_running())


def test_children_end_with_their_parent(served: tuple[subprocess.Popen[str], str]) -> None:
    process, _ = served
    found = children(process)
    process.kill()
    process.wait(15)
    until(lambda: not any(each.is_running() for each in found.values()))


def test_taken_port_is_said_in_one_line(served: tuple[subprocess.Popen[str], str], config: Path) -> None:
    done = towline("serve", "-c", str(config))
    assert done.returncode == 1
    assert "in use" in done.stderr
    assert "Traceback" not in done.stderr
