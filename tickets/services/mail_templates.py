"""How mails are worded: looking, trying, saving, going back."""

from typing import Final

from tickets.domain.access import Action, Actor, Thing, check
from tickets.domain.errors import EditConflict, Invalid, NotAllowed, NotFound
from tickets.domain.outgoing import MailPreview, MailTemplateList, MailTemplateView, NewWording, WordingReset
from tickets.mail.wording import HTML_FILTERS, Wording, WordingFault
from tickets.mail.writing import LANGUAGES, NAMES, MailKind, built_in, try_wording
from tickets.services.context import Context
from tickets.store import mail_templates as template_store
from tickets.store.mail_templates import TemplateRow

_MAX_SHOWN: Final = 200_000


class MailTemplateService:
    """Implements `tickets.domain.outgoing.MailTemplates`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def listed(self, actor: Actor) -> MailTemplateList:
        """Return all of them."""
        check(actor, Action.SEE, Thing.ADMINISTRATION)
        async with self._context.database.read() as connection:
            changed = {(row.kind, row.language): row for row in await template_store.all_current(connection)}
        return MailTemplateList(
            tuple(_view(kind, language, changed.get((kind, language))) for kind in MailKind for language in LANGUAGES)
        )

    async def get(self, actor: Actor, kind: str, language: str) -> MailTemplateView:
        """Return one. Raises NotFound."""
        check(actor, Action.SEE, Thing.ADMINISTRATION)
        known = _known(kind, language)
        async with self._context.database.read() as connection:
            return _view(known, language, await template_store.current(connection, known, language))

    async def save(self, actor: Actor, kind: str, language: str, new: NewWording) -> MailTemplateView:
        """Use this wording from now on. Raises NotFound, Invalid, EditConflict."""
        check(actor, Action.CHANGE, Thing.ADMINISTRATION)
        wording = _clean(new)
        _tried(_known(kind, language), language, wording)
        return await self._add(actor, kind, language, new.revision, wording)

    async def reset(self, actor: Actor, kind: str, language: str, reset: WordingReset) -> MailTemplateView:
        """Use the built-in wording from now on. Raises NotFound, EditConflict."""
        check(actor, Action.CHANGE, Thing.ADMINISTRATION)
        _known(kind, language)
        return await self._add(actor, kind, language, reset.revision, None)

    async def preview(self, actor: Actor, kind: str, language: str, new: NewWording) -> MailPreview:
        """Return what this wording would make. Raises NotFound, Invalid."""
        check(actor, Action.SEE, Thing.ADMINISTRATION)
        return _tried(_known(kind, language), language, _clean(new))

    async def _add(
        self, actor: Actor, kind: str, language: str, revision: int, wording: Wording | None
    ) -> MailTemplateView:
        if actor.technician is None:
            raise NotAllowed(Action.CHANGE)
        used = wording or Wording("", "", "")
        async with self._context.database.write() as connection:
            before = await template_store.current(connection, kind, language)
            newest = 0 if before is None else before.revision
            if newest != revision:
                raise EditConflict(newest)
            row = TemplateRow(
                kind=kind,
                language=language,
                revision=revision + 1,
                subject=used.subject,
                text=used.text,
                html=used.html,
                built_in=wording is None,
                author=actor.name,
                created_at=self._context.now(),
            )
            await template_store.add(connection, row, actor.technician)
        return _view(MailKind(kind), language, row)


def _known(kind: str, language: str) -> MailKind:
    if kind not in set(MailKind) or language not in LANGUAGES:
        raise NotFound("mail")
    return MailKind(kind)


def _clean(new: NewWording) -> Wording:
    """Return the parts with plain line ends and without control characters, which would stand for keys."""
    parts = (new.subject, new.text, new.html)
    cleaned = (
        "".join(each for each in part.replace("\r\n", "\n").replace("\r", "\n") if each in "\n\t" or each >= " ")
        for part in parts
    )
    return Wording(*(part.strip() for part in cleaned))


def _tried(kind: MailKind, language: str, wording: Wording) -> MailPreview:
    try:
        written = try_wording(kind, language, wording)
    except WordingFault as fault:
        raise Invalid(fault.part, str(fault)) from None
    return MailPreview(*(_harmless(each)[:_MAX_SHOWN] for each in (written.subject, written.text, written.html)))


def _harmless(text: str) -> str:
    """Show where keys will be without the marks that stand for them in the outbox."""
    return text.replace("\x01", "")


def _view(kind: MailKind, language: str, row: TemplateRow | None) -> MailTemplateView:
    own = row is not None and not row.built_in
    wording = Wording(row.subject, row.text, row.html) if row is not None and own else built_in(kind, language)
    return MailTemplateView(
        kind=kind,
        language=language,
        revision=0 if row is None else row.revision,
        built_in=not own,
        subject=wording.subject,
        text=wording.text,
        html=wording.html,
        names=tuple(sorted(NAMES[kind])),
        filters=HTML_FILTERS,
        changed_by="" if row is None else row.author,
        changed_at=None if row is None else row.created_at,
    )
