"""`towline-relay category`, `team` and `rule`: who does what, from the command line."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from relay.cli_parts import DEFAULT_CONFIG, Config, Failed, Json, explained, run, settings_of, show

Name = Annotated[str, typer.Argument(help="Its name.")]
NewName = Annotated[str | None, typer.Option("--name", help="Another name.")]
Position = Annotated[int | None, typer.Option("--position", help="Place in the order; the smaller, the sooner.")]
TeamName = Annotated[str | None, typer.Option("--team", help="A team's name; an empty one for none.")]
Parent = Annotated[str | None, typer.Option("--parent", help="The category above it; an empty one for none.")]
Impact = Annotated[Literal["low", "normal", "high"] | None, typer.Option("--impact", help="How many it holds up.")]
Skill = Annotated[list[str] | None, typer.Option("--skill", help="A skill that it takes; for each one more.")]
Portal = Annotated[bool | None, typer.Option("--portal/--internal", help="Whether people may choose it themselves.")]
Fallback = Annotated[bool | None, typer.Option("--fallback", help="Mail that names no category goes here.")]
Member = Annotated[list[str] | None, typer.Option("--member", help="A technician's address; for each one more.")]
Lead = Annotated[str | None, typer.Option("--lead", help="The address of who is told when a target is missed.")]
Address = Annotated[str | None, typer.Option("--address", help="The mailbox that belongs to the team.")]
CategoryName = Annotated[str | None, typer.Option("--category", help="Only for this category; empty for every one.")]
Strategy = Annotated[
    Literal["manual", "round-robin", "least-loaded"] | None, typer.Option("--strategy", help="Who gets it.")
]
Cap = Annotated[int | None, typer.Option("--cap", help="The most open requests that one may have to get another.")]
Reassign = Annotated[
    bool | None, typer.Option("--reassign/--no-reassign", help="Give to others what somebody has who goes away.")
]

category_app = typer.Typer(help="What requests are about.", no_args_is_help=True)
team_app = typer.Typer(help="Who works together.", no_args_is_help=True)
rule_app = typer.Typer(help="Who gets a new request.", no_args_is_help=True)


def given(**values: Any) -> dict[str, Any]:
    """Return the options that were typed."""
    return {name: value for name, value in values.items() if value is not None}


def listed(noun: str, config: Path, as_json: bool) -> None:
    """Print everything that is kept."""
    from relay import app as server

    with explained():
        items = run(server.kept(settings_of(config), noun))

        def text(console: Console) -> None:
            table = Table("Name", "State", "Settings", box=None)
            for item in items:
                told = ", ".join(
                    _told(key, value) for key, value in item.items() if key not in {"name", "active"} and value
                )
                table.add_row(item["name"], "" if item["active"] else "not in use", told)
            console.print(table if items else f"No {noun} yet. Add one with: towline-relay {noun} add NAME")

        show({"items": items}, as_json, text)


def _told(key: str, value: Any) -> str:
    """Say one setting in a word or two."""
    if value is True:
        return key
    return f"{key} {' '.join(value) if isinstance(value, list | tuple) else value}"


def added(noun: str, values: dict[str, Any], config: Path, as_json: bool) -> None:
    """Keep a new one."""
    from relay import app as server

    with explained():
        made = run(server.keep(settings_of(config), noun, values))
        show(made, as_json, lambda console: console.print(f"Added the {noun} {made['name']}.", markup=False))


def changed(noun: str, name: str, values: dict[str, Any], config: Path, as_json: bool) -> None:
    """Change one."""
    from relay import app as server

    with explained():
        if not values:
            raise Failed(f"Say what to change. The options: towline-relay {noun} change --help")
        made = run(server.change_kept(settings_of(config), noun, name, values))
        show(made, as_json, lambda console: console.print(f"Changed the {noun} {made['name']}.", markup=False))


@category_app.command("list")
def category_list(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Show all categories."""
    listed("category", config, as_json)


@category_app.command("add")
def category_add(
    name: Name,
    *,
    parent: Parent = None,
    team: TeamName = None,
    impact: Impact = None,
    skill: Skill = None,
    portal: Portal = None,
    fallback: Fallback = None,
    position: Position = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Add something that requests can be about."""
    values = given(
        parent=parent, team=team, impact=impact, skills=skill, portal=portal, fallback=fallback, position=position
    )
    added("category", {"name": name, **values}, config, as_json)


@category_app.command("change")
def category_change(
    name: Name,
    *,
    new_name: NewName = None,
    parent: Parent = None,
    team: TeamName = None,
    impact: Impact = None,
    skill: Skill = None,
    portal: Portal = None,
    fallback: Fallback = None,
    position: Position = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Change a category; what is not named stays."""
    values = given(
        name=new_name,
        parent=parent,
        team=team,
        impact=impact,
        skills=skill,
        portal=portal,
        fallback=fallback,
        position=position,
    )
    changed("category", name, values, config, as_json)


@category_app.command("disable")
def category_disable(name: Name, config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Offer a category no more; tickets keep it."""
    changed("category", name, {"active": False}, config, as_json)


@category_app.command("enable")
def category_enable(name: Name, config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Offer a category again."""
    changed("category", name, {"active": True}, config, as_json)


@team_app.command("list")
def team_list(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Show all teams and who is in them."""
    listed("team", config, as_json)


@team_app.command("add")
def team_add(
    name: Name,
    *,
    member: Member = None,
    lead: Lead = None,
    address: Address = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Add a team."""
    added("team", {"name": name, **given(members=member, lead=lead, address=address)}, config, as_json)


@team_app.command("change")
def team_change(
    name: Name,
    *,
    new_name: NewName = None,
    member: Member = None,
    lead: Lead = None,
    address: Address = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Change a team; members that are named are all it has then."""
    changed("team", name, given(name=new_name, members=member, lead=lead, address=address), config, as_json)


@team_app.command("disable")
def team_disable(name: Name, config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Give a team nothing more; what it has stays with it."""
    changed("team", name, {"active": False}, config, as_json)


@team_app.command("enable")
def team_enable(name: Name, config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Let a team be given tickets again."""
    changed("team", name, {"active": True}, config, as_json)


@rule_app.command("list")
def rule_list(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Show all rules, in the order in which they are asked."""
    listed("rule", config, as_json)


@rule_app.command("add")
def rule_add(
    name: Name,
    *,
    category: CategoryName = None,
    team: TeamName = None,
    strategy: Strategy = None,
    cap: Cap = None,
    reassign: Reassign = None,
    position: Position = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Add a rule: who gets which tickets."""
    values = given(category=category, team=team, strategy=strategy, cap=cap, reassign=reassign, position=position)
    added("rule", {"name": name, **values}, config, as_json)


@rule_app.command("change")
def rule_change(
    name: Name,
    *,
    new_name: NewName = None,
    category: CategoryName = None,
    team: TeamName = None,
    strategy: Strategy = None,
    cap: Cap = None,
    reassign: Reassign = None,
    position: Position = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Change a rule; what is not named stays."""
    values = given(
        name=new_name,
        category=category,
        team=team,
        strategy=strategy,
        cap=cap,
        reassign=reassign,
        position=position,
    )
    changed("rule", name, values, config, as_json)


@rule_app.command("disable")
def rule_disable(name: Name, config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Ask a rule no more."""
    changed("rule", name, {"active": False}, config, as_json)


@rule_app.command("enable")
def rule_enable(name: Name, config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Ask a rule again."""
    changed("rule", name, {"active": True}, config, as_json)
