"""Things that are looked after: by hand, from a table, and on tickets."""

import csv
import io
from typing import Annotated, Any, Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.encoding import pack_b64, parse_b64
from tickets.domain.access import Action, Actor, Thing, check
from tickets.domain.assets import (
    AssetFields,
    AssetList,
    AssetQuery,
    AssetsImported,
    AssetTable,
    AssetView,
    AssetWithTickets,
    TableLine,
    TicketAssets,
)
from tickets.domain.errors import AlreadyThere, Invalid, NotFound
from tickets.domain.finding import Filters, Sort
from tickets.domain.values import Asset, EntryKind, TechnicianId
from tickets.services.context import Context, entry
from tickets.services.story import Told
from tickets.services.views import summary
from tickets.store import assets as asset_store
from tickets.store import finding as finding_store
from tickets.store import people as people_store
from tickets.store import ticket_documents
from tickets.store.assets import AssetRow
from tickets.store.finding import Asker
from tickets.text import clean_email, clean_line, clean_text, fold

MOST_LINES: Final = 5_000
_SHOWN_TICKETS: Final = 50
_SUGGESTED: Final = 8
_COLUMNS: Final = frozenset(AssetFields.__struct_fields__)
_YES: Final = frozenset({"yes", "true", "1", "ja", "x"})
_WHAT: Final = "asset"


class _Cursor(msgspec.Struct, array_like=True):
    name: Annotated[str, msgspec.Meta(max_length=100)]
    id: Annotated[str, msgspec.Meta(max_length=64)]


