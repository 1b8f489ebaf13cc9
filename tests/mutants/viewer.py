"""Checks of `technician_viewer/*.py`: whom it trusts, what an agent may send, what it keeps and shows."""

from tests.mutants.mutant import Mutant

_TESTS = "tests/technician_viewer"


def _viewer(name: str, file: str, find: str, replace: str, test: str) -> Mutant:
    """Switch one check of the technician's program off."""
    return Mutant(name, f"technician_viewer/{file}", find, replace, f"{_TESTS}/{test}")


def _misdeed(name: str, file: str, find: str, replace: str, what: str) -> Mutant:
    """Switch off what an agent is not allowed to send in a session."""
    return _viewer(name, file, find, replace, f"test_hostile_peer.py::test_messages_that_make_no_sense[{what}]")


MUTANTS: tuple[Mutant, ...] = (
    _viewer(
        "the viewer speaks plain HTTP to anybody",
        "transport.py",
        'if parts.scheme == "http" and not is_loopback(host):',
        "if False:",
        "test_transport.py::test_addresses_that_are_refused[http://help.example.org]",
    ),
    _viewer(
        "the viewer takes addresses that begin with another name",
        "transport.py",
        "        or parts.username is not None\n",
        "",
        "test_transport.py::test_addresses_that_are_refused[https://a@b]",
    ),
    _viewer(
        "the viewer trusts any certificate",
        "transport.py",
        "return ssl.create_default_context(cafile=None if ca is None else str(ca))",
        "return ssl._create_unverified_context(cafile=None if ca is None else str(ca))",
        "test_transport.py::test_tls_is_verified",
    ),
    _viewer(
        "the viewer's socket follows redirects",
        "transport.py",
        "        return exc\n",
        "        return super().process_redirect(exc)\n",
        "test_transport.py::test_answers_that_are_no_websocket[1]",
    ),
    _viewer(
        "the viewer speaks to servers of another protocol",
        "transport.py",
        "if socket.subprotocol != SUBPROTOCOL:",
        "if False:",
        "test_transport.py::test_a_server_that_agrees_on_no_protocol",
    ),
    _viewer(
        "the viewer takes frames of any size",
        "transport.py",
        "max_size=MAX_RECORD_BYTES",
        "max_size=None",
        "test_transport.py::test_a_frame_over_the_limit_closes",
    ),
    _viewer(
        "the viewer's requests follow redirects",
        "api.py",
        "follow_redirects=False",
        "follow_redirects=True",
        "test_api.py::test_a_redirect_gets_no_token",
    ),
    _viewer(
        "the viewer reads answers without end",
        "api.py",
        "        if len(content) > MAX_ANSWER_BYTES:\n            break\n",
        "",
        "test_api.py::test_an_answer_without_end_is_not_read_to_its_end",
    ),
    _viewer(
        "the viewer takes a session on another ticket",
        "api.py",
        "if offer.tracking != tracking:",
        "if False:",
        "test_api.py::test_an_offer_for_another_ticket_is_refused",
    ),
    _viewer(
        "the server may speak for another organisation",
        "client.py",
        "if organisation is not None and offer.organisation != organisation:",
        "if False:",
        "test_cli.py::test_another_organisation_than_at_the_first_login",
    ),
    _viewer(
        "a login at another organisation replaces the old one",
        "cli.py",
        "if kept is not None and kept.organisation != organisation:",
        "if False:",
        "test_cli.py::test_another_organisation_than_at_the_first_login",
    ),
    _viewer(
        "any agent's key will do",
        "client.py",
        "expected_agent_key=self.offer.agent_key",
        "expected_agent_key=None",
        "test_client.py::test_another_agents_key_is_refused_and_the_pinned_one_is_not",
    ),
    _viewer(
        "scripts act without the right to",
        "client.py",
        "        if right not in self.rights:\n            raise NotPermitted(right)\n",
        "",
        "test_client.py::test_looking_alone_is_no_touching",
    ),
    _viewer(
        "any amount of input is under way",
        "client.py",
        "if link.seq - link.acked >= MAX_UNACKED:",
        "if False:",
        "test_client.py::test_unacknowledged_input_holds_back",
    ),
    _misdeed(
        "rects lie outside a frame",
        "canvas.py",
        "if self._open is None or rect.x",
        "if rect.x",
        "rect outside a frame",
    ),
    _misdeed(
        "rects lie outside the screen",
        "canvas.py",
        " or rect.x + rect.width > width or",
        " or",
        "rect outside the screen",
    ),
    _misdeed(
        "a complete picture is made of copies",
        "canvas.py",
        "if rect.encoding == Encoding.COPY and self._open.complete:",
        "if False:",
        "copy in a complete picture",
    ),
    _misdeed(
        "frames lie in frames",
        "canvas.py",
        "if self._open is not None or not self._shown.size:",
        "if not self._shown.size:",
        "frame in a frame",
    ),
    _misdeed(
        "frames end that did not begin",
        "canvas.py",
        "if self._open is None or self._open.frame != frame.frame:",
        "if self._open is None:",
        "end of another frame",
    ),
    _misdeed(
        "the screen changes its size inside a frame",
        "canvas.py",
        '        if self._open is not None:\n            raise RemoteProtocolError("monitors',
        '        if False:\n            raise RemoteProtocolError("monitors',
        "monitors in a frame",
    ),
    _misdeed(
        "input is acknowledged that was never sent",
        "link.py",
        "                if seq > self.seq:\n",
        "                if False:\n",
        "acknowledgement of nothing",
    ),
    _viewer(
        "one frame piles up any number of rects",
        "canvas.py",
        "if len(self._changed) >= MAX_RECTS_REMEMBERED:",
        "if False:",
        "test_canvas.py::test_a_frame_of_many_rects_remembers_few",
    ),
    _viewer(
        "records come before there is a pair",
        "link.py",
        "self._finish(end_of_error(ErrorCode.MALFORMED, live=self._live, detail=str(error)))",
        "pass",
        "test_hostile_peer.py::test_text_that_is_no_control_frame[3]",
    ),
    _viewer(
        "a connection that broke counts as ended",
        "state.py",
        "        return End(SessionState.LOST, ErrorCode.LOST.value, _ERROR_TEXTS[ErrorCode.LOST], detail)\n    name",
        "        return End(SessionState.ENDED, ErrorCode.LOST.value, _ERROR_TEXTS[ErrorCode.LOST], detail)\n    name",
        "test_client.py::test_close_without_bye_is_lost[1000-lost]",
    ),
    _viewer(
        "key and login are for everybody",
        "keystore.py",
        "os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600",
        "os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644",
        "test_keystore.py::test_files_are_private_and_whole",
    ),
    _viewer(
        "a key that others can read is used",
        "keystore.py",
        'if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):',
        "if False:",
        "test_keystore.py::test_a_file_that_others_can_read_is_not_used",
    ),
    _viewer(
        "logins show their token",
        "keystore.py",
        "    def __repr__(self)",
        "    def _repr(self)",
        "test_keystore.py::test_login_is_kept_and_forgotten",
    ),
    _viewer(
        "offers show their secrets",
        "offer.py",
        "socket_ticket: str = field(repr=False)",
        "socket_ticket: str",
        "test_api.py::test_an_offer_for_another_ticket_is_refused",
    ),
    _viewer(
        "tickets command the terminal",
        "api.py",
        'c if c.isprintable() or c.isspace() else "?" for c in text',
        "c for c in text",
        "test_cli.py::test_queue",
    ),
)
