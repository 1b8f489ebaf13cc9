"""Checks of mail that comes in: what it may not do to whoever reads it, and what it may not pretend."""

from tests.mutants.mutant import Mutant

_READING = "tests/tickets/mail/reading"
_CLEANING = f"{_READING}/test_cleaning.py"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "mails load pictures from anywhere",
        "tickets/mail/reading/cleaning.py",
        'return f"{_REMOTE}{value}" if',
        "return value if",
        f"{_CLEANING}::test_remote_images_wait_until_somebody_asks",
    ),
    Mutant(
        "mails place things over the page",
        "tickets/mail/reading/cleaning.py",
        "if colon and name in _STYLES and value",
        "if colon and value",
        f"{_CLEANING}::test_styles_change_only_how_text_looks",
    ),
    Mutant(
        "links of mails lead into anything",
        "tickets/mail/reading/cleaning.py",
        "return value if _LINK.match(value.strip()) else None",
        "return value",
        f"{_CLEANING}::test_links_lead_to_pages_mail_and_telephones_only",
    ),
    Mutant(
        "attached files bring a path",
        "tickets/mail/reading/names.py",
        """re.split(r"[/\\\\]", unicodedata.normalize("NFC", name))[-1]""",
        """unicodedata.normalize("NFC", name)""",
        f"{_READING}/test_parsing.py::test_attachments_keep_bytes_type_and_content_id_and_lose_paths",
    ),
    Mutant(
        "comments are verdicts",
        "tickets/mail/reading/authentication.py",
        "                depth = 1\n",
        "                depth = 0\n",
        f"{_READING}/test_headers.py::test_verdicts_are_taken_apart_and_comments_are_not_believed",
    ),
    Mutant(
        "anybody reports that a mail failed",
        "tickets/mail/reading/recognising.py",
        "if not is_report and not comes_from_daemon(mail):",
        "if False:",
        f"{_READING}/test_recognising.py::test_a_person_who_sends_a_report_on_is_a_person",
    ),
    Mutant(
        "HTML of strangers nests for ever",
        "tickets/mail/reading/html_bounds.py",
        "if depth > MAX_HTML_DEPTH:",
        "if False:",
        f"{_READING}/test_limits.py::test_html_is_cut_at_a_limit",
    ),
)