class AssetService:
    """Implements `tickets.domain.assets.Assets`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def listed(self, actor: Actor, query: AssetQuery) -> AssetList:
        """Return things. Raises Invalid for a cursor that is none."""
        check(actor, Action.LIST, Thing.ASSETS)
        async with self._context.database.read() as connection:
            rows = await asset_store.listed(
                connection,
                q=query.q,
                owner=query.owner.strip().casefold(),
                retired=query.retired,
                after=_parse_cursor(query.cursor),
                limit=query.limit + 1,
            )
        more, rows = len(rows) > query.limit, rows[: query.limit]
        cursor = pack_b64(msgspec.json.encode(_Cursor(rows[-1].name, rows[-1].id))) if more else None
        return AssetList(tuple(map(_shown, rows)), cursor)

    async def get(self, actor: Actor, ident: str) -> AssetWithTickets:
        """Return a thing and its tickets. Raises NotFound."""
        check(actor, Action.READ, Thing.ASSETS)
        async with self._context.database.read() as connection:
            row = await self._row(connection, ident)
            asker = Asker(actor.technician or TechnicianId(""), "", self._context.settings.tracking_prefix)
            about = Filters(asset=((ident,),))
            found = await finding_store.listed(
                connection, about, asker, sort=Sort.NEWEST, after=None, limit=_SHOWN_TICKETS
            )
        online = self._context.switchboard.is_online
        return AssetWithTickets(
            _shown(row), tuple(summary(ticket, agent_online=online(ticket.tracking)) for ticket in found)
        )

    async def add(self, actor: Actor, new: AssetFields) -> AssetView:
        """Add a thing. Raises Invalid, AlreadyThere for an inventory number that another one has."""
        check(actor, Action.ADD, Thing.ASSETS)
        async with self._context.database.write() as connection:
            ident = await self._add(connection, clean_fields(new))
            return _shown(await self._row(connection, ident))

    async def change(self, actor: Actor, ident: str, new: AssetFields) -> AssetView:
        """Change a thing. Raises NotFound, Invalid, AlreadyThere."""
        check(actor, Action.CHANGE, Thing.ASSETS)
        async with self._context.database.write() as connection:
            await self._change(connection, await self._row(connection, ident), clean_fields(new))
            return _shown(await self._row(connection, ident))

    async def load(self, actor: Actor, table: AssetTable) -> AssetsImported:
        """Add the lines of a table, and change what has the same inventory number, or else the same serial number."""
        check(actor, Action.ADD, Thing.ASSETS)
        lines, wrong = read_table(table.csv)
        if wrong:
            return AssetsImported(0, 0, tuple(wrong))
        added = 0
        async with self._context.database.write() as connection:
            for new in lines:
                old = await asset_store.with_number(connection, inventory=new.inventory, serial=new.serial)
                if old is None:
                    await self._add(connection, new)
                    added += 1
                else:
                    await self._change(connection, old, new)
        return AssetsImported(added, len(lines) - added, ())

    async def of_ticket(self, actor: Actor, tracking: str) -> AssetList:
        """Return what a ticket is about. Raises TicketNotFound."""
        check(actor, Action.READ, Thing.ASSETS)
        async with self._context.database.read() as connection:
            ticket = await self._context.permitted(connection, actor, Action.READ, tracking)
            return AssetList(tuple(map(_shown, await asset_store.of_ticket(connection, ticket.id))))

    async def suggested(self, actor: Actor, tracking: str) -> AssetList:
        """Return what it may be about: the requester's things, the computer that joined. Raises TicketNotFound."""
        check(actor, Action.READ, Thing.ASSETS)
        async with self._context.database.read() as connection:
            ticket = await self._context.permitted(connection, actor, Action.READ, tracking)
            return AssetList(tuple(map(_shown, await asset_store.suggested(connection, ticket.id, _SUGGESTED))))

    async def put_on(self, actor: Actor, tracking: str, new: TicketAssets) -> AssetList:
        """Say what a ticket is about. Raises TicketNotFound, NotFound."""
        check(actor, Action.READ, Thing.ASSETS)
        context, now = self._context, self._context.now()
        async with context.database.write() as connection:
            ticket = await context.permitted(connection, actor, Action.ORGANISE, tracking)
            before = {row.id: row.name for row in await asset_store.of_ticket(connection, ticket.id)}
            wanted = await asset_store.existing(connection, new.assets)
            if len(wanted) != len(set(new.assets)):
                raise NotFound(_WHAT)
            if wanted.keys() != before.keys():
                await asset_store.put_on(connection, ticket.id, new.assets)
                await asset_store.learn_computer(connection, ticket.id)
                said = entry(ticket, actor, EntryKind.ASSETS, _told(actor, wanted), now, internal=True)
                await context.story.tell(connection, said)
            listed = AssetList(tuple(map(_shown, await asset_store.of_ticket(connection, ticket.id))))
        context.hub.publish("ticket", ticket.tracking)
        return listed

    async def _row(self, connection: AsyncConnection, ident: str) -> AssetRow:
        row = await asset_store.by_id(connection, ident)
        if row is None:
            raise NotFound(_WHAT)
        return row

    async def _values(self, connection: AsyncConnection, new: AssetFields, old: AssetRow | None) -> dict[str, Any]:
        context, now, owner = self._context, self._context.now(), None
        if new.inventory:
            other = await asset_store.with_number(connection, inventory=new.inventory, serial="")
            if other is not None and (old is None or other.id != old.id):
                raise AlreadyThere(f"an asset with the inventory number {new.inventory}")
        if new.owner:
            owner = await people_store.person(connection, new.owner, fresh_id=context.new_id(), now=now)
        retired_at = (old.retired_at if old is not None and old.retired_at else now) if new.retired else None
        searched = (new.name, new.serial, new.inventory, new.location)
        return {
            "name": new.name,
            "kind": new.kind,
            "serial": new.serial,
            "inventory": new.inventory,
            "location": new.location,
            "owner_id": owner,
            "notes": new.notes,
            "search_text": fold(" ".join(searched)),
            "retired_at": retired_at,
            "updated_at": now,
        }

    async def _add(self, connection: AsyncConnection, new: AssetFields) -> str:
        ident = self._context.new_id()
        values = await self._values(connection, new, None)
        await asset_store.add(connection, id=ident, created_at=values["updated_at"], **values)
        return ident

    async def _change(self, connection: AsyncConnection, old: AssetRow, new: AssetFields) -> None:
        await asset_store.change(connection, old.id, **await self._values(connection, new, old))
        if (old.name, old.serial, old.inventory, old.location) != (new.name, new.serial, new.inventory, new.location):
            for ticket in await asset_store.tickets_of(connection, old.id):
                await ticket_documents.write(connection, ticket)


