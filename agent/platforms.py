"""The only place that asks which system this is."""

import getpass
import logging
import os
import platform
import socket
import sys

from agent import __version__
from agent.errors import CaptureUnavailable
from agent.ports import CursorSource, Desktop, ScreenSource
from protocol.handshake import Facts

log = logging.getLogger("towline.agent.platforms")

_MAX_FACT = 256


def open_desktop(display: str | None = None) -> Desktop:
    """Open what a session shares; `display` names an X display. Blocks.

    Raises CaptureUnavailable or InputUnavailable.
    """
    if sys.platform in {"win32", "darwin"}:
        raise CaptureUnavailable("This version shares X11 desktops only. Ask your technician for another way.")
    if display is None and os.environ.get("XDG_SESSION_TYPE") == "wayland":
        raise CaptureUnavailable(
            "This desktop runs on Wayland, which this version cannot share. Log out, choose the X11 (Xorg) session "
            "when you log in, and try again."
        )
    from agent.x11.input import X11Input

    sink = X11Input(display)
    try:
        screen = _screen(display)
    except CaptureUnavailable:
        sink.close()
        raise
    return Desktop(screen=screen, cursor=_cursor(display), input=sink)


def _screen(display: str | None) -> ScreenSource:
    from agent.x11.capture import X11Pictures, X11Screen

    try:
        return X11Screen(display)
    except CaptureUnavailable as problem:
        log.warning("%s Looking at the screen again and again instead.", problem)
    from agent.polling import PollingScreen

    return PollingScreen(X11Pictures(display))


def _cursor(display: str | None) -> CursorSource | None:
    from agent.x11.cursor import X11Cursor

    try:
        return X11Cursor(display)
    except CaptureUnavailable as problem:
        log.warning("%s", problem)
        return None


def facts() -> Facts:
    """Return what the technician is told about this computer once the user agreed."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = ""
    return Facts(
        hostname=socket.gethostname()[:_MAX_FACT],
        system=f"{platform.system()} {platform.release()}"[:_MAX_FACT],
        user=user[:_MAX_FACT],
        agent_version=__version__,
    )
