"""Every security check, and the test that goes red when it is switched off.

A mutant replaces one piece of source text, which must occur exactly once, and names the test that must fail for it. A
check without a mutant is a check that somebody can delete without being told.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One security check switched off: in `file`, `find` becomes `replace`; `test` is a pytest node id."""

    name: str
    file: str
    find: str
    replace: str
    test: str


_AUTHORITY = "protocol/authority.py"
_PAPERS = "tests/protocol/test_authority.py"
_CONNECTION = "protocol/connection.py"
_PAIR = "tests/protocol/test_connection.py"


def _paper_check(name: str, find: str, case: str) -> Mutant:
    """Switch one line of `check_credentials` off."""
    test = f"{_PAPERS}::test_papers_with_one_thing_wrong_are_refused_in_the_same_words[{case}]"
    return Mutant(name, _AUTHORITY, f"({find},", "(True,", test)


PROTOCOL: tuple[Mutant, ...] = (
    Mutant(
        "signatures are not verified",
        _AUTHORITY,
        "        key.verify(signature, body)\n",
        "        pass\n",
        f"{_PAPERS}::test_one_changed_byte_is_seen",
    ),
    Mutant(
        "labels are not compared",
        _AUTHORITY,
        "if not newline or label != kind.LABEL:",
        "if not newline:",
        f"{_PAPERS}::test_a_paper_under_another_label_is_refused",
    ),
    Mutant(
        "other organisations are accepted",
        _AUTHORITY,
        "if value.organisation != organisation:",
        "if False:",
        f"{_PAPERS}::test_papers_with_one_thing_wrong_are_refused_in_the_same_words"
        "[certificate naming another organisation]",
    ),
    Mutant(
        "papers out of date are accepted",
        _AUTHORITY,
        "if now >= end:",
        "if False:",
        f"{_PAPERS}::test_papers_with_one_thing_wrong_are_refused_in_the_same_words[grant out of date]",
    ),
    Mutant(
        "papers from the future are accepted",
        _AUTHORITY,
        "if newest > trust.now + NOT_BEFORE_SLACK_S:",
        "if False:",
        f"{_PAPERS}::test_papers_with_one_thing_wrong_are_refused_in_the_same_words[grant from the future]",
    ),
    Mutant(
        "papers may live for ever",
        _AUTHORITY,
        "if end - begin > longest_s:",
        "if False:",
        f"{_PAPERS}::test_papers_with_one_thing_wrong_are_refused_in_the_same_words[grant that lives too long]",
    ),
    Mutant(
        "a clock set back brings old papers to life",
        _AUTHORITY,
        "now = max(trust.server_time, newest)",
        "now = trust.server_time",
        f"{_PAPERS}::test_an_older_server_clock_does_not_bring_old_papers_to_life",
    ),
    _paper_check(
        "an old revocation list is accepted",
        "revocations.sequence >= trust.revocation_sequence",
        "revocation list older than the newest seen",
    ),
    _paper_check(
        "revoked devices are accepted", "certificate.serial not in revocations.serials", "certificate revoked"
    ),
    _paper_check(
        "revoked grant keys are accepted",
        "papers.grant_key.serial not in revocations.serials",
        "grant-key certificate revoked",
    ),
    _paper_check(
        "another technician's grant is accepted",
        "grant.technician == certificate.technician",
        "grant of another technician",
    ),
    _paper_check(
        "another device's grant is accepted", "grant.device_key == certificate.device_key", "grant of another device"
    ),
    _paper_check(
        "a certificate for another key is accepted",
        "_key(certificate.device_key) == peer_static",
        "certificate for another key",
    ),
    _paper_check("another session's grant is accepted", "grant.session == session", "grant of another session"),
    _paper_check("another ticket's grant is accepted", "grant.tracking == tracking", "grant of another ticket"),
    _paper_check("a grant without rights is accepted", "bool(rights)", "grant without a right"),
    Mutant(
        "the key that the handshake proved is not the one that papers are held against",
        _CONNECTION,
        "session=self._session, tracking=self._tracking, peer_static=peer_static\n",
        "session=self._session, tracking=self._tracking, peer_static=bytes(32)\n",
        f"{_PAIR}::test_the_whole_way",
    ),
    Mutant(
        "the pinned agent key is not compared",
        _CONNECTION,
        "if self._expected_agent_key is not None and handshake.peer_static != self._expected_agent_key:",
        "if False:",
        f"{_PAIR}::test_another_agent_key_than_the_pinned_one_is_refused",
    ),
    Mutant(
        "the user grants more than the ticket allows",
        _CONNECTION,
        "granted = rights & self.authority.rights",
        "granted = rights",
        f"{_PAIR}::test_the_user_cannot_grant_more_than_the_ticket_allows",
    ),
    Mutant(
        "narrowing widens",
        _CONNECTION,
        "left = self.rights & rights",
        "left = rights",
        f"{_PAIR}::test_rights_never_widen_by_narrowing",
    ),
    Mutant(
        "the table is not asked",
        _CONNECTION,
        "            check_incoming(message, self.role, self.phase, self.rights)\n",
        "            pass\n",
        f"{_PAIR}::test_input_without_the_right_ends_the_session_and_with_it_passes",
    ),
    Mutant(
        "the right is not asked",
        "protocol/table.py",
        "        raise NotPermitted(row.right)\n",
        "        pass\n",
        "tests/protocol/test_messages.py::test_the_table_is_the_gate",
    ),
    Mutant(
        "the sender is not asked",
        "protocol/table.py",
        "    if receiver.peer not in row.senders:\n        raise RemoteProtocolError",
        "    if False:\n        raise RemoteProtocolError",
        "tests/protocol/test_messages.py::test_the_table_is_the_gate",
    ),
    Mutant(
        "the phase is not asked",
        "protocol/table.py",
        "    if phase not in row.phases:\n        raise RemoteProtocolError",
        "    if False:\n        raise RemoteProtocolError",
        "tests/protocol/test_messages.py::test_the_table_is_the_gate",
    ),
    Mutant(
        "keys outlive the session",
        _CONNECTION,
        "                half.wipe()\n",
        "                pass\n",
        f"{_PAIR}::test_after_the_end_nothing_is_read_sent_or_kept",
    ),
    Mutant(
        "a wiped key still passes text through",
        "protocol/noise.py",
        '            raise LocalProtocolError("the key was wiped")\n',
        "            return AESGCM(bytes(32)), bytes(12)\n",
        "tests/protocol/test_noise.py::test_a_wiped_key_neither_seals_nor_opens",
    ),
    Mutant(
        "the prologue is not mixed in",
        "protocol/noise.py",
        "        self._symmetric.mix_hash(prologue)\n",
        "        pass\n",
        "tests/protocol/test_noise.py::test_different_prologues_do_not_meet",
    ),
    Mutant(
        "a resume is accepted without a secret",
        _CONNECTION,
        "if pattern is Pattern.XXPSK3 and self._resume_secret is None:",
        "if False:",
        f"{_PAIR}::test_resume_needs_the_secret_on_both_sides",
    ),
    Mutant(
        "keys are never changed",
        "protocol/records.py",
        "        record = self._cipher.encrypt(plain)\n        if self._cipher.counter % self._rekey_records == 0:",
        "        record = self._cipher.encrypt(plain)\n        if False:",
        "tests/protocol/test_records.py::test_the_key_changes_after_the_given_number_of_records",
    ),
    Mutant(
        "messages may grow without bound",
        "protocol/records.py",
        "if len(message) > limit:",
        "if False:",
        "tests/protocol/test_records.py::test_vectors_of_pieces",
    ),
    Mutant(
        "a deflate bomb is inflated",
        "protocol/picture.py",
        "rows = unpacker.decompress(data, size + 1)",
        "rows = unpacker.decompress(data)[: size + 1]",
        "tests/protocol/test_picture.py::test_a_deflate_bomb_is_not_inflated",
    ),
    Mutant(
        "wrong check characters are read",
        "protocol/tracking.py",
        "    if _remainder(body) != 0:\n        raise",
        "    if False:\n        raise",
        "tests/protocol/test_tracking.py::test_vectors",
    ),
)

