"""What an admin keeps with the server's own command line: categories, teams, assignment rules; by their names."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.app import build_context
from tickets.domain.access import Actor, Role
from tickets.domain.assignment import RuleFields, RuleView
from tickets.domain.categories import CategoryFields, CategoryView
from tickets.domain.errors import Invalid
from tickets.domain.teams import TeamFields, TeamView
from tickets.ports import SilentSwitchboard
from tickets.services.context import Context
from tickets.services.registers import CategoryService, RegisterService, RuleService, TeamService
from tickets.settings import HelpDeskSettings
from tickets.store import people as people_store
from tickets.store import registers as register_store
from tickets.text import fold

_SERVICES: Final[Mapping[str, type[RegisterService[Any, Any]]]] = {
    "category": CategoryService,
    "team": TeamService,
    "rule": RuleService,
}
_FIELDS: Final[Mapping[str, type[msgspec.Struct]]] = {
    "category": CategoryFields,
    "team": TeamFields,
    "rule": RuleFields,
}
_VIEWS: Final[Mapping[str, type[msgspec.Struct]]] = {"category": CategoryView, "team": TeamView, "rule": RuleView}
# What the command line names and the database refers to by id.
_REFERENCES: Final = {"category": "category", "parent": "category", "team": "team"}
_ADMIN: Final = Actor(role=Role.ADMIN, name="Command line")


async def kept(settings: HelpDeskSettings, noun: str) -> list[dict[str, Any]]:
    """List what is kept, names instead of ids; `noun` is category, team or rule."""
    context = build_context(settings, switchboard=SilentSwitchboard())
    try:
        found = await _SERVICES[noun](context).listed(_ADMIN)
        async with context.database.read() as connection:
            names = await _Names.read(connection)
        return [names.shown(view) for view in found]
    finally:
        await context.database.close()


async def keep(settings: HelpDeskSettings, noun: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Keep a new one; `values` names what it refers to. Raises Invalid, AlreadyThere."""
    context = build_context(settings, switchboard=SilentSwitchboard())
    try:
        async with context.database.read() as connection:
            names = await _Names.read(connection)
        fields = _fields(noun, names.ids(values))
        return names.shown(await _SERVICES[noun](context).add(_ADMIN, fields))
    finally:
        await context.database.close()


async def change_kept(settings: HelpDeskSettings, noun: str, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Change the named fields of one. Raises Invalid, AlreadyThere."""
    context = build_context(settings, switchboard=SilentSwitchboard())
    try:
        return await _change(context, noun, name, values)
    finally:
        await context.database.close()


async def _change(context: Context, noun: str, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    async with context.database.read() as connection:
        names = await _Names.read(connection)
        every = await register_store.listed(connection, _VIEWS[noun])
    found = next((view for view in every if fold(_text(view, "name")) == fold(name)), None)
    if found is None:
        raise Invalid("", f"There is no {noun} called {name}. Look with: towline-relay {noun} list")
    before = {key: value for key, value in msgspec.structs.asdict(found).items() if key not in {"id", "last"}}
    fields = _fields(noun, {**before, **names.ids(values)})
    return names.shown(await _SERVICES[noun](context).change(_ADMIN, _text(found, "id"), fields))


def _fields(noun: str, values: Mapping[str, Any]) -> msgspec.Struct:
    try:
        return msgspec.convert(values, _FIELDS[noun])
    except msgspec.ValidationError as error:
        text, _, where = str(error).partition(" - at `$.")
        raise Invalid(where.rstrip("`"), f"{text[:1].lower()}{text[1:]}.") from None


def _text(view: msgspec.Struct, name: str) -> str:
    return str(getattr(view, name))


class _Names:
    """Names and ids of what can be referred to."""

    def __init__(self, kinds: dict[str, dict[str, str]], emails: dict[str, str]) -> None:
        """Made by `read`."""
        self._kinds: Final = kinds
        self._emails: Final = emails

    @classmethod
    async def read(cls, connection: AsyncConnection) -> "_Names":
        """Read them all."""
        kinds = {
            noun: {_text(view, "id"): _text(view, "name") for view in await register_store.listed(connection, kind)}
            for noun, kind in _VIEWS.items()
        }
        people = await people_store.all_technicians(connection, disabled=True)
        return cls(kinds, {each.id: each.email for each in people})

    def ids(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return `values` with ids instead of names and addresses. Raises Invalid."""
        found = dict(values)
        for field, noun in _REFERENCES.items():
            if found.get(field):
                found[field] = _of(self._kinds[noun], found[field], field, f"there is no {noun} of that name.")
            elif field in found:
                found[field] = None
        who = "there is no technician with that address; towline-relay technician list shows them."
        if found.get("lead"):
            found["lead"] = _of(self._emails, found["lead"], "lead", who)
        elif "lead" in found:
            found["lead"] = None
        if "members" in found:
            found["members"] = [_of(self._emails, email, "members", who) for email in found["members"]]
        return found

    def shown(self, view: msgspec.Struct) -> dict[str, Any]:
        """Return a view with names and addresses instead of ids."""
        shown = msgspec.to_builtins(view)
        found: dict[str, Any] = {key: value for key, value in shown.items() if key != "id"}
        for field, noun in _REFERENCES.items():
            if found.get(field):
                found[field] = self._kinds[noun].get(found[field], found[field])
        for field in ("lead", "last"):
            if found.get(field):
                found[field] = self._emails.get(found[field], found[field])
        if "members" in found:
            found["members"] = [self._emails.get(each, each) for each in found["members"]]
        return found


def _of(known: Mapping[str, str], name: str, field: str, missing: str) -> str:
    found = next((ident for ident, each in known.items() if fold(each) == fold(name)), None)
    if found is None:
        raise Invalid(field, missing)
    return found
