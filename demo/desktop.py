"""The end user's desktop of the demo: a virtual one with window manager, terminal and editor, or the real one."""

import os
from pathlib import Path
from typing import Final

from Xlib import X

from tests.support.display import VirtualDisplay, wait_until

SIZE: Final = (1280, 800)
NOTES: Final = """Dear help desk,

since this morning the mail program asks for my password
again and again. Nothing helps: it is the right one.

Uma
"""


class Desktop:
    """Where the agent runs; `display` is its X display."""

    def __init__(self, display: str, virtual: VirtualDisplay | None) -> None:
        self.display = display
        self._virtual = virtual

    @classmethod
    def own(cls) -> "Desktop":
        """Use the person's real display. Raises RuntimeError where there is none."""
        display = os.environ.get("DISPLAY")
        if not display:
            raise RuntimeError(
                "DESKTOP=own shares your screen, but DISPLAY is not set: run it in a terminal on a desktop."
            )
        return cls(display, None)

    @classmethod
    def start(cls, home: Path) -> "Desktop":
        """Start a virtual display with openbox, xterm and mousepad; the programs' files are in `home`."""
        virtual = VirtualDisplay.start(*SIZE)
        desktop = cls(virtual.name, virtual)
        try:
            desktop._furnish(virtual, home)
        except BaseException:
            virtual.stop()
            raise
        return desktop

    @staticmethod
    def _furnish(virtual: VirtualDisplay, home: Path) -> None:
        notes = home / "notes.txt"
        notes.write_text(NOTES, encoding="utf-8")
        virtual.window_manager()
        virtual.run("xsetroot", "-solid", "#3b5b6d").wait()
        home_is = f"HOME={home}"
        virtual.run("env", home_is, "dbus-run-session", "--", "mousepad", "--disable-server", str(notes), cwd=home)
        wait_until(lambda: any("notes" in name for name in virtual.windows()), "the editor to open", 30.0)
        _place(virtual, "notes", x=690, y=60, width=560, height=430)
        prompt = 'PS1="uma@computer:\\w$ " exec bash --norc --noprofile'
        virtual.run(
            "xterm", "-u8", "-fa", "DejaVu Sans Mono", "-fs", "11", "-title", "Terminal",
            "-geometry", "70x26+24+60", "-e", "env", home_is, "bash", "-c", prompt, cwd=home,
        )  # fmt: skip
        wait_until(lambda: "Terminal" in virtual.windows(), "the terminal to open", 30.0)
        virtual.focus("Terminal")

    def has_focus(self, title: str) -> bool:
        """Whether what is typed goes to the window with this title; true on a real display, where nobody knows."""
        if self._virtual is None:
            return True
        with self._virtual.connect() as display:
            window = display.get_input_focus().focus
            while hasattr(window, "get_wm_name"):
                if window.get_wm_name() == title:
                    return True
                window = window.query_tree().parent
            return False

    @property
    def virtual(self) -> bool:
        """Whether this is a desktop of the demo's own."""
        return self._virtual is not None

    def stop(self) -> None:
        """Stop what `start` started."""
        if self._virtual is not None:
            self._virtual.stop()


def _place(virtual: VirtualDisplay, name: str, *, x: int, y: int, width: int, height: int) -> None:
    """Move the top-level window with `name` in its title; the window manager carries it out."""
    with virtual.connect() as display:
        for window in (
            display.screen().root.get_full_property(display.intern_atom("_NET_CLIENT_LIST"), X.AnyPropertyType).value
        ):
            client = display.create_resource_object("window", window)
            if name in (client.get_wm_name() or ""):
                client.configure(x=x, y=y, width=width, height=height)
        display.sync()
