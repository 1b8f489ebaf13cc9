"""A program on a terminal of its own, so that the demo can answer it as a person would."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Sequence

from tests.support.display import stop


class PseudoTerminal:
    """Starts a program on a new pseudo-terminal and keeps everything it printed."""

    def __init__(self, arguments: Sequence[str], *, environment: dict[str, str]) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            arguments, env=os.environ | environment, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)
        self.said = ""

    def wait_for(self, text: str, timeout_s: float = 30.0) -> None:
        """Read until `text` has been printed. Raises RuntimeError with what was printed instead."""
        deadline = time.monotonic() + timeout_s
        while text not in self.said:
            left = deadline - time.monotonic()
            if left <= 0 or not self._read(left):
                last = self.said.strip().splitlines()[-1:] or ["nothing"]
                raise RuntimeError(f"the agent was to say {text!r}, but said: {last[0]}")

    def type_line(self, text: str) -> None:
        """Type a line."""
        os.write(self._master, text.encode() + b"\n")

    def _read(self, timeout_s: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], timeout_s)
        if not ready:
            return False
        try:
            part = os.read(self._master, 4_096)
        except OSError:  # Linux says EIO when the program has closed its side
            return False
        self.said += part.decode(errors="replace")
        return bool(part)

    def stop(self) -> None:
        """End the program."""
        stop(self.process)
        os.close(self._master)
