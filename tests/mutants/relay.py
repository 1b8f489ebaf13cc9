"""Checks of `relay/`: the door, first frames, what sockets may say, bounds of HTTP, certificates, settings."""

from tests.mutants.mutant import Mutant

_TESTS = "tests/relay"


def _relay(name: str, file: str, find: str, replace: str, test: str) -> Mutant:
    """Switch one check of the server off."""
    return Mutant(name, f"relay/{file}", find, replace, f"{_TESTS}/{test}")


_DOOR: tuple[Mutant, ...] = (
    _relay(
        "sockets open under any tracking number",
        "switch/doorman.py",
        " or not is_tracking_path(parts[2])",
        "",
        "test_hostile.py::test_other_paths_are_not_there[/relay/tl-0000-0000/agent]",
    ),
    _relay(
        "sockets open for any role",
        "switch/doorman.py",
        " or parts[3] not in ROLES",
        "",
        "test_hostile.py::test_other_paths_are_not_there[/relay/TL-0000-0000/admin]",
    ),
    _relay(
        "sockets take any origin",
        "switch/doorman.py",
        'origins[0].decode("latin-1") not in self._origins',
        "not origins[0]",
        "test_hostile.py::test_other_origins_are_refused[https://evil.example]",
    ),
    _relay(
        "sockets need no origin",
        "switch/doorman.py",
        "if len(origins) != 1 or origins[0]",
        "if origins and origins[0]",
        "test_hostile.py::test_missing_origin_is_refused",
    ),
    _relay(
        "sockets take any subprotocol",
        "switch/doorman.py",
        'if SUBPROTOCOL not in scope["subprotocols"]:',
        "if False:",
        "test_hostile.py::test_other_subprotocols_are_refused[chat]",
    ),
    _relay(
        "one address may crowd the door",
        "switch/doorman.py",
        "self._by_block[block] >= self._limits.newcomers_per_address",
        "False",
        "test_doorman.py::test_one_address_may_not_crowd_the_door",
    ),
    _relay(
        "many addresses may crowd the door",
        "switch/doorman.py",
        "self.newcomers >= self._limits.newcomers_in_all",
        "False",
        "test_doorman.py::test_many_addresses_may_not_crowd_the_door",
    ),
    _relay(
        "one customer has as many addresses as they like",
        "switch/doorman.py",
        "return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))",
        "return str(address)",
        "test_doorman.py::test_what_counts_as_one_address[2001:db8:1:2::3-2001:db8:1:2::/64]",
    ),
    _relay(
        "the first frame may take for ever",
        "switch/endpoints.py",
        "asyncio.timeout(self._limits.first_frame_s)",
        "asyncio.timeout(None)",
        "test_hostile.py::test_first_frame_has_five_seconds",
    ),
    _relay(
        "agents and viewers pass for each other",
        "switch/endpoints.py",
        'if isinstance(first, ViewerHello) != (role == "viewer"):',
        "if False:",
        "test_hostile.py::test_first_frames_of_other_forms[viewer-frame7-4400]",
    ),
    _relay(
        "the gate's no is not heard",
        "switch/endpoints.py",
        "if not welcome:",
        "if False:",
        "test_hostile.py::test_every_refusal_is_the_same[agent-frame0]",
    ),
    _relay(
        "a viewer gets in under another number than its own",
        "switch/endpoints.py",
        "admission is not None and admission.tracking == tracking",
        "admission is not None",
        "test_hostile.py::test_a_gate_that_mixes_tickets_up_lets_nobody_in",
    ),
    _relay(
        "the gate is not asked about the session",
        "switch/endpoints.py",
        "admit_agent(tracking, token, key, session)",
        "admit_agent(tracking, token, key, None)",
        "test_hostile.py::test_the_gate_is_asked_about_the_session",
    ),
    _relay(
        "a slow gate holds sockets for ever",
        "switch/endpoints.py",
        "asyncio.timeout(self._limits.admission_s)",
        "asyncio.timeout(None)",
        "test_hostile.py::test_a_gate_that_does_not_answer_holds_nobody",
    ),
    _relay(
        "sockets open while the server stops",
        "switch/endpoints.py",
        "            raise Goodbye(CloseCode.GOING_AWAY)\n        with self._doorman",
        "            pass\n        with self._doorman",
        "test_meeting.py::test_server_goes_away",
    ),
    _relay(
        "an agent of another ticket gets into a session",
        "switch/switchboard.py",
        "found.tracking != tracking or ",
        "",
        "test_hostile.py::test_an_agent_of_another_ticket_gets_into_no_session",
    ),
    _relay(
        "a second agent gets into a session",
        "switch/switchboard.py",
        "or found.joined or",
        "or",
        "test_hostile.py::test_second_agent_of_a_joined_session_is_refused",
    ),
)

