"""A technician's own script: load it, run its `main(session, args)`, and show its faults as its own."""

import inspect
import sys
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from technician_viewer.client import SessionClient
from technician_viewer.errors import ViewerError

Main = Callable[[SessionClient, list[str]], Awaitable[Any]]
_MODULE: Final = "towline_script"


class BadScript(ViewerError):
    """The file is no script for a session."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "bad-script")


class ScriptFailed(ViewerError):
    """The script raised something; `where` are the lines of its own code on the way, outermost first."""

    def __init__(self, text: str, where: list[str], cause: BaseException) -> None:
        super().__init__(text, "script-failed")
        self.where: Final = where
        self.cause: Final = cause


def load_script(path: Path) -> Main:
    """Run a script's top level and return its `main`. Raises BadScript and ScriptFailed."""
    try:
        source = path.read_bytes()
    except OSError as error:
        raise BadScript(f"{path} can't be read ({error.strerror}).") from error
    try:
        code = compile(source, str(path), "exec")
    except (SyntaxError, ValueError) as error:
        line = error.lineno if isinstance(error, SyntaxError) and error.lineno else 1
        what = error.msg if isinstance(error, SyntaxError) else str(error)
        raise BadScript(f"{path}:{line}: {what}.") from error
    module = ModuleType(_MODULE)
    module.__file__ = str(path)
    # As for any program, modules beside it can be imported, and dataclasses find the module they are in.
    sys.path.insert(0, str(path.parent.resolve()))
    sys.modules[_MODULE] = module
    try:
        exec(code, module.__dict__)  # noqa: S102 the technician runs this script on purpose
    except Exception as error:
        # The script's own faults end here.
        raise failure(error, path) from error
    main = getattr(module, "main", None)
    if not inspect.iscoroutinefunction(main):
        raise BadScript(f"{path} has no `async def main(session, args)`. Write one; it is what gets run.")
    found: Main = main
    return found


async def run_main(main: Main, session: SessionClient, args: list[str], path: Path) -> None:
    """Run a script's `main`. Raises ScriptFailed."""
    try:
        await main(session, args)
    except Exception as error:
        # The script's own faults end here.
        raise failure(error, path) from error


def failure(error: BaseException, path: Path) -> ScriptFailed:
    """Return what went wrong, told by the script's own lines only."""
    folder = path.parent.resolve()
    where: list[str] = []
    for frame in traceback.extract_tb(error.__traceback__):
        file = Path(frame.filename)
        if file == path or file.resolve().is_relative_to(folder):
            where.append(f"{frame.filename}:{frame.lineno} in {frame.name}: {frame.line or ''}".rstrip(": "))
    text = str(error) if isinstance(error, ViewerError) else f"{type(error).__name__}: {error}".rstrip(": ")
    return ScriptFailed(f"{path.name} failed. {text}", where, error)
