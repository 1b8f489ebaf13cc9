"""docs/commands.md has a section for every command of the three programs, and in it every option."""

import importlib
import re
from collections.abc import Iterator

import pytest
import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from tests.architecture.repository import ROOT

PAGE = ROOT / "docs" / "commands.md"
PROGRAMS = {"towline-relay": "relay.cli", "towline-agent": "agent.cli", "towline-viewer": "technician_viewer.cli"}
# Typer gives these to every program; the page describes them once, at its top.
COMMON = {"--help", "--install-completion", "--show-completion"}


def commands_of(app: typer.Typer, program: str) -> list[tuple[str, TyperGroup | TyperCommand]]:
    """Return every command that can be typed, with what is typed to reach it."""

    def walk(path: str, command: object) -> Iterator[tuple[str, TyperGroup | TyperCommand]]:
        assert isinstance(command, TyperGroup | TyperCommand)
        if isinstance(command, TyperCommand) or command.invoke_without_command:
            yield path, command
        if isinstance(command, TyperGroup):
            for name, inner in command.commands.items():
                if not inner.hidden:
                    yield from walk(f"{path} {name}", inner)

    return list(walk(program, typer.main.get_command(app)))


def sections(text: str) -> dict[str, str]:
    """Return the text below each heading of the form ``## `towline-relay init` ``, up to the next heading."""
    parts = re.split(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {heading.strip().strip("`"): body for heading, body in zip(parts[1::2], parts[2::2], strict=True)}


def undescribed(path: str, command: TyperGroup | TyperCommand, described: dict[str, str]) -> list[str]:
    """Return what the page does not say about a command."""
    if path not in described:
        return [path]
    body = described[path]
    return [
        f"{path} {option}"
        for parameter in command.params
        if isinstance(parameter, TyperOption) and not parameter.hidden
        for option in (*parameter.opts, *parameter.secondary_opts)
        if option.startswith("--") and option not in COMMON and not re.search(rf"`{re.escape(option)}[`= ]", body)
    ]


def test_undescribed_finds_what_is_missing() -> None:
    app = typer.Typer()

    @app.command()
    def x(one: str = typer.Option("", "--one", "-o"), two: bool = False) -> None:
        """Do nothing."""

    @app.command(hidden=True)
    def y() -> None:
        """Do nothing, for programs only."""

    [(path, command)] = commands_of(app, "p")
    assert path == "p x"
    page = "# Commands\n\n## `p x`\n\n`--one N` and `--two`\n\n## other\n\n`--no-two`\n"
    assert undescribed("p x", command, sections(page)) == ["p x --no-two"]
    assert undescribed("p y", command, sections(page)) == ["p y"]
    assert undescribed("p x", command, sections(page.replace("and `--two`", "`--two` `--no-two`"))) == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_command_and_option_is_described(program: str) -> None:
    app: typer.Typer = importlib.import_module(PROGRAMS[program]).app
    described = sections(PAGE.read_text(encoding="utf-8"))
    found = commands_of(app, program)
    assert found
    assert [line for path, command in found for line in undescribed(path, command, described)] == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_command_is_described_that_does_not_exist(program: str) -> None:
    app: typer.Typer = importlib.import_module(PROGRAMS[program]).app
    typed = {path for path, _ in commands_of(app, program)}
    described = {heading for heading in sections(PAGE.read_text(encoding="utf-8")) if heading.startswith(program)}
    assert described - typed - {program} == set()
