"""`towline-relay category`, `team` and `rule`: who does what, from the command line."""

import enum
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from relay.cli_parts import DEFAULT_CONFIG, Config, Failed, Json, explained, run, settings_of, show

Name = Annotated[str, typer.Argument(help="Its name.")]
Position = Annotated[int | None, typer.Option("--position", help="Place in the order; the smaller, the sooner.")]
Category = Annotated[str | None, typer.Option("--category", help="Only for this category; empty: for every one.")]
Team = Annotated[str | None, typer.Option("--team", help="The team's name; empty: none.")]
Rename = Annotated[str | None, typer.Option("--name", help="A new name.")]


class Impact(enum.StrEnum):
    """How many it holds up."""

    low = "low"
    normal = "normal"
    high = "high"


class Strategy(enum.StrEnum):
    """Who gets it."""

    manual = "manual"
    in_turn = "round-robin"
    least_loaded = "least-loaded"