_SOCKETS: tuple[Mutant, ...] = (
    _relay(
        "control sockets carry anything",
        "switch/endpoints.py",
        "                case Asking():\n                    raise Goodbye(CloseCode.MALFORMED)",
        "                case Asking():\n                    pass",
        'test_hostile.py::test_control_socket_carries_heartbeats_only[{"type":"asking"}-4400]',
    ),
    _relay(
        "control frames need not be text",
        "switch/endpoints.py",
        "    if isinstance(frame, bytes):\n        raise Goodbye(CloseCode.MALFORMED)\n    try:",
        "    if isinstance(frame, bytes):\n        frame = frame.decode()\n    try:",
        "test_hostile.py::test_first_frames_of_other_forms[hello in binary]",
    ),
    _relay(
        "viewers speak in text",
        "switch/endpoints.py",
        "            if isinstance(frame, str):\n                raise Goodbye(CloseCode.MALFORMED)\n",
        "            if isinstance(frame, str):\n                frame = frame.encode()\n",
        'test_hostile.py::test_viewer_says_nothing_in_text[{"type":"asking"}-4400]',
    ),
    _relay(
        "agents speak in text",
        "switch/endpoints.py",
        "if not isinstance(said, Asking):",
        "if False:",
        'test_hostile.py::test_agent_says_only_asking_in_text[{"type":"ping"}-4400]',
    ),
    _relay(
        "viewers send before there is an agent",
        "switch/session.py",
        "            raise Goodbye(CloseCode.MALFORMED)\n        await self.to_agent",
        "            return\n        await self.to_agent",
        "test_hostile.py::test_viewer_is_silent_until_joined",
    ),
    _relay(
        "records have any size",
        "switch/session.py",
        "        check_record(record)\n",
        "",
        "test_hostile.py::test_agent_says_only_asking_in_text[-4400]",
    ),
    _relay(
        "messages have any size",
        "front.py",
        "ws_max_size=MAX_RECORD_BYTES",
        "ws_max_size=1 << 24",
        "test_hostile.py::test_first_frames_of_other_forms[viewer-frame10-4413]",
    ),
    _relay(
        "messages may come in any number of pieces",
        "connections.py",
        "if len(self.frames) >= MAX_FRAGMENTS:",
        "if False:",
        "test_hostile.py::test_broken_frames[data8-4400]",
    ),
    _relay(
        "pings are answered to whoever does not read",
        "connections.py",
        "        if self.writable.is_set():\n            self.transport.write",
        "        if True:\n            self.transport.write",
        "test_pressure.py::test_ping_flood_without_reading_is_bounded",
    ),
    _relay(
        "silent agents stay for ever",
        "switch/endpoints.py",
        "if missed == MISSED_HEARTBEATS:",
        "if False:",
        "test_meeting.py::test_heartbeat",
    ),
    _relay(
        "sessions outlive their permission",
        "switch/switchboard.py",
        "if at > session.not_after:",
        "if False:",
        "test_hostile.py::test_session_ends_when_its_time_is_over",
    ),
    _relay(
        "viewers wait for ever",
        "switch/switchboard.py",
        "elif not session.joined and now > session.waits_until:",
        "elif False:",
        "test_meeting.py::test_agent_does_not_come",
    ),
    _relay(
        "pairs with a blocked write stay",
        "switch/session.py",
        "now - lane.blocked_since > limit_s",
        "False",
        "test_doorman.py::test_a_write_that_is_blocked_for_too_long_is_seen",
    ),
    _relay(
        "the relay does not hang up",
        "switch/switchboard.py",
        "        await self.finish(session, CloseCode.ENDED, CloseCode.ENDED)\n",
        "",
        "test_meeting.py::test_session_is_ended",
    ),
    _relay(
        "the agent stays when its request is over",
        "switch/switchboard.py",
        "            await agent.control.close(CloseCode.ENDED)\n",
        "",
        "test_meeting.py::test_everybody_is_sent_off",
    ),
    _relay(
        "the agent is not told of fewer rights",
        "switch/switchboard.py",
        "await asyncio.gather(*(socket.tell(frame) for socket in sockets))\n        return True",
        "return True",
        "test_meeting.py::test_rights_are_narrowed",
    ),
)