_PAGE_TESTS = "tests/tickets/pages"

PAGES: tuple[Mutant, ...] = (
    Mutant(
        "words of strangers are HTML",
        "tickets/pages/site.py",
        "autoescape=True",
        "autoescape=False",
        f"{_PAGE_TESTS}/test_hostile.py::test_hostile_words_are_text_on_every_page",
    ),
    Mutant(
        "articles keep any HTML that Markdown makes",
        "tickets/pages/markdown.py",
        "nh3.clean(",
        "(lambda text, **_: text)(",
        f"{_PAGE_TESTS}/test_parts.py::test_markdown",
    ),
    Mutant(
        "the login leads to any site",
        "tickets/pages/routes/account.py",
        "if len(wanted) > 300 or not _INSIDE.match(wanted)",
        "if False",
        f"{_PAGE_TESTS}/test_login.py::test_the_login_leads_nowhere_else",
    ),
    Mutant(
        "pages do not ask the table of rights",
        "tickets/pages/routing.py",
        "        check(actor, requirement.action, *requirement.things)\n",
        "",
        f"{_PAGE_TESTS}/test_routing.py::test_the_table_is_asked_before_the_endpoint",
    ),
    Mutant(
        "any technician gets the viewer",
        "tickets/pages/routes/ticket.py",
        "if Action.OPEN_SESSION in ticket.allowed:",
        "if True:",
        f"{_PAGE_TESTS}/test_console.py::test_the_viewer_opens_for_the_assigned_technician_only",
    ),
    Mutant(
        "forms may be of any size",
        "tickets/pages/forms.py",
        "if len(body) > MAX_FORM_BYTES:",
        "if False:",
        f"{_PAGE_TESTS}/test_forms.py::test_a_body_over_the_limit_is_refused",
    ),
)

