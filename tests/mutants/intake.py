"""Checks of mail that comes in: what it may do, in whose name, how much of it, and who takes it."""

from tests.mutants.mutant import Mutant

_INTAKE = "tests/tickets/mail/intake"
_BECOMING = f"{_INTAKE}/test_becoming.py"
_SPEAKING = f"{_INTAKE}/test_speaking.py"
_MACHINES = f"{_INTAKE}/test_machines.py"
_CLERK = "tickets/mail/intake/clerk.py"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "anybody who names a number is let into the ticket",
        _CLERK,
        "        if not await self._belongs(connection, row, case.sender):\n            return suspended(",
        "        if False:\n            return suspended(",
        f"{_BECOMING}::test_a_number_in_the_subject_counts_for_its_people_when_proven",
    ),
    Mutant(
        "From alone lets a mail into the ticket it names",
        _CLERK,
        "        if not case.authentic:\n            who = ",
        "        if False:\n            who = ",
        f"{_BECOMING}::test_a_number_in_the_subject_counts_for_its_people_when_proven",
    ),
    Mutant(
        "verdicts of any server count",
        "tickets/mail/intake/trust.py",
        "[each for each in mail.authentication if each.authserv_id == authserv_id.lower()]",
        "list(mail.authentication)",
        f"{_BECOMING}::test_a_verdict_counts_from_our_own_server_only",
    ),
    Mutant(
        "verdicts on another domain count",
        "tickets/mail/intake/trust.py",
        "return bool(domain) and result.domain == domain.lower()",
        "return bool(domain)",
        f"{_BECOMING}::test_a_verdict_counts_from_our_own_server_only",
    ),
    Mutant(
        "verdicts count that came from outside",
        "tickets/mail/intake/trust.py",
        "    if not trusted or not authserv_id",
        "    if not authserv_id",
        f"{_BECOMING}::test_a_verdict_counts_from_our_own_server_only",
    ),
    Mutant(
        "a technician's reply address speaks for whoever has it",
        _CLERK,
        "    if claimed is None or claimed.id != through.id:",
        "    if False:",
        f"{_SPEAKING}::test_without_one_of_the_proofs_it_is_an_internal_note",
    ),
    Mutant(
        "an unverified sender speaks for a technician",
        _CLERK,
        "    if not case.authentic:\n        return f",
        "    if False:\n        return f",
        f"{_SPEAKING}::test_without_one_of_the_proofs_it_is_an_internal_note",
    ),
    Mutant(
        "strangers are shown under any name they give",
        _CLERK,
        "name=row.requester_name if is_requester else sender.shown,",
        "name=row.requester_name if is_requester else sender.name,",
        f"{_SPEAKING}::test_somebody_else_who_answers_is_shown_with_their_address",
    ),
    Mutant(
        "reply addresses need no proof",
        "tickets/mail/identity.py",
        "    return hmac.compare_digest(_reply_proof(",
        "    return True or hmac.compare_digest(_reply_proof(",
        f"{_BECOMING}::test_a_reply_address_leads_to_its_ticket",
    ),
    Mutant(
        "a report shuts any address it names",
        "tickets/mail/intake/machines.py",
        "            lines += await self._marked(connection, kind, sent_to)",
        "            lines += await self._marked(connection, kind, kind.failed[0].address)",
        f"{_MACHINES}::test_a_report_marks_only_whom_we_wrote_to",
    ),
    Mutant(
        "automatic mail has no budget on a ticket",
        "tickets/mail/intake/budget.py",
        "limits.mail_ticket_automatic if automatic else limits.mail_ticket",
        "limits.mail_all",
        f"{_MACHINES}::test_automatic_answers_meet_a_budget",
    ),
    Mutant(
        "machines are answered",
        _CLERK,
        "confirm=not case.is_automatic",
        "confirm=True",
        f"{_MACHINES}::test_a_machine_that_reports_something_gets_a_ticket_and_no_answer",
    ),
    Mutant(
        "the mail server is an open relay",
        "tickets/mail/listener.py",
        "        if not self.is_ours(address):",
        "        if False:",
        f"{_INTAKE}/test_listener.py::test_mail_for_others_is_not_taken",
    ),
    Mutant(
        "mail is answered for before it is kept",
        "tickets/mail/listener.py",
        "            answer = _TRY_LATER",
        '            answer = "250 2.0.0 Kept"',
        f"{_INTAKE}/test_listener.py::test_what_can_not_be_kept_is_refused_for_now",
    ),
    Mutant(
        "a mail that another process has is acted on again",
        "tickets/mail/intake/processing.py",
        "                    return 0\n",
        "                    pass\n",
        f"{_INTAKE}/test_steps.py::test_a_lease_that_was_lost_makes_nothing",
    ),
    Mutant(
        "one Message-ID hides what else comes under it",
        "tickets/mail/intake/receiving.py",
        "    return _said(one) == _said(other)",
        "    return True",
        f"{_INTAKE}/test_steps.py::test_one_message_id_with_other_words_waits_and_the_same_words_are_nothing_new",
    ),
    Mutant(
        "any mailbox's certificate will do",
        "tickets/mail/imap.py",
        "            context = ssl.create_default_context(cafile=server.ca or None)\n",
        "            context = ssl.create_default_context(cafile=server.ca or None)\n"
        "            context.check_hostname = False\n            context.verify_mode = ssl.CERT_NONE\n",
        f"{_INTAKE}/test_imap.py::test_what_is_wrong_is_said_without_the_password",
    ),
    Mutant(
        "a mailbox may be read in plain text from anywhere",
        "relay/mail.py",
        '    if not is_loopback(parts.hostname or ""):\n',
        "    if False:\n",
        "tests/relay/test_intake.py::test_wrong_imap_urls_are_named_without_their_password",
    ),
)
