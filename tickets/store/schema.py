"""All tables of the database: whoever imports this module has the whole of METADATA."""

from tickets.store.tables.base import METADATA
from tickets.store.tables.conversation import (
    attachments,
    drafts,
    files,
    merges,
    message_parts,
    ticket_links,
    ticket_tags,
    time_spent,
    watchers,
)
from tickets.store.tables.counting import counters, numbers
from tickets.store.tables.intake import mail_addresses, mail_ids, mailboxes, raw_mails
from tickets.store.tables.knowledge import articles
from tickets.store.tables.outbox import outbox
from tickets.store.tables.people import devices, logins, people, technicians
from tickets.store.tables.sessions import agents, join_codes, sessions, socket_tickets
from tickets.store.tables.tickets import tickets, timeline

__all__ = [
    "METADATA",
    "agents",
    "articles",
    "attachments",
    "counters",
    "devices",
    "drafts",
    "files",
    "join_codes",
    "logins",
    "mail_addresses",
    "mail_ids",
    "mailboxes",
    "merges",
    "message_parts",
    "numbers",
    "outbox",
    "people",
    "raw_mails",
    "sessions",
    "socket_tickets",
    "technicians",
    "ticket_links",
    "ticket_tags",
    "tickets",
    "time_spent",
    "timeline",
    "watchers",
]
