"""Imports: taken in by the front, read by the worker, a hundred lines a transaction.

The lines of a step and how far the import is are written together, so a worker that dies in between reads no line
twice and forgets none.
"""

from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import Action, Actor, Role, Thing, check
from tickets.domain.errors import Invalid, NotAllowed, NotFound
from tickets.domain.importing import (
    MAX_FAULTS,
    Fault,
    ImportKind,
    ImportList,
    ImportQuery,
    ImportState,
    ImportView,
    Line,
    read_table,
)
from tickets.domain.knowledge import ArticleState, Visibility
from tickets.domain.values import TechnicianId
from tickets.domain.views import MAX_LINE, MAX_TITLE
from tickets.passwords import NO_PASSWORD
from tickets.services.context import Context
from tickets.store import articles as article_store
from tickets.store import imports as import_store
from tickets.store import people as people_store
from tickets.store.imports import ImportRow
from tickets.store.people import TechnicianRow
from tickets.text import clean_email, clean_line, clean_text

STEP_LINES: Final = 100
_LEASE: Final = timedelta(minutes=2)
_LONGEST_BODY: Final = 100_000
_LANGUAGES: Final = ("en", "de")


class ImportService:
    """Implements `tickets.domain.importing.Imports`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def begin(self, actor: Actor, query: ImportQuery, content: bytes) -> ImportView:
        """Take a file in. Raises NotAllowed, Invalid for a file that can't be read at all."""
        check(actor, Action.ADD, Thing.PEOPLE)
        if actor.technician is None:
            raise NotAllowed(Action.ADD)
        lines = read_table(query.kind, content)
        if not lines:
            raise Invalid("file", "The file has a heading and no lines.")
        context, ident = self._context, self._context.new_id()
        async with context.database.write() as connection:
            await import_store.add(
                connection,
                id=ident,
                kind=query.kind,
                file_name=clean_line(query.file_name, "file_name")[:200],
                content=content,
                lines=len(lines),
                made_by=actor.technician,
                created_at=context.now(),
            )
            row = await import_store.by_id(connection, ident)
        context.bell.ring()
        return _view(row)

    async def listed(self, actor: Actor) -> ImportList:
        """Return the last imports. Raises NotAllowed."""
        check(actor, Action.LIST, Thing.PEOPLE)
        async with self._context.database.read() as connection:
            rows = await import_store.listed(connection)
        return ImportList(tuple(_view(row) for row in rows))

    async def get(self, actor: Actor, ident: str) -> ImportView:
        """Return one import. Raises NotFound, NotAllowed."""
        check(actor, Action.LIST, Thing.PEOPLE)
        async with self._context.database.read() as connection:
            return _view(await import_store.by_id(connection, ident))


