"""tools/system-packages asks apt-get for what is missing, and for nothing when all is there.

It runs with a path of its own, on which every program is a small script, so that nothing is installed here.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.repository import ROOT

SCRIPT = ROOT / "tools" / "system-packages"
DESKTOP = (
    *("Xvfb", "xauth", "openbox", "xterm", "mousepad", "dbus-run-session", "chromium"),
    *("xmessage", "xprop", "xrandr", "setxkbmap"),
)
SERVERS = (
    "usr/sbin/dovecot",
    "usr/lib/postgresql/17/bin/initdb",
    "usr/lib/dovecot/imap",
    "usr/lib/dovecot/lmtp",
)
USED_BY_THE_SCRIPT = ("bash", "env", "sort", "mktemp", "rm", "tail", "mkdir")


class Machine:
    """A folder of programs that stands for a machine; `apt-get install xterm` puts an xterm there."""

    def __init__(self, folder: Path) -> None:
        self.root = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.calls = folder / "apt-calls"
        for name in USED_BY_THE_SCRIPT:
            found = shutil.which(name)
            assert found is not None
            (self.bin / name).symlink_to(found)
        for name in (*DESKTOP, "cc", "npm", "setpriv"):
            self.add(name, "exit 0")
        for server in SERVERS:
            (folder / server).parent.mkdir(parents=True, exist_ok=True)
            (folder / server).touch()
        self.add("id", "echo 0")
        self.add("fc-list", "echo 'DejaVu Sans Mono'")
        self.add("apt-get", f'echo "$*" >>"{self.calls}"')
        # A Python that has everything: ensurepip, venv and its headers.
        self.add("python3", "exit 0")

    def add(self, name: str, body: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        path.chmod(0o755)

    def remove(self, name: str) -> None:
        (self.bin / name).unlink()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(SCRIPT), *arguments],
            env={"PATH": str(self.bin), "SYSTEM_ROOT": str(self.root)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    @property
    def installed(self) -> list[str]:
        """The package names of every install, one after the other."""
        if not self.calls.exists():
            return []
        lines = [line.split() for line in self.calls.read_text(encoding="utf-8").splitlines() if " install " in line]
        return [word for line in lines for word in line[line.index("--no-install-recommends") + 1 :]]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("purpose", ["build", "check", "test", "demo"])
def test_nothing_is_installed_when_all_is_there(machine: Machine, purpose: str) -> None:
    result = machine.run(purpose)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert not machine.calls.exists()


def test_what_is_missing_is_installed(machine: Machine) -> None:
    machine.remove("xterm")
    machine.remove("xmessage")
    machine.remove("xprop")
    assert machine.run("test").returncode == 0
    assert machine.installed == ["x11-utils", "xterm"]


@pytest.mark.parametrize(
    ("server", "package"),
    list(zip(SERVERS, ("dovecot-core", "postgresql", "dovecot-imapd", "dovecot-lmtpd"), strict=True)),
)
def test_servers_are_for_tests_only_and_count_wherever_they_are(machine: Machine, server: str, package: str) -> None:
    (machine.root / server).unlink()
    assert machine.run("demo").returncode == 0
    assert machine.installed == []
    assert machine.run("test").returncode == 0
    assert machine.installed == [package]


def test_a_server_in_the_path_is_enough(machine: Machine) -> None:
    (machine.root / SERVERS[1]).unlink()
    machine.add("initdb", "exit 0")
    assert machine.run("test").returncode == 0
    assert machine.installed == []


def test_an_environment_for_python_needs_no_desktop(machine: Machine) -> None:
    machine.remove("xterm")
    assert machine.run("build").returncode == 0
    assert machine.installed == []


def test_python_without_ensurepip_gets_venv(machine: Machine) -> None:
    machine.add("python3", 'case "$*" in *ensurepip*) exit 1 ;; esac')
    assert machine.run("build").returncode == 0
    assert machine.installed == ["python3-venv"]


def test_list_changes_nothing(machine: Machine) -> None:
    machine.remove("openbox")
    result = machine.run("demo", "--list")
    assert (result.returncode, result.stdout) == (0, "openbox\n")
    assert not machine.calls.exists()


def test_no_apt_says_what_to_install(machine: Machine) -> None:
    machine.remove("xterm")
    machine.remove("apt-get")
    result = machine.run("demo")
    assert result.returncode == 1
    assert "xterm" in result.stderr
    assert "by hand" in result.stderr


def test_a_user_without_sudo_is_told(machine: Machine) -> None:
    machine.remove("xterm")
    machine.add("id", "echo 1000")
    result = machine.run("demo")
    assert result.returncode == 1
    assert "needs root" in result.stderr
    assert "xterm" in result.stderr
    assert machine.installed == []


def test_a_user_with_sudo_installs(machine: Machine) -> None:
    machine.remove("xterm")
    machine.add("id", "echo 1000")
    machine.add("sudo", '[ "$1" = -n ] && shift; exec "$@"')
    # `true` is what sudo is tried with.
    machine.add("true", "exit 0")
    assert machine.run("demo").returncode == 0
    assert machine.installed == ["xterm"]


def test_a_failed_install_shows_why(machine: Machine) -> None:
    machine.remove("xterm")
    machine.add("apt-get", 'echo "E: no such package"; exit 100')
    result = machine.run("demo")
    assert result.returncode == 1
    assert "E: no such package" in result.stderr
    assert "xterm" in result.stderr


def test_an_old_python_is_named(machine: Machine) -> None:
    machine.add("python3", 'case "$*" in *version_info*) exit 1 ;; *--version*) echo "Python 3.9.2" ;; esac')
    result = machine.run("build")
    assert result.returncode == 1
    assert "3.11" in result.stderr
    assert "Python 3.9.2" in result.stderr


def test_unknown_purpose_prints_usage(machine: Machine) -> None:
    assert machine.run("dinner").returncode == 2
    assert machine.run().returncode == 2


def test_packages_of_this_machine_are_found() -> None:
    """The probes work on a real machine too: this one runs the tests, so it lacks nothing that they need."""
    result = subprocess.run(
        [str(SCRIPT), "build", "--list"],
        env={"PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin", "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (result.returncode, result.stdout) == (0, "")
