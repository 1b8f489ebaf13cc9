"""Checks of the help desk: who may do what, and for how long."""

from tests.mutants.mutant import Mutant

_DESK_TESTS = "tests/tickets"


def _desk(name: str, file: str, find: str, replace: str, test: str) -> Mutant:
    """Switch one check of the help desk off."""
    return Mutant(name, f"tickets/{file}", find, replace, f"{_DESK_TESTS}/{test}")


MUTANTS: tuple[Mutant, ...] = (
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