_HTTP: tuple[Mutant, ...] = (
    _relay(
        "half a header may grow for ever",
        "connections.py",
        "if self._reading and self._fed_bytes - self._body_bytes > MAX_HEAD_BYTES + self._body_bytes:",
        "if False:",
        "test_connections.py::test_too_much_or_too_slow_is_refused[pieces0-431]",
    ),
    _relay(
        "request heads have any size",
        "connections.py",
        "if self._head_bytes > MAX_HEAD_BYTES:",
        "if False:",
        "test_connections.py::test_too_much_or_too_slow_is_refused[pieces1-400]",
    ),
    _relay(
        "any number of headers",
        "connections.py",
        "if len(self.headers) >= MAX_HEADERS:",
        "if False:",
        "test_connections.py::test_too_much_or_too_slow_is_refused[pieces2-400]",
    ),
    _relay(
        "bodies have any size",
        "connections.py",
        "if self._body_bytes > MAX_BODY_BYTES:",
        "if False:",
        "test_connections.py::test_too_much_or_too_slow_is_refused[pieces4-413]",
    ),
    _relay(
        "requests may take for ever",
        "connections.py",
        "self.loop.call_later(seconds, self._late)",
        "self.loop.call_later(3_600, self._late)",
        "test_connections.py::test_slow_beginner_is_cut_off_in_time",
    ),
    _relay(
        "clients say which address they come from",
        "front.py",
        "            proxy_headers=bool(listening.trusted_proxies),\n"
        "            forwarded_allow_ips=list(listening.trusted_proxies),\n",
        '            proxy_headers=True,\n            forwarded_allow_ips="*",\n',
        "test_connections.py::test_a_forwarded_address_is_believed_of_trusted_proxies_only",
    ),
    _relay(
        "old TLS is spoken",
        "front.py",
        "    context.minimum_version = ssl.TLSVersion.TLSv1_2\n"
        "    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION\n"
        "    # Forward secrecy and authenticated encryption only, in TLS 1.2 too.\n"
        '    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")\n',
        "    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED\n"
        '    context.set_ciphers("DEFAULT:@SECLEVEL=0")\n',
        "test_pressure.py::test_old_tls_is_refused",
    ),
    _relay(
        "counters are for everybody",
        "pages.py",
        "        if not asks_from_this_machine(scope):\n            return plain(404, self._headers)\n",
        "",
        "test_pages.py::test_counters_are_for_this_machine_only",
    ),
    _relay(
        "counters come through a proxy",
        "pages.py",
        '    if any(name in headers for name in (b"x-forwarded-for", b"forwarded", b"via")):\n        return False\n',
        "",
        "test_pages.py::test_who_asks_from_this_machine[client1-headers1-False]",
    ),
    _relay(
        "counters are read by pages of other names",
        "pages.py",
        '            and (host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback)\n',
        "",
        "test_pages.py::test_who_asks_from_this_machine[client2-headers2-False]",
    ),
    _relay(
        "files of any kind are served",
        "pages.py",
        "        if kind is None:\n            return plain(404, self._headers)\n        response",
        '        kind = kind or "text/plain"\n        response',
        "test_pages.py::test_only_files_of_the_viewer_are_served[script.py-404]",
    ),
    _relay(
        "links lead out of the viewer's folder",
        "pages.py",
        "follow_symlink=False",
        "follow_symlink=True",
        "test_pages.py::test_only_files_of_the_viewer_are_served[link.js-404]",
    ),
    _relay(
        "the viewer's worker loads scripts from anywhere",
        "pages.py",
        ', "content-security-policy": SCRIPT_POLICY}',
        "}",
        "test_pages.py::test_the_viewers_worker_talks_to_this_server_only",
    ),
)