_DESK_TESTS = "tests/tickets"


def _desk(name: str, file: str, find: str, replace: str, test: str) -> Mutant:
    """Switch one check of the help desk off."""
    return Mutant(name, f"tickets/{file}", find, replace, f"{_DESK_TESTS}/{test}")


DESK: tuple[Mutant, ...] = (
    _desk(
        "agents may register with a token alone",
        "services/gate.py",
        "same_key and same",
        "same",
        "services/test_gate.py::test_an_agent_needs_its_tickets_token_and_its_own_key",
    ),
    _desk(
        "agents may register with a key alone",
        "services/gate.py",
        "same_key and same",
        "same_key",
        "services/test_gate.py::test_an_agent_needs_its_tickets_token_and_its_own_key",
    ),
    _desk(
        "agents get into sessions of other tickets",
        "services/gate.py",
        "            and found.tracking == tracking\n",
        "",
        "services/test_gate.py::test_an_agent_opens_sockets_for_open_sessions_of_its_ticket_only",
    ),
    _desk(
        "agents get into sessions without permission",
        "services/gate.py",
        "            and found.reason_to_end(now) is None\n",
        "",
        "services/test_gate.py::test_permission_that_went_away_after_the_offer_counts[disabled]",
    ),
    _desk(
        "viewers get in without permission",
        "services/gate.py",
        "            or found.reason_to_end(now) is not None\n",
        "",
        "services/test_gate.py::test_permission_that_went_away_after_the_offer_counts[disabled]",
    ),
    _desk(
        "viewers get into other tickets",
        "services/gate.py",
        "            or found.tracking != tracking\n",
        "",
        "services/test_gate.py::test_a_viewer_needs_a_fresh_unused_ticket_for_this_ticket",
    ),
    _desk(
        "socket tickets are good twice",
        "store/sessions.py",
        "socket_tickets.delete().where(here)",
        "socket_tickets.update().where(here).values(session_id=socket_tickets.c.session_id)",
        "services/test_gate.py::test_a_viewer_needs_a_fresh_unused_ticket_for_this_ticket",
    ),
    _desk(
        "socket tickets open any socket",
        "store/sessions.py",
        "socket_tickets.c.purpose == purpose, ",
        "",
        "web/test_live.py::test_a_viewer_ticket_opens_no_live_page",
    ),
    _desk(
        "socket tickets never run out",
        "store/sessions.py",
        ", socket_tickets.c.expires_at > now",
        "",
        "services/test_gate.py::test_a_socket_ticket_is_good_for_thirty_seconds[30-False]",
    ),
    _desk(
        "closed tickets open sessions",
        "services/sessions.py",
        "            if row.status not in WORKABLE:\n                raise TicketClosed(row.status)\n",
        "",
        "api/test_connecting.py::test_nobody_joins_or_opens_what_is_no_longer_worked_on[closed]",
    ),
    _desk(
        "any technician opens a session",
        "domain/access.py",
        "(_STAFF, Action.OPEN_SESSION, (Thing.ASSIGNED_TICKET,))",
        "(_STAFF, Action.OPEN_SESSION, _STAFF_TICKETS)",
        "api/test_connecting.py::test_a_session_is_for_the_assigned_technician_only",
    ),
    _desk(
        "sessions take a colleague's device",
        "store/devices.py",
        "            devices.c.technician_id == technician,\n            devices.c.device_key",
        "            devices.c.device_key",
        "api/test_connecting.py::test_a_session_needs_a_certified_device_of_ones_own",
    ),
    _desk(
        "join codes may be guessed for ever",
        "store/join_codes.py",
        "join_codes.c.misses < tries, ",
        "",
        "api/test_connecting.py::test_five_misses_burn_the_code[5-404]",
    ),
    _desk(
        "join codes may be guessed by one address",
        "services/join_codes.py",
        "            await spend(connection, by_address, limits.join_address, now)\n",
        "",
        "api/test_connecting.py::test_misses_count_by_address_block_over_all_tickets",
    ),
    _desk(
        "a requester token joins any ticket",
        "services/join_codes.py",
        "or actor.tracking != row.tracking ",
        "",
        "services/test_tickets.py::test_a_requester_of_another_ticket_is_a_stranger[join]",
    ),
    _desk(
        "services show tickets to strangers",
        "services/context.py",
        "if row is None or not (actor.is_staff or actor.tracking == row.tracking):",
        "if row is None:",
        "services/test_tickets.py::test_a_requester_of_another_ticket_is_a_stranger[get]",
    ),
    _desk(
        "logins are not throttled by account",
        "services/logins.py",
        "            await spend(connection, account, limits.login_account, now)\n",
        "",
        "api/test_desk.py::test_logins_are_throttled_by_account_and_forgiven_by_time",
    ),
    _desk(
        "logins are not throttled by address",
        "services/logins.py",
        "            await spend(connection, block, limits.login_address, now)\n",
        "",
        "api/test_desk.py::test_logins_are_throttled_by_address",
    ),
    _desk(
        "a changed password is good a moment longer",
        "services/logins.py",
        "if _usable_hash(fresh) != row.password_hash:",
        "if False:",
        "services/test_logins.py::test_a_password_changed_while_it_was_verified_is_not_good",
    ),
    _desk(
        "cookies pass for tokens",
        "store/logins.py",
        "            logins.c.kind == kind,\n",
        "",
        "api/test_desk.py::test_cookie_and_token_do_not_pass_for_each_other",
    ),
    _desk(
        "logins never run out",
        "store/logins.py",
        "            logins.c.expires_at > now,\n            technicians",
        "            technicians",
        "api/test_desk.py::test_a_cookie_is_good_for_twelve_hours[12-401]",
    ),
    _desk(
        "disabled technicians keep their certificates",
        "services/technicians.py",
        "            await device_store.revoke_all(connection, row.id, now)\n",
        "",
        "api/test_desk.py::test_a_disabled_technician_can_do_nothing",
    ),
    _desk(
        "other origins may change things",
        "web/guard.py",
        "    if origin is not None and origin not in origins:\n        return False\n",
        "",
        "web/test_guard.py::test_a_cookie_works_with_our_origin_only",
    ),
    _desk(
        "a cookie needs no origin",
        "web/guard.py",
        "    return origin is not None or not by_cookie",
        "    return True",
        "web/test_guard.py::test_a_cookie_works_with_our_origin_only",
    ),
    _desk(
        "live sockets take any origin",
        "web/live.py",
        'socket.headers.get("origin") not in self._origins or ',
        "",
        "web/test_live.py::test_a_socket_from_another_site_is_refused_before_it_opens[None]",
    ),
    _desk(
        "requesters see internal notes",
        "store/timeline.py",
        "    if not internal:\n",
        "    if internal is None:\n",
        "api/test_tickets.py::test_a_requester_sees_no_internal_note_and_a_technician_does",
    ),
    _desk(
        "two technicians may claim one ticket",
        "store/tickets.py",
        "tickets.c.id == ticket, tickets.c.assignee_id.is_(None)",
        "tickets.c.id == ticket",
        "api/test_tickets.py::test_exactly_one_of_many_claims_wins",
    ),
    _desk(
        "keys that others can read are used",
        "keys.py",
        "            if mode & 0o077:",
        "            if False:",
        "test_keys.py::test_a_key_that_others_can_read_is_not_used[token.key]",
    ),
)

MUTANTS: tuple[Mutant, ...] = (*PROTOCOL, *PAGES, *DESK)
