"""Is this mail from a person, or which machine wrote it? Reports first, then headers, then words."""

import msgspec

from tickets.mail.reading.kinds import (
    Automatic,
    Bounce,
    Complaint,
    Delay,
    FailedRecipient,
    Kind,
    ListMail,
    Person,
)
from tickets.mail.reading.machine_marks import (
    AUTOMATIC_HEADERS,
    AUTOREPLY_SUBJECT,
    BOUNCE_SUBJECTS,
    BOUNCE_TEXTS,
    BULK_HEADERS,
    COMPLAINT_SUBJECTS,
    DAEMON_NAMES,
    DAEMONS,
    DELAY_SUBJECTS,
    DELAY_TEXTS,
    LIST_HEADERS,
    NO_REPLY,
    HeaderMark,
    TextMark,
)
from tickets.mail.reading.mail import Mail
from tickets.mail.reading.reports import failed_in, failed_in_text, original_of, report_text, status_blocks
from tickets.mail.reading.words import parse_parameters

# The words of a report stand at its top; below them a long text is the mail that came back.
_TOP_CHARS = 6_000


def recognise(mail: Mail) -> Kind:
    """Return what kind of mail this is. Never raises."""
    return (
        _complaint(mail)
        or _status_report(mail)
        or _worded_report(mail)
        or _marked(mail, AUTOMATIC_HEADERS)
        or _listed(mail)
        or _marked(mail, BULK_HEADERS)
        or _worded_answer(mail)
        or Person()
    )


def comes_from_daemon(mail: Mail) -> bool:
    """Say whether a mail system sent it: by the null path (RFC 5321 section 4.5.5), or by its name."""
    if mail.return_path is not None and (not mail.return_path or "@" not in mail.return_path):
        return True
    if mail.from_ is None:
        written = mail.fields.get("from").strip()
        return "from" in mail.fields and (
            written in {"", "<>"} or DAEMONS.match(written.split()[0].strip('<>"')) is not None
        )
    local = mail.from_.address.partition("@")[0]
    return DAEMONS.match(local) is not None or DAEMON_NAMES.search(mail.from_.name) is not None


def _complaint(mail: Mail) -> Complaint | None:
    for part in mail.returned:
        if part.content_type == "message/feedback-report":
            kind = next(
                (
                    line.partition(b":")[2].strip().decode("ascii", "replace").lower()
                    for line in part.content.splitlines()
                    if line.lower().startswith(b"feedback-type:")
                ),
                "",
            )
            return Complaint("RFC 5965: a feedback report", kind[:40], original_of(mail))
    returned_mail = any(part.content_type == "message/rfc822" for part in mail.returned)
    if returned_mail and (mark := _first(COMPLAINT_SUBJECTS, mail.subject)):
        return Complaint(mark.writer, "abuse", original_of(mail))
    return None


def _status_report(mail: Mail) -> Kind | None:
    """Read a report in RFC 3464's form. Only a whole report or a mail system may bring one: people forward them."""
    is_report = mail.content_type == "multipart/report"
    if not is_report and not comes_from_daemon(mail):
        return None
    if any(part.content_type == "message/disposition-notification" for part in mail.returned):
        return Automatic("RFC 8098: a receipt")
    blocks = status_blocks(mail)
    actions = {(block.get("action", "").split() or [""])[0].lower().strip(";") for block in blocks if "action" in block}
    recipients = failed_in(blocks) or (failed_in_text(mail) if blocks else ())
    if "failed" in actions or (blocks and not actions and any(each.status[:1] in {"4", "5"} for each in recipients)):
        failed = failed_in([block for block in blocks if block.get("action", "failed").lower().startswith("failed")])
        return Bounce("RFC 3464: delivery failed", failed or recipients, original_of(mail))
    if "delayed" in actions:
        return Delay("RFC 3464: delivery is delayed", _waiting(recipients), original_of(mail))
    if actions & {"delivered", "relayed", "expanded"}:
        return Automatic("RFC 3464: it was delivered")
    if is_report and mail.parameter("report-type").lower() == "disposition-notification":
        return Automatic("RFC 8098: a receipt")
    return None


def _worded_report(mail: Mail) -> Kind | None:
    """Read a report in a mail system's own words, or one with Exim's own field."""
    if "x-failed-recipients" in mail.fields:
        reason = "X-Failed-Recipients"
    else:
        top = report_text(mail)[:_TOP_CHARS]
        subject = _first(DELAY_SUBJECTS, mail.subject) or _first(BOUNCE_SUBJECTS, mail.subject)
        text = _first(BOUNCE_TEXTS, top) or _first(DELAY_TEXTS, top)
        mark = subject or text
        machine = comes_from_daemon(mail) or (_unanswered(mail) and subject is not None and text is not None)
        # Whoever asks about a report copies its subject and its words, so these are no sign without the sender.
        if mark is None or not machine:
            return None
        reason = f"a delivery report of {mark.writer}"
    recipients = failed_in(status_blocks(mail)) or failed_in_text(mail)
    if _first(DELAY_SUBJECTS, mail.subject) or _first(DELAY_TEXTS, report_text(mail)[:_TOP_CHARS]):
        return Delay(reason, _waiting(recipients), original_of(mail))
    return Bounce(reason, recipients, original_of(mail))


def _waiting(recipients: tuple[FailedRecipient, ...]) -> tuple[FailedRecipient, ...]:
    return tuple(msgspec.structs.replace(each, permanent=False) for each in recipients)


def _marked(mail: Mail, marks: tuple[HeaderMark, ...]) -> Automatic | None:
    for mark in marks:
        if any(mark.pattern.match(value.lower()) for value in mail.fields.values(mark.name)):
            return Automatic(f"{mark.name}: {mark.reason}")
    return None


def _listed(mail: Mail) -> ListMail | None:
    found = _marked(mail, LIST_HEADERS)
    return ListMail(found.reason) if found is not None else None


def _worded_answer(mail: Mail) -> Automatic | None:
    if mail.return_path == "" or (mail.return_path or "").lower() == "mailer-daemon":
        return Automatic("RFC 3834 section 3.1: an empty return path")
    if AUTOREPLY_SUBJECT.match(mail.subject):
        return Automatic("its subject is an autoresponder's")
    if _unanswered(mail):
        return Automatic("nobody reads answers to its sender")
    if comes_from_daemon(mail) and mail.from_ is not None and DAEMONS.match(mail.from_.address.partition("@")[0]):
        return Automatic("a mail system's own address")
    if parse_parameters(mail.fields.get("content-type"))[0] == "multipart/report":
        return Automatic("RFC 6522: a report")
    return None


def _unanswered(mail: Mail) -> bool:
    """Say whether its sender calls itself one whom answers do not reach."""
    return mail.from_ is not None and NO_REPLY.search(mail.from_.address.partition("@")[0]) is not None


def _first(marks: tuple[TextMark, ...], text: str) -> TextMark | None:
    return next((mark for mark in marks if mark.pattern.search(text)), None)