_FILES: tuple[Mutant, ...] = (
    _relay(
        "plain HTTP to the whole network",
        "config.py",
        'if server.tls == "off" and not is_loopback(server.bind):',
        "if False:",
        'test_config.py::test_wrong_settings_are_named[server7-rest7-tls = "off" is for bind = "127.0.0.1" only]',
    ),
    _relay(
        "public addresses without TLS",
        "config.py",
        'if public.startswith("http:") and (server.tls != "off" or not is_loopback(urlsplit(public).hostname or "")):',
        "if False:",
        "test_config.py::test_wrong_settings_are_named[server6-rest6-has to begin with https://]",
    ),
    _relay(
        "origins with more than an origin in them",
        "config.py",
        ' or parts.username or parts.password:\n        raise ValueError("it has to end',
        ':\n        raise ValueError("it has to end',
        "test_config.py::test_other_urls_are_no_origins[https://u@a]",
    ),
    _relay(
        "the private authority signs for everybody",
        "certificates.py",
        ".add_extension(x509.NameConstraints(permitted_subtrees=names, excluded_subtrees=None), critical=True)",
        "",
        "test_certificates.py::test_root_may_sign_for_this_server_only",
    ),
    _relay(
        "everybody reads the authority's key",
        "certificates.py",
        "_write(path, data, 0o600)",
        "_write(path, data, 0o644)",
        "test_certificates.py::test_root_may_sign_for_this_server_only",
    ),
    _relay(
        "a key of another authority is used",
        "certificates.py",
        "if root.public_key() != key.public_key():",
        "if False:",
        "test_certificates.py::test_nothing_is_overwritten_or_mixed_up",
    ),
    _relay(
        "a new authority overwrites the old one",
        "certificates.py",
        "if paths.root.exists() or paths.root_key.exists():",
        "if False:",
        "test_certificates.py::test_nothing_is_overwritten_or_mixed_up",
    ),
    _relay(
        "everybody reads the settings",
        "cli.py",
        "os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600",
        "os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644",
        "test_modes.py::test_settings_are_for_their_owner_and_never_overwritten",
    ),
    _relay(
        "init makes files that everybody reads",
        "cli.py",
        "    os.umask(0o077)\n",
        "",
        "test_modes.py::test_commands_make_files_for_their_owner_only",
    ),
    _relay(
        "the server makes files that everybody reads",
        "child.py",
        "    os.umask(0o077)\n",
        "",
        "test_modes.py::test_the_servers_processes_make_files_for_their_owner_only",
    ),
    _relay(
        "everybody wakes the worker",
        "wakeup.py",
        "        path.chmod(0o600)\n",
        "",
        "test_modes.py::test_the_workers_bell_is_for_its_owner_only",
    ),
    _relay(
        "statements of the database are shown",
        "app.py",
        "({type(error).__name__})",
        "({error})",
        "test_modes.py::test_no_statement_is_shown_to_anybody",
    ),
    _relay(
        "tracebacks are shown on the command line",
        "cli.py",
        "    except Exception as error:  # noqa: BLE001 - the edge of the program",
        "    except TypeError as error:  # noqa: BLE001 - the edge of the program",
        "test_modes.py::test_what_nobody_foresaw_is_one_line",
    ),
)

MUTANTS: tuple[Mutant, ...] = (*_DOOR, *_SOCKETS, *_HTTP, *_FILES)
