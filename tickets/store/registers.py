"""Statements about what an admin keeps in lists: categories, teams, rules, calendars, policies."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.assignment import RuleView
from tickets.domain.categories import CategoryView
from tickets.domain.clocks import PolicyView
from tickets.domain.teams import CalendarView, TeamView
from tickets.store.one_view import kept
from tickets.store.schema import assignment_rules, calendars, categories, policies, team_members, teams

V = TypeVar("V", bound=msgspec.Struct)

TABLES: Final[Mapping[type[msgspec.Struct], Table]] = {
    CategoryView: categories,
    TeamView: teams,
    RuleView: assignment_rules,
    CalendarView: calendars,
    PolicyView: policies,
}


def pack_skills(skills: tuple[str, ...]) -> str:
    """Return the skills as one text."""
    return ",".join(skills)


def parse_skills(text: str) -> tuple[str, ...]:
    """Return the skills of such a text."""
    return tuple(filter(None, text.split(",")))


@kept
async def listed(connection: AsyncConnection, kind: type[V]) -> tuple[V, ...]:
    """Return everything of a kind, in its order."""
    table = TABLES[kind]
    order = [table.c[name] for name in ("position", "name", "id") if name in table.c]
    found = [dict(row) for row in (await connection.execute(select(table).order_by(*order))).mappings()]
    if table is teams:
        members = await _members(connection)
        found = [{**row, "members": tuple(members.get(row["id"], ()))} for row in found]
    return tuple(_view(row, kind) for row in found)


async def add(connection: AsyncConnection, view: msgspec.Struct) -> None:
    """Write a new one."""
    await connection.execute(TABLES[type(view)].insert().values(**_values(view)))
    await _write_members(connection, view)


async def change(connection: AsyncConnection, view: msgspec.Struct) -> None:
    """Write all fields of one that is there."""
    table, values = TABLES[type(view)], _values(view)
    await connection.execute(table.update().where(table.c.id == values["id"]).values(**values))
    await _write_members(connection, view)


async def only_fallback(connection: AsyncConnection, category: str) -> None:
    """Let no other category be the fallback."""
    others = categories.update().where(categories.c.id != category, categories.c.fallback.is_(True))
    await connection.execute(others.values(fallback=False))


async def chosen(connection: AsyncConnection, rule: str, technician: str) -> None:
    """Remember whom a rule chose."""
    await connection.execute(assignment_rules.update().where(assignment_rules.c.id == rule).values(last=technician))


async def locked_rule(connection: AsyncConnection, rule: str) -> str | None:
    """Return whom a rule chose last; until the transaction ends nobody else is chosen by it."""
    query = select(assignment_rules.c.last).where(assignment_rules.c.id == rule).with_for_update()
    last: str | None = (await connection.execute(query)).scalar_one_or_none()
    return last


async def team(connection: AsyncConnection, ident: str) -> TeamView | None:
    """Return one team."""
    row = (await connection.execute(select(teams).where(teams.c.id == ident))).mappings().one_or_none()
    if row is None:
        return None
    members = await _members(connection, ident)
    return _view({**row, "members": tuple(members.get(ident, ()))}, TeamView)


async def calendar(connection: AsyncConnection, ident: str) -> CalendarView | None:
    """Return one calendar."""
    row = (await connection.execute(select(calendars).where(calendars.c.id == ident))).mappings().one_or_none()
    return None if row is None else _view(dict(row), CalendarView)


async def policy(connection: AsyncConnection, ident: str) -> PolicyView | None:
    """Return one policy."""
    row = (await connection.execute(select(policies).where(policies.c.id == ident))).mappings().one_or_none()
    return None if row is None else _view(dict(row), PolicyView)


async def _members(connection: AsyncConnection, ident: str | None = None) -> dict[str, list[str]]:
    query = select(team_members).order_by(team_members.c.team_id, team_members.c.technician_id)
    if ident is not None:
        query = query.where(team_members.c.team_id == ident)
    found: dict[str, list[str]] = {}
    for team_id, technician in await connection.execute(query):
        found.setdefault(team_id, []).append(technician)
    return found


async def _write_members(connection: AsyncConnection, view: msgspec.Struct) -> None:
    if not isinstance(view, TeamView):
        return
    await connection.execute(team_members.delete().where(team_members.c.team_id == view.id))
    if view.members:
        rows = [{"team_id": view.id, "technician_id": member} for member in dict.fromkeys(view.members)]
        await connection.execute(team_members.insert(), rows)


def _values(view: msgspec.Struct) -> dict[str, Any]:
    table = TABLES[type(view)]
    values = {name: value for name, value in msgspec.structs.asdict(view).items() if name in table.c and name != "last"}
    if isinstance(view, CategoryView):
        values["skills"] = pack_skills(view.skills)
    return values


def _view(row: Mapping[str, Any], kind: type[V]) -> V:
    # The keys are a subclass of str, with which msgspec does not agree.
    values = {str(name): value for name, value in row.items()}
    if kind is CategoryView:
        values["skills"] = parse_skills(values["skills"])
    return msgspec.convert(values, kind, strict=False)
