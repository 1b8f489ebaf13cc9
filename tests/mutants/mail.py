"""Checks of mail that goes out: to whom, over what, and what gets into it."""

from tests.mutants.mutant import Mutant

_MAIL = "tests/tickets/mail"
_NOTICES = f"{_MAIL}/test_notices.py"
_SENDING = f"{_MAIL}/test_sending.py"
_MESSAGE = f"{_MAIL}/test_message.py"
_SMTP = f"{_MAIL}/test_smtp.py"
_SETTINGS = "tests/relay/test_mail.py"
_WORDING = f"{_MAIL}/test_wording.py"
_LINKS = f"{_MAIL}/test_links.py"
_PUSH = "tests/tickets/push/test_push.py"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "access keys leave for any address",
        "tickets/mail/packing.py",
        " or row.recipient != row.requester_email",
        "",
        f"{_NOTICES}::test_the_key_does_not_leave_for_another_address",
    ),
    Mutant(
        "the outbox holds access keys",
        "tickets/mail/notices.py",
        "            public_url=settings.public_url,\n",
        "            public_url=settings.public_url + '?' + self._context.keys.requester_token("
        "row.id, row.requester_id, row.requester_generation),\n",
        f"{_NOTICES}::test_the_link_is_in_mails_to_its_requester_only",
    ),
    Mutant(
        "words can stand for the access key",
        "tickets/mail/writing.py",
        'return text.replace("\\x01", "")',
        "return text",
        f"{_MESSAGE}::test_nobody_can_write_the_place_of_the_key",
    ),
    Mutant(
        "confirmations have no brake",
        "tickets/mail/budgets.py",
        "limits.confirmation_recipient, kind is MailKind.CONFIRMATION)",
        "limits.confirmation_recipient, False)",
        f"{_NOTICES}::test_an_address_is_not_flooded_with_confirmations",
    ),
    Mutant(
        "disabled technicians are told of answers",
        "tickets/mail/notices.py",
        "found is None or found.disabled_at is not None",
        "found is None",
        f"{_NOTICES}::test_a_disabled_technician_is_told_of_no_answer",
    ),
    Mutant(
        "internal notes are mailed to the requester",
        "tickets/services/conversation.py",
        "        if not internal:\n            await self._notices",
        "        if True:\n            await self._notices",
        f"{_NOTICES}::test_answers_go_to_the_other_side",
    ),
    Mutant(
        "Message-IDs have no key",
        "tickets/mail/identity.py",
        "hmac.digest(token_key, signed, hashlib.sha256)",
        "hashlib.sha256(signed).digest()",
        f"{_NOTICES}::test_message_ids_are_keyed_and_never_the_same",
    ),
    Mutant(
        "titles keep line ends in headers",
        "tickets/mail/message.py",
        'return " ".join(_UNWANTED.sub(" ", text).split())[:_MAX_HEADER]',
        "return text[:_MAX_HEADER]",
        f"{_MESSAGE}::test_no_title_and_no_name_becomes_a_header",
    ),
    Mutant(
        "words of strangers are HTML in mail",
        "tickets/mail/wording.py",
        "autoescape=html",
        "autoescape=False",
        f"{_MESSAGE}::test_words_are_text_in_html_and_nothing_is_loaded",
    ),
    Mutant(
        "mail goes to any server",
        "tickets/mail/smtp.py",
        "    context.minimum_version = ssl.TLSVersion.TLSv1_2\n",
        "    context.check_hostname = False\n    context.verify_mode = ssl.CERT_NONE\n",
        f"{_SMTP}::test_a_certificate_of_another_authority_is_refused",
    ),
    Mutant(
        "mail goes to any host with a good certificate",
        "tickets/mail/smtp.py",
        "    context.minimum_version = ssl.TLSVersion.TLSv1_2\n",
        "    context.check_hostname = False\n",
        f"{_SMTP}::test_a_certificate_of_another_host_is_refused",
    ),
    Mutant(
        "STARTTLS is left to what is offered",
        "tickets/mail/smtp.py",
        'start_tls=server.security == "starttls"',
        'start_tls=None if server.security == "starttls" else False',
        f"{_SMTP}::test_nothing_is_sent_to_a_server_that_offers_no_starttls",
    ),
    Mutant(
        "plain mail goes anywhere",
        "relay/mail.py",
        '    if not is_loopback(parts.hostname or ""):\n',
        "    if False:\n",
        f"{_SETTINGS}::test_wrong_smtp_urls_are_named_without_their_password",
    ),
    Mutant(
        "errors repeat the SMTP password",
        "relay/config.py",
        'f"[mail] smtp_url is not usable: {error}."',
        'f"[mail] smtp_url {mail.smtp_url} is not usable: {error}."',
        f"{_SETTINGS}::test_wrong_smtp_urls_are_named_without_their_password",
    ),
    Mutant(
        "settings show the SMTP password",
        "relay/mail.py",
        'password: str = field(default="", repr=False)',
        'password: str = ""',
        f"{_SETTINGS}::test_mail_needs_both_settings_and_hides_the_password",
    ),
    Mutant(
        "mail in somebody's hands is taken again",
        "tickets/store/outbox.py",
        "    free = or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= now)\n",
        "    free = or_(outbox.c.lease_until.is_(None), outbox.c.lease_until.is_not(None))\n",
        f"{_SENDING}::test_a_crash_after_sending_sends_the_same_mail_once_more",
    ),
    Mutant(
        "old mails are kept for ever",
        "tickets/store/outbox.py",
        '            outbox.c.text != "",\n',
        '            outbox.c.text == "",\n',
        f"{_SENDING}::test_what_mails_said_is_forgotten_after_a_while",
    ),
    Mutant(
        "mail has no budget",
        "tickets/mail/budgets.py",
        "if counts and (until := ",
        "if not counts and (until := ",
        f"{_MAIL}/test_budgets.py::test_a_thousand_automatic_replies_come_to_rest",
    ),
    Mutant(
        "mail goes to addresses that take none",
        "tickets/mail/sending.py",
        "if await mail_addresses.shut_among(connection, [row.recipient]):",
        "if False:",
        f"{_MAIL}/test_budgets.py::test_an_address_that_takes_no_mail_gets_none",
    ),
    Mutant(
        "wordings may loop and call",
        "tickets/mail/wording.py",
        "if not isinstance(node, _NODES):",
        "if False:",
        f"{_WORDING}::test_what_is_refused_and_where",
    ),
    Mutant(
        "wordings make mails without bound",
        "tickets/mail/wording.py",
        "_MAX_MADE: Final = 512 * 1024\n",
        "_MAX_MADE: Final = 512 * 1024 * 1024\n",
        f"{_WORDING}::test_what_a_wording_makes_has_a_bound",
    ),
    Mutant(
        "wordings load things from anywhere",
        "tickets/mail/wording.py",
        "    _Reader().feed(html)\n",
        "    _Reader()\n",
        f"{_WORDING}::test_html_that_runs_or_loads_is_refused",
    ),
    Mutant(
        "who asks for a link learns whether there is a request",
        "tickets/services/mailed_links.py",
        "            await link_requests.add(",
        "            if tracking and await context.find(connection, tracking) is None:\n"
        "                raise NoMail\n"
        "            await link_requests.add(",
        f"{_LINKS}::test_the_answer_is_the_same_for_all",
    ),
    Mutant(
        "links are mailed for anybody's address",
        "tickets/services/mailed_links.py",
        " and row.requester_email == asked.email",
        "",
        f"{_LINKS}::test_the_answer_is_the_same_for_all",
    ),
    Mutant(
        "lists of requests open for ever",
        "tickets/keys.py",
        "person if good and now.timestamp() < int(until) else None",
        "person if good else None",
        f"{_LINKS}::test_a_list_of_all_requests_opens_for_an_hour",
    ),
    Mutant(
        "lists of requests open without their key",
        "tickets/keys.py",
        "person if good and now.timestamp() < int(until) else None",
        "person if now.timestamp() < int(until) else None",
        f"{_LINKS}::test_nobody_elses_key_opens_a_list",
    ),
    Mutant(
        "anybody says how the help was",
        "tickets/services/ratings.py",
        "if not same_token(new.key, context.keys.rating_key(*owner)) or row is None:",
        "if row is None:",
        f"{_MAIL}/test_ratings.py::test_only_the_key_of_this_requester_rates",
    ),
    Mutant(
        "notices for phones go to any address",
        "tickets/push/sending.py",
        "OutwardTransport(settings.networks, ca_file=settings.ca)",
        "httpx.AsyncHTTPTransport(verify=__import__('ssl').create_default_context(cafile=settings.ca or None))",
        f"{_PUSH}::test_no_notice_goes_to_where_only_this_server_reaches",
    ),
    Mutant(
        "phones of disabled technicians get notices",
        "tickets/store/push.py",
        ", technicians.c.disabled_at.is_(None)",
        "",
        f"{_PUSH}::test_a_disabled_technician_gets_none",
    ),
    Mutant(
        "anybody removes anybody's phone",
        "tickets/store/push.py",
        "push_subscriptions.c.id == ident, push_subscriptions.c.technician_id == technician",
        "push_subscriptions.c.id == ident",
        f"{_PUSH}::test_nobody_changes_somebody_elses_phones",
    ),
)