class Importing:
    """Reads imports, for the worker."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def read_due(self) -> None:
        """Read until nothing waits."""
        # Nearly always nothing: then nobody waits for the writer.
        async with self._context.database.read() as connection:
            if not await import_store.is_any(connection):
                return
        while await self.step():
            pass

    async def step(self) -> bool:
        """Read the next lines of the oldest import; False when none waits."""
        context, now = self._context, self._context.now()
        async with context.database.write() as connection:
            taken = await import_store.lease(connection, now, now + _LEASE)
        if taken is None:
            return False
        row, content = taken
        lines = read_table(row.kind, content)
        async with context.database.write() as connection:
            await self._read(connection, row, lines[row.read : row.read + STEP_LINES], now)
        return True

    async def _read(self, connection: AsyncConnection, row: ImportRow, lines: list[Line], now: datetime) -> None:
        faults = msgspec.json.decode(row.faults, type=list[Fault])
        added = changed = 0
        for line in lines:
            try:
                fresh = await self._take(connection, row, line, now)
            except Invalid as error:
                if len(faults) < MAX_FAULTS:
                    faults.append(Fault(line.number, str(error)))
                continue
            added += fresh
            changed += not fresh
        read = row.read + len(lines)
        done = read >= row.lines
        await import_store.change(
            connection,
            row.id,
            read=read,
            added=row.added + added,
            changed=row.changed + changed,
            faults=msgspec.json.encode(faults).decode(),
            lease_until=None,
            **({"state": ImportState.DONE, "done_at": now, "content": b""} if done else {}),
        )

    async def _take(self, connection: AsyncConnection, row: ImportRow, line: Line, now: datetime) -> bool:
        """Take one line in; whether it added something, else it changed something. Raises Invalid."""
        match row.kind:
            case ImportKind.TECHNICIANS:
                return await self._technician(connection, line.cells, now)
            case ImportKind.REQUESTERS:
                return await self._requester(connection, line.cells, now)
            case ImportKind.ARTICLES:
                return await self._article(connection, row.made_by, line.cells, now)

    async def _technician(self, connection: AsyncConnection, cells: dict[str, str], now: datetime) -> bool:
        email, name = clean_email(cells.get("email", "")), clean_line(cells.get("name", ""), "name")[:MAX_LINE]
        role = Role(_choice(cells, "role", (Role.TECHNICIAN, Role.ADMIN), Role.TECHNICIAN))
        found = await people_store.technician_by_email(connection, email)
        if found is not None:
            if found.role is not role and "role" in cells:
                # A file that somebody prepared must not make admins of people who are not.
                raise Invalid("role", f"{email} is there as {found.role}; the role is not changed by an import.")
            await people_store.change_technician(connection, found.id, name=name)
            return False
        row = TechnicianRow(
            TechnicianId(self._context.new_id()), email, name, role, NO_PASSWORD, available=True, created_at=now,
            disabled_at=None,
        )  # fmt: skip
        await people_store.add_technician(connection, row)
        return True

    async def _requester(self, connection: AsyncConnection, cells: dict[str, str], now: datetime) -> bool:
        email = clean_email(cells.get("email", ""))
        name = cells.get("name", "")
        language = _choice(cells, "language", _LANGUAGES, "")
        known = await people_store.id_by_email(connection, email)
        ident = await people_store.person(connection, email, fresh_id=self._context.new_id(), now=now)
        if name:
            await people_store.set_name(connection, ident, clean_line(name, "name")[:MAX_LINE])
        if language:
            await people_store.set_language(connection, ident, language)
        return known is None

    async def _article(self, connection: AsyncConnection, author: str, cells: dict[str, str], now: datetime) -> bool:
        title, body = clean_line(cells.get("title", ""), "title"), clean_text(cells.get("body", ""), "body")
        if len(title) > MAX_TITLE:
            raise Invalid("title", f"is longer than {MAX_TITLE} characters.")
        if len(body) > _LONGEST_BODY:
            raise Invalid("body", f"is longer than {_LONGEST_BODY} characters.")
        if await article_store.id_by_title(connection, title) is not None:
            raise Invalid("title", f"There is an article “{title}” already; change that one.")
        await article_store.add(
            connection,
            ident=self._context.new_id(),
            title=title,
            body=body,
            category=clean_line(cells["category"], "category")[:MAX_LINE] if cells.get("category") else "",
            author=author,
            # Somebody looks at it before it is shown, unless the file says otherwise.
            state=ArticleState(_choice(cells, "state", tuple(ArticleState), ArticleState.DRAFT)),
            visibility=Visibility(_choice(cells, "visibility", tuple(Visibility), Visibility.INTERNAL)),
            source=None,
            note="",
            now=now,
        )
        return True


def _choice(cells: dict[str, str], name: str, known: tuple[str, ...], otherwise: str) -> str:
    text = cells.get(name, "").casefold()
    if text and text not in known:
        raise Invalid(name, f"choose one of: {', '.join(known)}.")
    return text or otherwise


def _view(row: ImportRow | None) -> ImportView:
    if row is None:
        raise NotFound("import")
    faults = tuple(msgspec.json.decode(row.faults, type=list[Fault]))
    return ImportView(
        id=row.id, kind=row.kind, file_name=row.file_name, state=row.state, lines=row.lines, read=row.read,
        added=row.added, changed=row.changed, faults=faults, created_at=row.created_at, done_at=row.done_at,
    )  # fmt: skip
