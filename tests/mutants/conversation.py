"""Checks of the conversation: whose files are whose, where they lie, and who goes into which ticket."""

from tests.mutants.mutant import Mutant

_FILES = "tests/tickets/api/test_attachments.py"
_TALK = "tests/tickets/api/test_conversation.py"
_LIVE = "tests/tickets/web/test_company.py"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "files of any ticket are handed out",
        "tickets/store/attachments.py",
        "attachments.c.ticket_id == ticket, attachments.c.id == ident",
        "attachments.c.id == ident",
        f"{_FILES}::test_a_file_of_another_ticket_is_not_there",
    ),
    Mutant(
        "requesters get files of internal notes",
        "tickets/services/attachments.py",
        "    return not row.internal\n",
        "    return True\n",
        f"{_FILES}::test_files_of_internal_notes_are_for_technicians",
    ),
    Mutant(
        "files that wait for their message are for everybody",
        "tickets/services/attachments.py",
        "        return row.sender == sender_of(actor)\n",
        "        return True\n",
        f"{_FILES}::test_files_of_internal_notes_are_for_technicians",
    ),
    Mutant(
        "anybody's file goes into a message",
        "tickets/store/attachments.py",
        "        attachments.c.sender == sender,\n",
        "",
        f"{_FILES}::test_files_that_somebody_else_sent_go_into_no_message",
    ),
    Mutant(
        "file names keep their path",
        "tickets/domain/attachments.py",
        'last = re.split(r"[/\\\\]", text.strip())[-1]',
        "last = text.strip()",
        f"{_FILES}::test_a_name_is_only_a_name",
    ),
    Mutant(
        "files have any size",
        "tickets/store/files.py",
        "        if self.size + len(chunk) > self._limit:\n            raise TooLarge(self._limit)\n",
        "",
        f"{_FILES}::test_limits_hold",
    ),
    Mutant(
        "pages show any file as what it says it is",
        "tickets/domain/file_types.py",
        "    return kind in SHOWN\n",
        "    return True\n",
        f"{_FILES}::test_what_a_page_must_not_show_is_only_saved",
    ),
    Mutant(
        "the HTML of mails is shown as it came",
        "tickets/services/attachments.py",
        "sandbox_document(clean_html(html, urls))",
        "html.encode()",
        f"{_FILES}::test_html_of_a_mail_is_shown_in_a_sandbox_with_its_pictures",
    ),
    Mutant(
        "tickets of colleagues are merged",
        "tickets/services/merging.py",
        "return await self._context.permitted(connection, actor, Action.MERGE, tracking)",
        "return await self._context.permitted(connection, actor, Action.READ, tracking)",
        f"{_TALK}::test_what_must_not_be_merged",
    ),
    Mutant(
        "merges can be undone for ever",
        "tickets/services/merging.py",
        "merge is None or now >= merge.at + context.settings.lives.unmerging",
        "merge is None",
        f"{_TALK}::test_a_merge_ends_sessions_and_can_be_undone_for_a_day",
    ),
    Mutant(
        "requesters read which colleagues look on",
        "tickets/services/reading.py",
        "tuple(each for each in watching if not each.staff)",
        "watching",
        f"{_TALK}::test_watchers_are_told_and_told_no_more",
    ),
    Mutant(
        "live pages may talk without end",
        "tickets/web/live.py",
        "        if self.words > _MOST_WORDS:\n            return CloseCode.TOO_MANY\n",
        "",
        f"{_LIVE}::test_a_page_that_says_something_else_or_too_much_goes",
    ),
)
