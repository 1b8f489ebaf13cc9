"""Checks of the browser's viewer: the protocol once more, and what a page must not be told or draw."""

from tests.mutants.mutant import Mutant

_PROTOCOL = "tests/technician_viewer/web/test_node.py::test_under_node"
_HOSTILE = "tests/technician_viewer/viewer/test_pure.py::test_under_node[hostile.test.mjs]"
_STATES = "tests/technician_viewer/viewer/test_states.py"


def _tunnel(name: str, file: str, find: str, replace: str, tests: str) -> Mutant:
    """Switch one check of the protocol's second implementation off; `tests` is a file of Node's."""
    return Mutant(name, f"technician_viewer/web/protocol/{file}", find, replace, f"{_PROTOCOL}[{tests}.test.mjs]")


def _page(name: str, file: str, find: str, replace: str, test: str = _HOSTILE) -> Mutant:
    """Switch one check of the viewer off."""
    return Mutant(name, f"technician_viewer/web/{file}", find, replace, test)


_PAPERS: tuple[Mutant, ...] = (
    _tunnel(
        "browser: signatures are not verified",
        "authority.js",
        "if (!(await signed_by(key, signature, body)))",
        "if (false)",
        "authority",
    ),
    _tunnel(
        "browser: labels are not compared",
        "authority.js",
        "if (!same_bytes(body.subarray(0, head.length), head))",
        "if (false)",
        "authority",
    ),
    _tunnel(
        "browser: signed objects have any size",
        "authority.js",
        "if (data.length > MAX_SIGNED_BYTES)",
        "if (false)",
        "authority",
    ),
    _tunnel(
        "browser: other organisations are accepted",
        "authority.js",
        "if (Object.values(papers).some((paper) => paper.organisation !== organisation))",
        "if (false)",
        "vectors",
    ),
    _tunnel(
        "browser: papers out of date are accepted",
        "authority.js",
        "if (now >= end)",
        "if (false)",
        "vectors",
    ),
    _tunnel(
        "browser: papers may live for ever",
        "authority.js",
        "if (end - begin > longest_s)",
        "if (false)",
        "vectors",
    ),
    _tunnel(
        "browser: papers from the future are accepted",
        "authority.js",
        "if (signed > Math.max(server_time, newest_signed) + NOT_BEFORE_SLACK_S)",
        "if (false)",
        "vectors",
    ),
    _tunnel(
        "browser: no rule about papers counts",
        "authority.js",
        "if (!good) throw new SecurityError(reason);",
        "",
        "vectors",
    ),
)

_TUNNEL: tuple[Mutant, ...] = (
    _tunnel(
        "browser: the pinned agent key is not compared",
        "connection.js",
        "if (expected !== null && (peer_static === null || !same_bytes(peer_static, expected)))",
        "if (false)",
        "connection",
    ),
    _tunnel(
        "browser: a resume is accepted without a secret",
        "connection.js",
        "if (pattern === Pattern.XXPSK3 && this._resume_secret === null)",
        "if (false)",
        "connection",
    ),
    _tunnel(
        "browser: unknown patterns are tried",
        "connection.js",
        "if (pattern !== Pattern.XX && pattern !== Pattern.XXPSK3)",
        "if (false)",
        "connection",
    ),
    _tunnel(
        "browser: message 1 carries anything",
        "connection.js",
        "if (payload.length > 0)",
        "if (false)",
        "connection",
    ),
    _tunnel(
        "browser: the user grants more than the ticket allows",
        "connection.js",
        "const granted = common_rights(rights, this._check_asking().rights);",
        "this._check_asking();\n    const granted = rights;",
        "connection",
    ),
    _tunnel(
        "browser: narrowing widens",
        "connection.js",
        "const left = common_rights(this.rights, rights);",
        "const left = rights;",
        "connection",
    ),
    _tunnel(
        "browser: the table is not asked",
        "tunnel.js",
        "      check_incoming(message, this.role, this.phase, this.rights);\n",
        "",
        "connection",
    ),
    _tunnel(
        "browser: the right is not asked",
        "table.js",
        "if (line.right !== null && !rights.has(line.right)) throw new NotPermitted(line.right);",
        "",
        "connection",
    ),
    _tunnel(
        "browser: the sender is not asked",
        "table.js",
        "if (!line.senders.includes(sender)) {\n    throw new RemoteProtocolError",
        "if (false) {\n    throw new RemoteProtocolError",
        "connection",
    ),
    _tunnel(
        "browser: the phase is not asked",
        "table.js",
        "if (!line.phases.includes(phase)) {\n    throw new RemoteProtocolError",
        "if (false) {\n    throw new RemoteProtocolError",
        "connection",
    ),
    _tunnel(
        "browser: silence is no loss",
        "tunnel.js",
        "} else if (now >= this._last_in + LOST_AFTER_S) {",
        "} else if (false) {",
        "connection",
    ),
    _tunnel(
        "browser: keys outlive the session",
        "tunnel.js",
        "    this._sealer?.wipe();\n    this._opener?.wipe();\n    this._sealer = this._opener = this._reader = null;",
        "",
        "connection",
    ),
    _tunnel(
        "browser: messages may grow without bound",
        "records.js",
        "if (length > limit)",
        "if (false)",
        "connection",
    ),
    _tunnel(
        "browser: kinds that nobody knows are kept",
        "records.js",
        "if (limit === undefined) throw new RemoteProtocolError(`unknown kind ${kind}`, ErrorCode.UNKNOWN_MESSAGE);",
        "",
        "vectors",
    ),
    _tunnel(
        "browser: keys are never changed",
        "records.js",
        "    const record = this._cipher.encrypt(plain);\n"
        "    if (this._cipher.counter % this._rekey_records === 0) this._cipher.rekey();\n",
        "    const record = this._cipher.encrypt(plain);\n",
        "vectors",
    ),
    _tunnel(
        "browser: a deflate bomb is inflated",
        "picture.js",
        "if (filled + part.value.length > size)",
        "if (false)",
        "vectors",
    ),
    _tunnel(
        "browser: cursors have any size",
        "binary_messages.js",
        "if (width > MAX_CURSOR_SIDE_PX || height > MAX_CURSOR_SIDE_PX || (width",
        "if ((width",
        "vectors",
    ),
    _tunnel(
        "browser: control frames have any size",
        "envelope.js",
        "if (text.length > MAX_CONTROL_BYTES || new TextEncoder().encode(text).length > MAX_CONTROL_BYTES)",
        "if (false)",
        "vectors",
    ),
)

