"""A virtual X display for tests, and real programs on it.

`VirtualDisplay.start()` picks a free display number; everything it starts is stopped by its own process id.
"""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from Xlib import X
from Xlib.display import Display

START_S = 20.0
STOP_S = 5.0


def wait_until(condition: Callable[[], object], what: str, timeout_s: float = 10.0) -> None:
    """Poll `condition` until it is true; fails with `what` after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout_s} s for: {what}"
        select.select([], [], [], 0.01)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End one process that was started here, and its children where it leads a session of its own."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_S)
    with contextlib.suppress(ProcessLookupError):
        # Nobody is left in the group when the program had no children, and its number is not given again before.
        os.killpg(process.pid, signal.SIGTERM)


@dataclass
class VirtualDisplay:
    """An Xvfb with the programs that were started on it."""

    name: str
    width: int
    height: int
    process: "subprocess.Popen[bytes]"
    programs: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    @classmethod
    def start(cls, width: int = 1024, height: int = 768, *, extensions_off: tuple[str, ...] = ()) -> "VirtualDisplay":
        """Start an X server on a free display and wait until it answers."""
        reader, writer = os.pipe()
        command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"]
        # Without -noreset the server starts anew whenever its last client leaves, and forgets its keyboard mapping.
        command.append("-noreset")
        for extension in extensions_off:
            command += ["-extension", extension]
        process = subprocess.Popen(command, pass_fds=[writer], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(writer)
        number = b""
        with os.fdopen(reader, "rb", buffering=0) as pipe:
            deadline = time.monotonic() + START_S
            while not number.endswith(b"\n"):
                ready, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
                part = pipe.read(16) if ready else b""
                if not part:
                    stop(process)
                    raise AssertionError("Xvfb did not start: is the package xvfb installed?")
                number += part
        return cls(f":{number.decode().strip()}", width, height, process)

    @property
    def environment(self) -> dict[str, str]:
        """Variables for a program on this display."""
        return {**os.environ, "DISPLAY": self.name, "LC_ALL": "C.UTF-8"}

    def run(self, *command: str, cwd: Path | None = None) -> "subprocess.Popen[bytes]":
        """Start a program on this display; it is stopped with the display."""
        program = subprocess.Popen(
            command,
            env=self.environment,
            cwd=cwd,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.programs.append(program)
        return program

    def window_manager(self) -> "subprocess.Popen[bytes]":
        """Start openbox and wait until it manages windows."""
        program = self.run("openbox", "--sm-disable")
        with self.connect() as display:
            atom = display.intern_atom("_NET_SUPPORTING_WM_CHECK")
            root = display.screen().root
            wait_until(lambda: root.get_full_property(atom, X.AnyPropertyType) is not None, "openbox to start")
        return program

    @contextmanager
    def connect(self) -> Iterator[Any]:
        """A python-xlib connection for the test's own looks and drawings."""
        display = Display(self.name)
        try:
            yield display
        finally:
            display.close()

    def picture(self) -> NDArray[np.uint8]:
        """Return the whole screen, BGRX uint8 (height, width, 4), read with XGetImage by the test itself."""
        with self.connect() as display:
            root = display.screen().root
            size = root.get_geometry()
            image = root.get_image(0, 0, size.width, size.height, X.ZPixmap, 0xFFFFFFFF)
            return np.frombuffer(image.data, np.uint8).reshape(size.height, size.width, 4).copy()

    def windows(self) -> set[str]:
        """Names of the windows that are mapped."""
        with self.connect() as display:
            return set(_names(display.screen().root))

    def terminal(self, *command: str, geometry: str = "80x24+0+0", title: str = "terminal") -> None:
        """Start an xterm in UTF-8 that runs `command`, wait until it is mapped, and give it the keyboard."""
        self.run("xterm", "-u8", "-title", title, "-geometry", geometry, "-e", *command)
        wait_until(lambda: title in self.windows(), f"the terminal {title!r} to appear")
        self.focus(title)

    def focus(self, title: str) -> None:
        """Give the keyboard to the window of this name."""
        with self.connect() as display:
            window = _find(display.screen().root, title)
            assert window is not None, f"no window {title!r}"
            window.set_input_focus(X.RevertToParent, X.CurrentTime)
            display.sync()

    def text_file(self, path: Path, *, title: str = "terminal") -> None:
        """Start a terminal in which everything that is typed goes to `path`, line by line."""
        ready = path.with_suffix(".ready")
        path.touch()
        self.terminal("sh", "-c", 'touch "$1"; exec cat > "$2"', "sh", str(ready), str(path), title=title)
        wait_until(ready.exists, "the shell to start")

    def stop(self) -> None:
        """Stop the programs and the server."""
        for program in reversed(self.programs):
            stop(program)
        stop(self.process)


def _names(window: Any) -> Iterator[str]:
    for child in window.query_tree().children:
        if child.get_attributes().map_state == X.IsViewable:
            name = child.get_wm_name()
            if name:
                yield name
            yield from _names(child)


def _find(window: Any, title: str) -> Any:
    for child in window.query_tree().children:
        if child.get_wm_name() == title:
            return child
        found = _find(child, title)
        if found is not None:
            return found
    return None
