"""Lists that an admin keeps: categories, teams, assignment rules, calendars, targets."""

from typing import Any, Final, Generic, TypeVar

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import Action, Actor, Thing, check
from tickets.domain.assignment import RuleFields, RuleView
from tickets.domain.calendar import make_calendar
from tickets.domain.categories import (
    CategoryChoice,
    CategoryChoices,
    CategoryFields,
    CategoryView,
    check_parent,
)
from tickets.domain.clocks import PolicyFields, PolicyView
from tickets.domain.errors import AlreadyThere, Invalid, NotFound
from tickets.domain.teams import CalendarFields, CalendarView, TeamFields, TeamView
from tickets.services.clock_keeper import TARGETS
from tickets.services.context import Context
from tickets.store import numbers
from tickets.store import people as people_store
from tickets.store import registers as register_store
from tickets.text import clean_email, clean_line, fold

F = TypeVar("F", bound=msgspec.Struct)
V = TypeVar("V", bound=msgspec.Struct)


class RegisterService(Generic[F, V]):
    """Implements `tickets.domain.registers.Register`; what differs between the lists is in the methods with `_`."""

    noun: str
    thing: Thing
    kind: type[V]

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def listed(self, actor: Actor) -> tuple[V, ...]:
        """Return everything that is kept, in its order, what was switched off too."""
        check(actor, Action.CHANGE if self.thing is Thing.CATEGORIES else Action.LIST, self.thing)
        async with self._context.database.read() as connection:
            return await register_store.listed(connection, self.kind)

    async def add(self, actor: Actor, fields: F) -> V:
        """Keep a new one. Raises AlreadyThere for a name that is taken, Invalid."""
        check(actor, Action.CHANGE, self.thing)
        async with self._context.database.write() as connection:
            view = await self._checked(connection, self._context.new_id(), fields, await self._all(connection))
            await register_store.add(connection, view)
            await self._after(connection, view)
        return view

    async def change(self, actor: Actor, ident: str, fields: F) -> V:
        """Put `fields` in the place of what is there. Raises NotFound, AlreadyThere, Invalid."""
        check(actor, Action.CHANGE, self.thing)
        async with self._context.database.write() as connection:
            every = await self._all(connection)
            if ident not in every:
                raise NotFound(self.noun)
            view = await self._checked(connection, ident, fields, every)
            await register_store.change(connection, view)
            await self._after(connection, view)
        return view

    async def _all(self, connection: AsyncConnection) -> dict[str, V]:
        return {_text(view, "id"): view for view in await register_store.listed(connection, self.kind)}

    async def _checked(self, connection: AsyncConnection, ident: str, fields: F, every: dict[str, V]) -> V:
        name = clean_line(_text(fields, "name"), "name")
        if any(fold(_text(other, "name")) == fold(name) for key, other in every.items() if key != ident):
            raise AlreadyThere(f"a {self.noun} called {name}")
        await self._check_references(connection, fields)
        values = {**msgspec.structs.asdict(fields), "name": name, "id": ident}
        return self.kind(**await self._cleaned(connection, ident, fields, values, every))

    async def _check_references(self, connection: AsyncConnection, fields: F) -> None:
        """Raise Invalid for an id that leads nowhere; a foreign key would only break."""
        kinds: dict[str, tuple[type[msgspec.Struct], str]] = {
            "category": (CategoryView, "category"),
            "parent": (CategoryView, "category"),
            "team": (TeamView, "team"),
            "calendar": (CalendarView, "calendar"),
        }
        for field, (kind, noun) in kinds.items():
            wanted = getattr(fields, field, None)
            if wanted is None:
                continue
            if wanted not in {_text(view, "id") for view in await register_store.listed(connection, kind)}:
                raise Invalid(field, f"there is no such {noun}.")

    async def _cleaned(
        self, connection: AsyncConnection, ident: str, fields: F, values: dict[str, Any], every: dict[str, V]
    ) -> dict[str, Any]:
        """Return the values as they are kept. Raises Invalid."""
        del connection, ident, fields, every
        return values

    async def _after(self, connection: AsyncConnection, view: V) -> None:
        """Do what follows from it, in the same transaction."""