_VIEWER: tuple[Mutant, ...] = (
    _page(
        "browser: rects have any number of pixels",
        "protocol/picture.js",
        "if (count > MAX_RECT_PIXELS)",
        "if (false)",
    ),
    _page(
        "browser: screens have any size",
        "protocol/picture.js",
        "check(good && width * height <= MAX_SCREEN_PIXELS,",
        "check(good,",
    ),
    _page(
        "browser: frames lie in frames",
        "picture.js",
        'if (this.#frame !== undefined) throw new BadPicture("a frame began',
        'if (false) throw new BadPicture("a frame began',
    ),
    _page(
        "browser: rects lie outside a frame",
        "picture.js",
        "if (image === undefined || this.#frame === undefined)",
        "if (image === undefined)",
    ),
    _page(
        "browser: rects lie outside the screen",
        "picture.js",
        "if (rect.x + rect.width > image.width || rect.y + rect.height > image.height)",
        "if (false)",
    ),
    _page(
        "browser: frames end that did not begin",
        "picture.js",
        "if (image === undefined || this.#frame !== frame)",
        "if (image === undefined)",
    ),
    _page(
        "browser: one frame piles up any number of rects",
        "picture.js",
        "if (this.#boxes.length > MAX_BOXES)",
        "if (false)",
    ),
    _page(
        "browser: a complete picture is made of copies",
        "picture.js",
        'if (this.#complete) throw new BadPicture("a copy',
        'if (false) throw new BadPicture("a copy',
    ),
    _page(
        "browser: copies come from right of the screen",
        "protocol/picture.js",
        "source.x + rect.width <= width && source.y",
        "source.y",
    ),
    _page(
        "browser: copies come from below the screen",
        "protocol/picture.js",
        " && source.y + rect.height <= height;",
        ";",
    ),
    _page(
        "browser: copies say their source in any number of bytes",
        "protocol/picture.js",
        "check(data.length === COPY_BYTES,",
        "check(data.length >= COPY_BYTES,",
    ),
    _tunnel(
        "browser: copies that overlap read what they wrote",
        "picture.js",
        "(target.y > source.y ? target.height - 1 - step : step)",
        "step",
        "vectors",
    ),
    _page(
        "browser: copies have any size",
        "protocol/picture.js",
        "if (rect.width * rect.height > MAX_RECT_PIXELS)",
        "if (false)",
    ),
    _page(
        "browser: any number of records waits",
        "session.js",
        "if (this.#incoming.length > MAX_UNDECODED_RECORDS)",
        "if (false)",
    ),
    _page(
        "browser: a pair is joined twice",
        "session.js",
        'if (this.#connection !== undefined) throw new MalformedFrame("joined twice");',
        "",
    ),
    _page(
        "browser: records come before there is a pair",
        "session.js",
        'if (connection === undefined) throw new MalformedFrame("a record came before the other end");',
        "if (connection === undefined) return;",
    ),
    _page(
        "browser: the end of another session counts here",
        "session.js",
        'if (frame.session === this.#offer.session) this.#closing = "stopped";',
        'this.#closing = "stopped";',
    ),
    _page(
        "browser: the cookie follows redirects",
        "api.js",
        'redirect: "error"',
        'redirect: "follow"',
    ),
    _page(
        "browser: the cookie goes to other sites",
        "api.js",
        'credentials: "same-origin"',
        'credentials: "include"',
    ),
    _page(
        "browser: a session on another ticket is taken",
        "offer.js",
        'if (textIn(answer, "tracking") !== tracking)',
        "if (false)",
    ),
    _page(
        "browser: the device key can be taken out",
        "device-key.js",
        'generateKey({ name: "X25519" }, false,',
        'generateKey({ name: "X25519" }, true,',
        f"{_STATES}::test_the_key_is_kept_and_cannot_be_taken_out",
    ),
    _page(
        "browser: the pinned agent key is not handed on",
        "session.js",
        "expected_agent_key: offer.agent_key === null ? null : parse_b64(offer.agent_key, 32),",
        "expected_agent_key: null,",
        f"{_STATES}::test_a_computer_with_another_key_is_refused",
    ),
    _page(
        "browser: the relay's word widens rights",
        "session.js",
        "(right) => this.#narrowed?.has(right) ?? true",
        "() => true",
        f"{_STATES}::test_what_the_relay_says_can_only_narrow",
    ),
    _page(
        "browser: input is sent without the right to",
        "session.js",
        "return this.#has(Right.CONTROL);",
        "return this.#isLive();",
        f"{_STATES}::test_view_only",
    ),
)

MUTANTS: tuple[Mutant, ...] = (*_PAPERS, *_TUNNEL, *_VIEWER)
