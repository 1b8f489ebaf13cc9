"""Opening an X connection, with errors that a person can use."""

import contextlib
import logging
import os
from collections.abc import Iterator
from typing import Any

from Xlib import error
from Xlib.display import Display

from agent.errors import AgentError

log = logging.getLogger("towline.agent.x11")

# What python-xlib raises when the server went away in the middle of something; OSError covers the socket itself.
GONE_TEXT = "The screen went away."
GONE = (error.ConnectionClosedError, error.XError, OSError, ValueError)


def open_display(name: str | None, failure: type[AgentError]) -> Display:
    """Return a new connection to display `name`, or to the one in DISPLAY when it is None.

    Raises `failure` with what to do.
    """
    shown = name or os.environ.get("DISPLAY", "")
    if not shown:
        raise failure("No screen is known. Start this inside a graphical session, or name one with --display :0.")
    try:
        display = Display(shown)
    except (error.DisplayError, error.XauthError, OSError) as problem:
        raise failure(
            f"The screen {shown} cannot be opened. Check that it exists and that you may use it, or name another "
            "one with --display."
        ) from problem
    display.set_error_handler(_log_error)
    return display


def _log_error(problem: Any, request: Any) -> None:
    """Errors that come back for requests without an answer; python-xlib would print them to the terminal."""
    log.debug("x error: %s for %s", type(problem).__name__, type(request).__name__)


@contextlib.contextmanager
def guarded(failure: type[AgentError], text: str) -> Iterator[None]:
    """Turn a display that goes away, or refuses, inside the block into `failure(text)`."""
    try:
        yield
    except GONE as problem:
        raise failure(text) from problem


@contextlib.contextmanager
def closing_on_failure(display: Display) -> Iterator[None]:
    """Close `display` when its owner's construction fails inside the block."""
    try:
        yield
    except AgentError:
        close_display(display)
        raise


def require_extension(display: Display, name: str, failure: type[AgentError], text: str) -> None:
    """Raise `failure(text)` when the X server lacks an extension."""
    if not display.has_extension(name):
        raise failure(text)


def close_display(display: Display) -> None:
    """Close a connection, also one that is broken already."""
    with contextlib.suppress(*GONE):
        display.close()
