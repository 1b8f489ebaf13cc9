"""Programs of the demo: started with arguments, never through a shell, and ended by their own process ids."""

import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.support.display import stop

READY_S: Final = 40.0


def command(name: str) -> str:
    """Return the path of one of our console commands in this environment. Raises RuntimeError."""
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        raise RuntimeError(f"{name} is not installed in this environment: run 'make setup'.")
    return str(path)


def free_port() -> int:
    """Return a port of 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run(arguments: Sequence[str], *, environment: dict[str, str], stdin: str = "") -> str:
    """Run a program to its end and return what it printed. Raises RuntimeError with its last line when it fails."""
    done = subprocess.run(
        arguments, env=os.environ | environment, input=stdin, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        raise RuntimeError(f"{Path(arguments[0]).name} {arguments[1]} failed: {said[-1]}")
    return done.stdout


class Program:
    """A program that runs beside the demo, its output in a file."""

    def __init__(self, arguments: Sequence[str], log: Path, *, environment: dict[str, str]) -> None:
        self.log = log
        self._output = log.open("wb")
        self.process = subprocess.Popen(
            arguments,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )

    def wait_for(self, text: str, timeout_s: float = READY_S) -> str:
        """Wait until its output contains `text` and return that line. Raises RuntimeError."""
        deadline = time.monotonic() + timeout_s
        while True:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
            for line in lines:
                if text in line:
                    return line
            if self.process.poll() is not None or time.monotonic() > deadline:
                last = lines[-1] if lines else "it said nothing"
                raise RuntimeError(f"waited for {text!r} of {self.log.stem}, but: {last}")
            select.select([], [], [], 0.02)

    def stop(self) -> None:
        """End it."""
        stop(self.process)
        self._output.close()