def _text(struct: msgspec.Struct, name: str) -> str:
    return str(getattr(struct, name))


class CategoryService(RegisterService[CategoryFields, CategoryView]):
    """What requests are about."""

    noun, thing, kind = "category", Thing.CATEGORIES, CategoryView

    async def offered(self, actor: Actor) -> CategoryChoices:
        """Return the active categories: those of the portal, to technicians the internal ones too."""
        check(actor, Action.LIST, Thing.CATEGORIES)
        async with self._context.database.read() as connection:
            every = await register_store.listed(connection, CategoryView)
        names = {each.id: each.name for each in every}
        shown = (each for each in every if each.active and (each.portal or actor.is_staff))
        return CategoryChoices(tuple(CategoryChoice(each.name, names.get(each.parent or "")) for each in shown))

    async def _cleaned(
        self,
        connection: AsyncConnection,
        ident: str,
        fields: CategoryFields,
        values: dict[str, Any],
        every: dict[str, CategoryView],
    ) -> dict[str, Any]:
        del connection
        check_parent(every, ident, fields.parent)
        others = [each for key, each in every.items() if key != ident]
        if not fields.fallback and not any(each.fallback for each in others):
            raise Invalid("fallback", "one category has to be it: mail that names none goes there.")
        if fields.fallback and not fields.active:
            raise Invalid("active", "mail that names no category goes to this one; let another be the fallback first.")
        if not any(each.active and each.portal for each in others) and not (fields.active and fields.portal):
            raise Invalid("portal", "people need at least one category to choose.")
        return {**values, "skills": tuple(clean_line(skill, "skills") for skill in fields.skills)}

    async def _after(self, connection: AsyncConnection, view: CategoryView) -> None:
        if view.fallback:
            await register_store.only_fallback(connection, view.id)
        await numbers.raise_by_one(connection, TARGETS)


class TeamService(RegisterService[TeamFields, TeamView]):
    """Who works together."""

    noun, thing, kind = "team", Thing.TEAMS, TeamView

    async def _cleaned(
        self,
        connection: AsyncConnection,
        ident: str,
        fields: TeamFields,
        values: dict[str, Any],
        every: dict[str, TeamView],
    ) -> dict[str, Any]:
        del ident, every
        known = {each.id for each in await people_store.all_technicians(connection, disabled=True)}
        if not set(fields.members) <= known:
            raise Invalid("members", "there is no such technician; GET /api/v1/technicians lists them.")
        if fields.lead is not None and fields.lead not in known:
            raise Invalid("lead", "there is no such technician; GET /api/v1/technicians lists them.")
        address = clean_email(fields.address) if fields.address.strip() else ""
        return {**values, "members": tuple(dict.fromkeys(fields.members)), "address": address}


class RuleService(RegisterService[RuleFields, RuleView]):
    """Who gets what."""

    noun, thing, kind = "rule", Thing.SPREADING, RuleView


class CalendarService(RegisterService[CalendarFields, CalendarView]):
    """When work is done."""

    noun, thing, kind = "calendar", Thing.SPREADING, CalendarView

    async def _cleaned(
        self,
        connection: AsyncConnection,
        ident: str,
        fields: CalendarFields,
        values: dict[str, Any],
        every: dict[str, CalendarView],
    ) -> dict[str, Any]:
        del connection, ident, every
        holidays = fields.holidays.replace("\r\n", "\n").replace("\r", "\n").strip()
        make_calendar(fields.hours, fields.zone, holidays)
        return {**values, "hours": fields.hours.strip(), "holidays": holidays}

    async def _after(self, connection: AsyncConnection, view: CalendarView) -> None:
        del view
        await numbers.raise_by_one(connection, TARGETS)


class PolicyService(RegisterService[PolicyFields, PolicyView]):
    """How long what may take."""

    noun, thing, kind = "target", Thing.SPREADING, PolicyView

    async def _after(self, connection: AsyncConnection, view: PolicyView) -> None:
        del view
        await numbers.raise_by_one(connection, TARGETS)
