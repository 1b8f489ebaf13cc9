"""A row of the outbox as the mail that leaves: its keys, its reply address, its thread, the files of an answer."""

import re
from datetime import datetime
from typing import Final

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.mail.identity import message_id, reply_address
from tickets.mail.message import Enclosure, Letter, Sender, pack_letter
from tickets.mail.writing import KEY_PLACE, LIST_PLACE, RATING_PLACE, TO_REQUESTER, MailKind, with_keys
from tickets.services.context import Context
from tickets.settings import MailSettings
from tickets.store import mail_threads
from tickets.store.attachments import AttachmentRow
from tickets.store.outbox import OutboxRow

# RFC 3834: the answer to somebody's request, what happened by itself; nothing for what a person wrote.
_AUTOMATIC: Final = {
    MailKind.CONFIRMATION: "auto-replied",
    MailKind.LINK: "auto-replied",
    MailKind.MY: "auto-replied",
    MailKind.REPLY: "",
    MailKind.COPY: "",
}
# What somebody else made goes into a header only if it is one plain Message-ID.
_MESSAGE_ID: Final = re.compile(r"<[!-;=?-~]{1,250}>\Z")
_FILES_WAIT: Final = {
    "en": "Too large for mail, on the page of the request:",
    "de": "Zu groß für E-Mail, auf der Seite der Anfrage:",
}


class Packing:
    """Makes mails."""

    def __init__(self, context: Context, mail: MailSettings) -> None:
        """Use the shared parts."""
        self._context: Final = context
        self._mail: Final = mail
        self._sender: Final = Sender(mail.name, mail.address)

    async def pack(self, connection: AsyncConnection, row: OutboxRow) -> bytes:
        """Return the mail as bytes. Raises ValueError when a header can't be made."""
        token_key, kind = self._context.keys.token_key, MailKind(row.kind)
        files = []
        if row.entry_id is not None:
            files = await mail_threads.files_of(connection, row.ticket_id, row.entry_id)
        enclosed, waiting = await self._enclosed(files)
        more_text, more_html = _waiting(waiting, row.language or "en")
        keys = self._keys(row)
        alone = kind is MailKind.MY
        return pack_letter(
            Letter(
                sender=self._sender,
                recipient=row.recipient,
                message_id=row.message_id,
                thread="" if alone else message_id(token_key, "thread", row.tracking, 0, self._sender.host),
                subject=row.subject,
                text=with_keys(row.text, keys) + more_text,
                html=with_keys(row.html, keys).replace("</body>", f"{more_html}</body>", 1),
                at=row.created_at,
                reply_to=self._reply_to(row),
                answers="" if alone else await _answered(connection, row),
                automatic=_AUTOMATIC.get(kind, "auto-generated"),
                enclosures=enclosed,
            )
        )

    def _keys(self, row: OutboxRow) -> dict[str, str]:
        """Return what belongs in the places for keys.

        A key goes to the person it belongs to and to nobody else, whatever stands in the outbox.
        """
        if row.kind not in TO_REQUESTER or row.recipient != row.requester_email:
            return {KEY_PLACE: "", RATING_PLACE: "", LIST_PLACE: ""}
        keys, person = self._context.keys, row.requester_id
        owner = (row.ticket_id, person, row.requester_generation)
        until = self._list_until(row.created_at)
        return {
            KEY_PLACE: keys.requester_token(*owner),
            RATING_PLACE: keys.rating_key(*owner),
            LIST_PLACE: keys.list_key(person, int(until.timestamp())) if row.kind == MailKind.MY else "",
        }

    def _list_until(self, asked_at: datetime) -> datetime:
        """Count from when the mail leaves: one that waited for the server is of use for as long as any other."""
        return max(asked_at, self._context.now()) + self._context.settings.lives.request_list

    def _reply_to(self, row: OutboxRow) -> str:
        if not self._mail.plus_addressing or not row.recipient_id:
            return ""
        return reply_address(self._context.keys.token_key, self._sender.address, row.tracking, row.recipient_id)

    async def _enclosed(self, files: list[AttachmentRow]) -> tuple[tuple[Enclosure, ...], list[AttachmentRow]]:
        """Return the files that go along, the first ones as long as there is room, and those that wait."""
        store, left = self._context.files, self._mail.attached_bytes
        enclosed: list[Enclosure] = []
        waiting: list[AttachmentRow] = []
        for file in files:
            if file.size > left or not store.has(file.content):
                waiting.append(file)
                continue
            left -= file.size
            data = b"".join([piece async for piece in store.pieces(file.content)])
            enclosed.append(Enclosure(file.name, file.kind, data))
        return tuple(enclosed), waiting


def _waiting(files: list[AttachmentRow], language: str) -> tuple[str, str]:
    """Return what is said about files that did not go along, as text and as HTML."""
    if not files:
        return "", ""
    said = _FILES_WAIT.get(language, _FILES_WAIT["en"])
    names = [f"{file.name} ({max(1, file.size // 1024):,} KiB)" for file in files]
    lines = "".join(f"- {name}\n" for name in names)
    items = Markup("").join(Markup("<li>{}</li>").format(name) for name in names)
    html = Markup(
        '<div style="max-width:36rem;margin:12px auto 0;font-size:13px;color:#52626c">{}<ul>{}</ul></div>'
    ).format(said, items)
    return f"\n{said}\n{lines}", str(html)


async def _answered(connection: AsyncConnection, row: OutboxRow) -> str:
    """Return the Message-ID of the last mail that the recipient wrote on this ticket before this one."""
    found = await mail_threads.last_received(connection, row.ticket_id, row.recipient, row.created_at)
    return found.strip() if _MESSAGE_ID.match(found.strip()) else ""
