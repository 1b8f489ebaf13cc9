"""What becomes of a mail that was read: a ticket, a line of one, or a reason why a person has to decide.

Everything happens in the transaction of the caller, who has the mail's row locked.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import ANONYMOUS, Action, Actor, Role, check, relation
from tickets.domain.attachments import MessageExtras
from tickets.domain.errors import Invalid, NotAllowed
from tickets.domain.intake import IntakeState
from tickets.domain.values import Asset, Channel, EntryKind, PersonId
from tickets.domain.views import NewTicket
from tickets.mail.intake.budget import Budget
from tickets.mail.intake.composing import Party, people_in_copy, sender_of, title_of, urgency_of, words_of
from tickets.mail.intake.enclosures import Enclosures
from tickets.mail.intake.machines import Machines, Report, is_for_nobody
from tickets.mail.intake.matching import Match, Matcher, Proof, Way
from tickets.mail.intake.trust import is_authentic
from tickets.mail.intake.understanding import Understood
from tickets.mail.reading.kinds import Person
from tickets.mail.writing import TO_STAFF
from tickets.services.context import Context
from tickets.services.conversation import Conversation
from tickets.services.extras import add_extras
from tickets.services.filing import Filing, clean_request
from tickets.settings import IntakeSettings
from tickets.store import mail_ids
from tickets.store import people as people_store
from tickets.store import watchers as watcher_store
from tickets.store.people import TechnicianRow
from tickets.store.raw_mails import RawMail
from tickets.store.schema import timeline
from tickets.store.tickets import TicketRow
from tickets.store.timeline import NewEntry

NEW_TICKET: Final = "new"
"""What stands in `raw_mails.wanted` when a technician wants a ticket made of it."""


@dataclass(frozen=True)
class Outcome:
    """What became of a mail; `entry` is the line of the timeline that it is."""

    state: IntakeState
    reason: str = ""
    ticket: str | None = None
    entry: int | None = None


def suspended(reason: str) -> Outcome:
    """Return the outcome of a mail about which a person has to decide."""
    return Outcome(IntakeState.SUSPENDED, reason)


@dataclass(frozen=True)
class Case:
    """One mail with all that is known of it before the tickets are looked at."""

    raw: RawMail
    read: Understood
    enclosures: Enclosures
    sender: Party
    way: Way | None
    authentic: bool

    @property
    def is_automatic(self) -> bool:
        """Whether a machine wrote it, which is never answered."""
        return not isinstance(self.read.kind, Person)


class Clerk:
    """Acts on mails."""

    def __init__(self, context: Context, intake: IntakeSettings) -> None:
        """Use the shared parts."""
        self._context: Final = context
        self._intake: Final = intake
        own = () if context.settings.mail is None else (context.settings.mail.address,)
        self._matcher: Final = Matcher(context, tuple(dict.fromkeys((*intake.addresses, *own))))
        self._machines: Final = Machines(context, self._matcher)
        self._budget: Final = Budget(context)
        self._filing: Final = Filing(context)
        self._conversation: Final = Conversation(context)

    async def act(self, connection: AsyncConnection, raw: RawMail, read: Understood, enclosures: Enclosures) -> Outcome:
        """Make of a mail what it is to become."""
        mail = read.mail
        if self._matcher.own_ids((mail.message_id,)):
            return Outcome(IntakeState.IGNORED, "It is a mail of this help desk itself.")
        way = await self._matcher.way(connection, (*raw.recipients, *mail.delivered_to))
        sender = sender_of(mail)
        report = await self._machines.report(connection, read, way, raw.wanted)
        if report is not None:
            return await self._reported(connection, raw, read, report, enclosures)
        if sender is None:
            return suspended("It names no sender with an address that can be written to.")
        if self._matcher.is_ours(sender.email) and not raw.wanted:
            return suspended(f"It claims to come from this help desk's own address, {sender.email}.")
        authentic = is_authentic(mail, self._intake.authserv_id, trusted=raw.trusted)
        return await self._decide(connection, Case(raw, read, enclosures, sender, way, authentic))

    async def _reported(
        self, connection: AsyncConnection, raw: RawMail, read: Understood, report: Report, enclosures: Enclosures
    ) -> Outcome:
        row, sender = report.ticket, sender_of(read.mail)
        if row is None:
            return suspended(report.unknown)
        whose = "" if sender is None else sender.email
        if not raw.wanted and (refusal := await self._over_budget(connection, whose, row, automatic=True)):
            return suspended(refusal)
        entry = await self._machines.write(connection, report, row, read, enclosures.files)
        return Outcome(IntakeState.DONE, "", row.id, entry)

    async def _decide(self, connection: AsyncConnection, case: Case) -> Outcome:
        if case.raw.wanted == NEW_TICKET:
            return await self._filed(connection, case)
        match = await self._match(connection, case)
        if isinstance(match, Outcome):
            return match
        row = None if match is None else match.ticket
        if not case.raw.wanted and (
            refusal := await self._over_budget(connection, case.sender.email, row, automatic=case.is_automatic)
        ):
            return suspended(refusal)
        if match is not None:
            return await self._continued(connection, case, match)
        reason = is_for_nobody(case.read, self._matcher) if case.is_automatic else ""
        return suspended(reason) if reason else await self._filed(connection, case)

    async def _match(self, connection: AsyncConnection, case: Case) -> Match | Outcome | None:
        """Return the ticket, None when it is a new one, or why neither can be said."""
        if case.raw.wanted:
            row = await self._matcher.ticket(connection, case.raw.wanted)
            return suspended("The request that it was meant for is gone.") if row is None else Match(row, Proof.WANTED)
        match = await self._matcher.match(connection, case.read.mail, case.way)
        if match is not None:
            return match
        row = await self._matcher.named(connection, case.read.mail.subject)
        if row is None:
            return None
        if case.is_automatic:
            return suspended(f"A machine sent it, and it names {row.tracking} without proof that it belongs there.")
        if not await self._belongs(connection, row, case.sender):
            return suspended(f"It names {row.tracking}, but {case.sender.email} has no part in that request.")
        if not case.authentic:
            who = case.sender.email
            return suspended(f"It names {row.tracking}, and our mail server did not verify that {who} wrote it.")
        return Match(row, Proof.NUMBER)

    async def _belongs(self, connection: AsyncConnection, row: TicketRow, sender: Party) -> bool:
        if sender.email == row.requester_email:
            return True
        return sender.email in await watcher_store.among(connection, row.id, [sender.email])

    async def _over_budget(
        self, connection: AsyncConnection, sender: str, row: TicketRow | None, *, automatic: bool
    ) -> str | None:
        """Count a mail; return why it is one too many. The ticket is told once a day that something is held back."""
        refusal = await self._budget.refusal(
            connection, sender=sender, ticket=None if row is None else row.id, automatic=automatic
        )
        if refusal is not None and row is not None and await self._budget.first_time(connection, row.id):
            text = f"Mail for this request is held back. {refusal} It waits under Mail."
            await self._context.story.tell(connection, self._note(row, "Mail", text))
        return refusal

    async def _continued(self, connection: AsyncConnection, case: Case, match: Match) -> Outcome:
        """Add a mail to its ticket, as whoever it proves to be from."""
        row, sender = match.ticket, case.sender
        if case.is_automatic:
            return await self._noted(connection, case, row, "An automatic answer.")
        belongs = await self._belongs(connection, row, sender)
        claimed = await people_store.technician_by_email(connection, sender.email)
        if claimed is not None and claimed.disabled_at is not None:
            claimed = None
        through = case.way.technician if case.way is not None and case.way.tracking == row.tracking else None
        for_staff = match.own is not None and match.own.kind in TO_STAFF
        if through is not None or for_staff or (claimed is not None and sender.email != row.requester_email):
            doubt = doubt_about_technician(case, through, claimed)
            if doubt:
                return await self._noted(connection, case, row, doubt)
            if through is not None:
                return await self._as_technician(connection, case, row, through)
        return await self._as_requester(connection, case, row, belongs=belongs)

    async def _as_technician(
        self, connection: AsyncConnection, case: Case, row: TicketRow, technician: TechnicianRow
    ) -> Outcome:
        actor = Actor(role=technician.role, name=technician.name, technician=technician.id)
        try:
            check(actor, Action.REPLY, relation(actor, row.tracking, row.assignee_id))
        except NotAllowed:
            return await self._noted(connection, case, row, f"{technician.name} may not answer here.")
        text, extras = self._said(case)
        said = await self._conversation.say(connection, actor, row, text, extras=extras)
        return await self._done(connection, case, row, int(said.entry.id))

    async def _as_requester(self, connection: AsyncConnection, case: Case, row: TicketRow, *, belongs: bool) -> Outcome:
        sender = case.sender
        is_requester = sender.email == row.requester_email
        person = row.requester_id
        if not is_requester:
            context = self._context
            person = await people_store.person(connection, sender.email, fresh_id=context.new_id(), now=context.now())
        actor = Actor(
            role=Role.REQUESTER,
            name=row.requester_name if is_requester else sender.shown,
            person=PersonId(person),
            tracking=row.tracking,
        )
        if not belongs and not self._conversation.takes(actor, row):
            # Who has no part in a request does not open another one in its requester's name.
            return await self._filed(connection, case)
        text, extras = self._said(case)
        received = await self._conversation.receive(connection, actor, row, text, channel=Channel.EMAIL, extras=extras)
        if received.said is not None:
            entry = int(received.said.entry.id)
        else:
            entry = await self._first_entry(connection, received.ticket.id)
        if belongs:
            await self._watch(connection, case, received.ticket)
        return await self._done(connection, case, received.ticket, entry)

    async def _filed(self, connection: AsyncConnection, case: Case) -> Outcome:
        mail = case.read.mail
        text, extras = self._said(case)
        new = NewTicket(
            category=self._intake.category,
            title=title_of(mail),
            description=text,
            urgency=urgency_of(mail),
            asset=Asset.OTHER,
            email=case.sender.email,
            name=case.sender.name,
        )
        try:
            request = clean_request(new, Channel.EMAIL)
        except Invalid as error:
            return suspended(f"No request can be made of it ({error}).")
        filed = await self._filing.file(connection, ANONYMOUS, request, confirm=not case.is_automatic, extras=extras)
        await self._watch(connection, case, filed.ticket)
        return await self._done(connection, case, filed.ticket, await self._first_entry(connection, filed.ticket.id))

    async def _noted(self, connection: AsyncConnection, case: Case, row: TicketRow, why: str) -> Outcome:
        """Add a mail as an internal line, which changes nothing else and tells nobody."""
        text, extras = self._said(case, f"Internal: {why}")
        written = await self._context.story.tell(connection, self._note(row, case.sender.shown, text))
        entry = int(written.id)
        await add_extras(self._context, connection, ANONYMOUS, extras, ticket=row.id, entry=entry, internal=True)
        return await self._done(connection, case, row, entry)

    async def _done(self, connection: AsyncConnection, case: Case, row: TicketRow, entry: int) -> Outcome:
        now = self._context.now()
        # Its own only: what else stands in References is anybody's to write, and could claim a thread to come.
        await mail_ids.remember(connection, case.read.mail.message_id, row.id, now)
        return Outcome(IntakeState.DONE, "", row.id, entry)

    async def _watch(self, connection: AsyncConnection, case: Case, row: TicketRow) -> None:
        if case.is_automatic:
            return
        for each in people_in_copy(case.read.mail):
            if each.email != row.requester_email and not self._matcher.is_ours(each.email):
                await watcher_store.add(connection, row.id, each.email, each.name, self._context.now())

    def _said(self, case: Case, *remarks: str) -> tuple[str, MessageExtras]:
        text, rest = words_of(case.read, (*case.enclosures.remarks, *remarks))
        return text, MessageExtras(
            channel=Channel.EMAIL, quoted=rest, html=case.read.html, attachments=case.enclosures.files
        )

    def _note(self, row: TicketRow, who: str, text: str) -> NewEntry:
        return NewEntry(
            ticket=row.id,
            at=self._context.now(),
            kind=EntryKind.NOTE,
            who=who,
            role=Role.ANONYMOUS,
            text=text,
            internal=True,
            channel=Channel.EMAIL,
        )

    async def _first_entry(self, connection: AsyncConnection, ticket: str) -> int:
        query = select(func.min(timeline.c.id)).where(timeline.c.ticket_id == ticket)
        found: int = (await connection.execute(query)).scalar_one()
        return found


def doubt_about_technician(case: Case, through: TechnicianRow | None, claimed: TechnicianRow | None) -> str:
    """Return why a mail may not speak for a technician; empty when it may.

    From is anybody's to write; the reply address alone could have been forwarded. Both together with our own mail
    server's word that From is genuine are the technician.
    """
    if through is None:
        return "it did not come to a technician's own reply address, so it was not sent on."
    if through.disabled_at is not None:
        return f"{through.name} works here no more, so it was not sent on."
    if claimed is None or claimed.id != through.id:
        return f"it came to {through.name}'s reply address from somebody else, so it was not sent on."
    if not case.authentic:
        return f"our mail server did not verify that {through.name} sent it, so it was not sent on."
    return ""
