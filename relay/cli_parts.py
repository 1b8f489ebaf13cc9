"""What every command of `towline-relay` needs: the settings, an end in one line, and what is printed."""

import asyncio
import json
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer
from rich.console import Console

from relay.config import FILE_NAME, Settings, SettingsError, load_settings

T = TypeVar("T")

Config = Annotated[
    Path, typer.Option("--config", "-c", help="The settings file.", envvar="TOWLINE_CONFIG", show_default=True)
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

DEFAULT_CONFIG: Final = Path(FILE_NAME)


class Failed(Exception):
    """The command did not work; `str()` says what to do."""


@contextmanager
def explained() -> Iterator[None]:
    """End the command with one line and status 1 when something that can happen happens."""
    from relay.app import Trouble
    from relay.certificates import CertificateError

    try:
        yield
    except (Failed, SettingsError, CertificateError, Trouble, OSError) as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"towline-relay: {error}", markup=False)
        raise typer.Exit(1) from error


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run the asynchronous part of a command."""
    return asyncio.run(work)


def settings_of(config: Path) -> Settings:
    """Read the settings. Raises SettingsError."""
    return load_settings(config, os.environ)


def show(value: object, as_json: bool, text: Callable[[Console], None]) -> None:
    """Print JSON, or the text for people."""
    if as_json:
        typer.echo(json.dumps(value, ensure_ascii=False))
    else:
        text(Console(highlight=False, soft_wrap=True))