async def note_computer(connection: AsyncConnection, told: Told) -> None:
    """Let a ticket be about the computer that joined it, when that is known; a listener of the story."""
    if told.new.kind in {EntryKind.AGENT_JOINED, EntryKind.AGENT_REPLACED}:
        if await asset_store.put_computer_on(connection, told.new.ticket) is None:
            await asset_store.learn_computer(connection, told.new.ticket)
        else:
            await ticket_documents.write(connection, told.new.ticket)


def clean_fields(new: AssetFields) -> AssetFields:
    """Return a thing with every text cleaned. Raises Invalid."""
    lines = {
        name: clean_line(getattr(new, name), name) if getattr(new, name).strip() else ""
        for name in ("serial", "inventory", "location")
    }
    return AssetFields(
        name=clean_line(new.name, "name"),
        kind=new.kind,
        owner=clean_email(new.owner) if new.owner.strip() else "",
        notes=clean_text(new.notes, "notes") if new.notes.strip() else "",
        retired=new.retired,
        **lines,
    )


def read_table(text: str) -> tuple[list[AssetFields], list[TableLine]]:
    """Return the things of a CSV table, and what is wrong with which line; commas, semicolons or tabs between."""
    head = text.lstrip("\ufeff").partition("\n")[0]
    delimiter = max((",", ";", "\t"), key=head.count)
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=delimiter)
    rows = list(_rows_of(reader))
    names = [name.strip().casefold() for name in rows[0]] if rows else []
    strange = [name for name in names if name not in _COLUMNS]
    if "name" not in names or strange:
        what = f"there is no column {strange[0][:40]!r}" if strange else "there is no column 'name'"
        return [], [TableLine(1, f"{what}. The columns are {', '.join(AssetFields.__struct_fields__)}.")]
    found: list[AssetFields] = []
    wrong: list[TableLine] = []
    for number, row in enumerate(rows[1 : MOST_LINES + 1], 2):
        if any(cell.strip() for cell in row):
            try:
                found.append(_asset_of(dict(zip(names, row, strict=False))))
            except Invalid as error:
                wrong.append(TableLine(number, str(error)))
    if len(rows) > MOST_LINES + 1:
        wrong.append(TableLine(MOST_LINES + 2, f"Send at most {MOST_LINES:,} lines at once."))
    return found, wrong


def _rows_of(reader: Any) -> Any:
    try:
        yield from reader
    except csv.Error:
        # What was read so far ends here; a line without an end is no table.
        return


def _asset_of(cells: dict[str, str]) -> AssetFields:
    values: dict[str, Any] = {name: cell.strip() for name, cell in cells.items()}
    values["retired"] = str(values.get("retired", "")).casefold() in _YES
    values["kind"] = str(values.get("kind", "")).casefold() or Asset.HARDWARE
    try:
        return clean_fields(msgspec.convert(values, AssetFields))
    except msgspec.ValidationError as error:
        text, _, where = str(error).partition(" - at `$.")
        raise Invalid(where.rstrip("`"), f"{text[:1].lower()}{text[1:].rstrip('.')}.") from None


def _told(actor: Actor, wanted: dict[str, str]) -> str:
    if not wanted:
        return f"{actor.name} took all assets off this request."
    return f"{actor.name} said what this request is about: {', '.join(wanted.values())}."


def _parse_cursor(text: str) -> tuple[str, str] | None:
    if not text:
        return None
    try:
        cursor = msgspec.json.decode(parse_b64(text), type=_Cursor)
    except (ValueError, msgspec.MsgspecError):
        raise Invalid("cursor", "use the next_cursor of an earlier answer, or leave it out.") from None
    return cursor.name, cursor.id


def _shown(row: AssetRow) -> AssetView:
    return AssetView(
        id=row.id,
        name=row.name,
        kind=Asset(row.kind),
        serial=row.serial,
        inventory=row.inventory,
        location=row.location,
        owner=row.owner,
        notes=row.notes,
        retired=row.retired_at is not None,
        computer=row.agent_key is not None,
        changed_at=row.updated_at,
    )
