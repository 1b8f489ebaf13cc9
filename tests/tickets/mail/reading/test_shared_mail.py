"""Real mails: none crashes, replies are trimmed, machines are told from people."""

from collections import Counter
from pathlib import Path

from tests.support.shared import shared
from tests.tickets.mail.reading.test_hostile import read_whole
from tickets.mail.reading.kinds import Automatic, Bounce, Complaint, Delay, Kind, ListMail, Person
from tickets.mail.reading.parsing import parse_mail
from tickets.mail.reading.recognising import recognise
from tickets.mail.reading.trimming import trim

# Mails of the wild set that are no person's, by what shows it. Everything else there is from a person (or says so).
_WILD_MACHINES: dict[str, tuple[type[Kind], str]] = {
    "error_emails_bad_date_header": (Automatic, "Precedence: bulk"),
    "error_emails_empty_in_reply_to": (ListMail, "List-ID"),
    "error_emails_encoding_madness": (Automatic, "from no-reply@"),
    "mime_emails_raw_email_encoded_stack_level_too_deep": (Automatic, "from gmail-noreply@"),
    "mime_emails_raw_email_with_mimepart_without_content_type": (Delay, "RFC 3464, Action: delayed"),
    "multipart_report_emails_multi_address_bounce1": (Bounce, "RFC 3464, Action: failed"),
    "multipart_report_emails_multi_address_bounce2": (Bounce, "RFC 3464, Action: failed"),
    "multipart_report_emails_multipart_report_multiple_status": (Bounce, "RFC 3464, Action: failed"),
    "multipart_report_emails_report_422": (Delay, "RFC 3464, Action: delayed"),
    "multipart_report_emails_report_530": (Bounce, "RFC 3464, Action: failed"),
    "plain_emails_raw_email_trailing_dot": (Automatic, "from noreply@"),
}
# One mail of the bounces is there to be told from them: a person attaches a mail.
_NO_BOUNCES = {"maildir_not_is-not-bounce-02"}
_REPORTS = (Bounce, Delay, Complaint, Automatic)
_LEAST_REPLIES, _LEAST_REPORTS = 58, 0.97


def _mails(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.eml"))


def test_no_wild_mail_crashes_and_each_has_something_to_show() -> None:
    files = sorted(path for path in shared("mail/wild").iterdir() if path.is_file())
    read = [read_whole(path.read_bytes()) for path in files]
    # One file is empty and becomes a suspended mail.
    assert [path.name for path, mail in zip(files, read, strict=True) if mail is None] == ["sample_output_multipart"]
    without_sender = {
        path.stem for path, mail in zip(files, read, strict=True) if mail is not None and mail.from_ is None
    }
    assert without_sender <= {"LICENSE", ".gitattributes", "error_emails_bad_encoded_subject"}


def test_no_wild_mail_is_taken_for_a_machine_wrongly() -> None:
    kinds = {path.stem: recognise(parse_mail(path.read_bytes())) for path in _mails(shared("mail/wild"))}
    assert {name: type(kind) for name, kind in kinds.items() if not isinstance(kind, Person)} == {
        name: kind for name, (kind, _) in _WILD_MACHINES.items()
    }


def test_bounces_are_recognised() -> None:
    kinds = {path.stem: recognise(parse_mail(path.read_bytes())) for path in _mails(shared("mail/bounces"))}
    missed = {name for name, kind in kinds.items() if not isinstance(kind, _REPORTS)}
    assert missed - _NO_BOUNCES == set(), Counter(type(kind).__name__ for kind in kinds.values())
    assert 1 - len(missed) / len(kinds) >= _LEAST_REPORTS


def test_bounces_name_who_failed() -> None:
    bounces = [recognise(parse_mail(path.read_bytes())) for path in _mails(shared("mail/bounces"))]
    found = [kind for kind in bounces if isinstance(kind, Bounce)]
    named = sum(bool(kind.failed) for kind in found)
    traced = sum(bool(kind.original.message_ids) for kind in found)
    assert named >= 0.98 * len(found), (named, len(found))
    assert traced >= 0.8 * len(found), (traced, len(found))


def test_replies_are_trimmed_exactly() -> None:
    folder = shared("mail/replies")
    wrong = []
    for path in sorted((folder / "emails").glob("*.txt")):
        text = path.read_bytes().decode()
        expected = (folder / "trimmed" / path.name).read_bytes().decode().replace("\r\n", "\n")
        trimmed = trim(text)
        assert "".join(piece.text for piece in trimmed.pieces) == text
        if trimmed.said != expected.strip("\n").rstrip():
            wrong.append(path.stem)
    assert 64 - len(wrong) >= _LEAST_REPLIES, wrong
    # What is reached is kept: a change that spoils one of them is looked at.
    assert wrong == []
