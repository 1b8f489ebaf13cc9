"""What is around a ticket: watchers, tags, links, time, drafts."""

import re
from typing import Final

from tickets.domain.access import Action, Actor, Thing, check
from tickets.domain.conversation import (
    MAX_TAG,
    DraftView,
    LinkList,
    NewDraft,
    NewLink,
    NewTags,
    NewTime,
    NewWatchers,
    TagList,
    TimeSpent,
    WatcherList,
)
from tickets.domain.errors import Invalid, NotAllowed, NotFound, TicketNotFound
from tickets.domain.linking import Link
from tickets.domain.values import EntryKind, TechnicianId
from tickets.services.context import Context, entry
from tickets.services.linking import unwrite_link, write_link
from tickets.services.reading import links_of, time_spent_on, watchers_of
from tickets.services.watching import add_watchers, remove_watcher
from tickets.store import tags as tag_store
from tickets.store import work as work_store
from tickets.store.tickets import TicketRow
from tickets.text import clean_email, clean_line, clean_text, fold

DRAFT_FIELDS: Final = frozenset({"text", "solution"})
_SUGGESTED: Final = 10
_NOT_IN_TAGS: Final = re.compile(r"[^\w.+-]+")


def clean_tag(text: str) -> str:
    """Return a tag in the one form in which it is kept: folded, its words joined by hyphens. Raises Invalid."""
    tag = _NOT_IN_TAGS.sub("-", fold(text)).strip("-.")
    if not tag:
        raise Invalid("tags", "a tag needs a letter or a digit.")
    if len(tag) > MAX_TAG:
        raise Invalid("tags", f"a tag has at most {MAX_TAG} characters.")
    return tag


class SurroundingsService:
    """Implements `tickets.domain.conversation.Conversations`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def watch(self, actor: Actor, tracking: str, new: NewWatchers) -> WatcherList:
        """Tell these people too."""
        people = [(clean_email(email), "") for email in new.emails]
        context = self._context
        async with context.database.write() as connection:
            row = await context.permitted(connection, actor, Action.ORGANISE, tracking)
            await add_watchers(context, connection, actor, row, people)
            found = await watchers_of(connection, row.id)
        self._changed(row)
        return WatcherList(found)

    async def unwatch(self, actor: Actor, tracking: str, email: str) -> WatcherList:
        """Tell this address no more."""
        context = self._context
        async with context.database.write() as connection:
            row = await context.permitted(connection, actor, Action.ORGANISE, tracking)
            if not await remove_watcher(context, connection, actor, row, email.strip().casefold()):
                raise NotFound("watcher")
            found = await watchers_of(connection, row.id)
        self._changed(row)
        return WatcherList(found)

    async def tag(self, actor: Actor, tracking: str, new: NewTags) -> TagList:
        """Give a ticket these tags and no others."""
        wanted = tuple(dict.fromkeys(clean_tag(tag) for tag in new.tags if tag.strip()))
        context, now = self._context, self._context.now()
        async with context.database.write() as connection:
            row = await context.permitted(connection, actor, Action.ORGANISE, tracking)
            before = set(await tag_store.of_ticket(connection, row.id))
            changes = [f"+{tag}" for tag in wanted if tag not in before]
            changes += [f"−{tag}" for tag in sorted(before - set(wanted))]
            if changes:
                await tag_store.put(connection, row.id, wanted)
                text = f"{actor.name} changed the tags: {', '.join(changes)}."
                await context.story.tell(connection, entry(row, actor, EntryKind.TAGS, text, now, internal=True))
            found = await tag_store.of_ticket(connection, row.id)
        self._changed(row)
        return TagList(found)

    async def tags(self, actor: Actor, q: str) -> TagList:
        """Return tags that are in use and begin with `q`, those most in use first."""
        check(actor, Action.LIST, Thing.QUEUE)
        prefix = _NOT_IN_TAGS.sub("-", fold(q)).strip("-.")
        async with self._context.database.read() as connection:
            return TagList(await tag_store.beginning_with(connection, prefix, _SUGGESTED))

    async def link(self, actor: Actor, tracking: str, new: NewLink) -> LinkList:
        """Link two tickets."""
        context = self._context
        async with context.database.write() as connection:
            row = await context.permitted(connection, actor, Action.ORGANISE, tracking)
            try:
                other = await context.permitted(connection, actor, Action.ORGANISE, new.other)
            except TicketNotFound:
                raise Invalid("other", "there is no request with this number.") from None
            if other.id == row.id:
                raise Invalid("other", "name another request than this one.")
            await write_link(context, connection, actor, row, link=new.link, other=other)
            found = await links_of(connection, row.id)
        self._changed(row)
        self._changed(other)
        return LinkList(found)

    async def unlink(self, actor: Actor, tracking: str, link: Link, other: str) -> LinkList:
        """Take a link away. Raises NotFound."""
        context = self._context
        async with context.database.write() as connection:
            row = await context.permitted(connection, actor, Action.ORGANISE, tracking)
            linked = await context.permitted(connection, actor, Action.ORGANISE, other)
            if not await unwrite_link(context, connection, actor, row, link=link, other=linked):
                raise NotFound("link")
            found = await links_of(connection, row.id)
        self._changed(row)
        self._changed(linked)
        return LinkList(found)

    async def spend(self, actor: Actor, tracking: str, new: NewTime) -> TimeSpent:
        """Write down time."""
        context, now = self._context, self._context.now()
        note = clean_line(new.note, "note") if new.note.strip() else ""
        async with context.database.write() as connection:
            row = await context.permitted(connection, actor, Action.ORGANISE, tracking)
            await work_store.spend(connection, row.id, _technician(actor), new.minutes, note=note, now=now)
            what = f"{actor.name} spent {new.minutes} minute{'s' if new.minutes != 1 else ''} on this"
            text = f"{what}: {note}" if note else f"{what}."
            await context.story.tell(connection, entry(row, actor, EntryKind.TIME_SPENT, text, now, internal=True))
            found = await time_spent_on(connection, row.id)
        self._changed(row)
        return found

    async def keep_draft(self, actor: Actor, tracking: str, field: str, new: NewDraft) -> DraftView:
        """Keep one's own draft."""
        context, now = self._context, self._context.now()
        # Kept as it was typed, but for what no text may hold.
        text = clean_text(new.text, "text") if new.text.strip() else ""
        async with context.database.write() as connection:
            row = await context.permitted(connection, actor, Action.NOTE, tracking)
            await work_store.keep_draft(connection, row.id, _technician(actor), _field(field), text, now=now)
        return DraftView(field, text, now if text else None)

    async def draft(self, actor: Actor, tracking: str, field: str) -> DraftView:
        """Return one's own draft; an empty text when there is none."""
        context = self._context
        async with context.database.read() as connection:
            row = await context.permitted(connection, actor, Action.NOTE, tracking)
            found = await work_store.draft(connection, row.id, _technician(actor), _field(field))
        return DraftView(field, *(found or ("", None)))

    def _changed(self, row: TicketRow) -> None:
        self._context.hub.publish("ticket", row.tracking)


def _field(name: str) -> str:
    if name not in DRAFT_FIELDS:
        raise NotFound("draft")
    return name


def _technician(actor: Actor) -> TechnicianId:
    if actor.technician is None:
        raise NotAllowed(Action.ORGANISE)
    return actor.technician
