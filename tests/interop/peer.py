"""JavaScript ends of sessions, driven from Python: one long-lived Node process that speaks JSON lines."""

import json
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from protocol import connection as c
from protocol import messages as m
from protocol.authority import Credentials, Trust
from protocol.encoding import pack_b64
from protocol.handshake import Facts, RefusalReason
from protocol.rights import Right, pack_rights
from tests.vectors.make import fields_of, name_of

Json = dict[str, Any]
PROGRAM = Path(__file__).parent / "peer.mjs"
STOP_S = 10.0


def describe(event: c.Event) -> Json:
    """Return a Python event as the JavaScript side tells its own."""
    told: Json = {"event": type(event).__name__}
    match event:
        case c.Received(message):
            return told | {"name": name_of(message), "fields": fields_of(message)}
        case c.Declined(reason):
            return told | {"reason": reason}
        case c.RightsNow(rights):
            return told | {"rights": list(pack_rights(rights))}
        case c.Closed():
            error = None if event.error is None else str(event.error)
            return told | {"ended": event.ended, "code": event.code, "error": error, "reason": event.reason}
        case c.ConsentNeeded(authority):
            return told | {
                "technician": authority.technician,
                "name": authority.name,
                "kind": authority.kind,
                "rights": list(pack_rights(authority.rights)),
                "not_after": authority.not_after,
            }
        case c.Established():
            return told | {
                "rights": list(pack_rights(event.rights)),
                "handshake_hash": event.handshake_hash.hex(),
                "peer_static": event.peer_static.hex(),
                "facts": facts_of(event.facts),
            }


def facts_of(facts: Facts) -> Json:
    return {name: getattr(facts, name) for name in facts.__struct_fields__}


class Node:
    """The process; use it as a context manager."""

    def __init__(self) -> None:
        path = shutil.which("node")
        assert path is not None, "Node.js 20 or newer is needed: run the tests with `make test`"
        self._process = subprocess.Popen(
            [path, "--no-warnings", str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._made = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def call(self, **command: Any) -> Json:
        """Send one command and return the answer."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(command).encode() + b"\n")
        stdin.flush()
        line = stdout.readline()
        assert line, f"the JavaScript side ended with {self._process.poll()}"
        answer: Json = json.loads(line)
        assert answer.get("raised") != "bug", answer["text"]
        return answer

    def name(self) -> str:
        """Return a name that no end has yet."""
        self._made += 1
        return f"end-{self._made}"


class JsEnd:
    """One end in JavaScript, with the methods of a Python connection; events are told as by `describe`."""

    def __init__(self, node: Node, **command: Any) -> None:
        self._node = node
        self._end = node.name()
        self._out: list[bytes] = []
        self._events: list[Json] = []
        self.phase = ""
        self._call("new", **command)

    def _call(self, op: str, now: float = 0.0, **options: Any) -> None:
        answer = self._node.call(op=op, end=self._end, now=now, **options)
        assert "raised" not in answer, answer
        self._out += [bytes.fromhex(data) for data in answer["out"]]
        self._events += answer["events"]
        self.phase = answer["phase"]

    def receive_all(self, data: Sequence[bytes]) -> None:
        """Give several websocket messages at once, without waiting for one before giving the next."""
        self._call("receive", data=[item.hex() for item in data])

    def send_all(self, messages: Iterable[m.Message]) -> None:
        self._call("send", messages=[{"name": name_of(item), "fields": fields_of(item)} for item in messages])

    def grant(self, rights: frozenset[Right], facts: Facts) -> None:
        self._call("grant", rights=list(pack_rights(rights)), facts=facts_of(facts))

    def refuse(self, reason: RefusalReason) -> None:
        self._call("refuse", reason=reason)

    def close(self, code: m.ByeCode, reason: str = "") -> None:
        self._call("close", code=code, reason=reason)

    def data_to_send(self) -> list[bytes]:
        out, self._out = self._out, []
        return out

    def told(self) -> list[Json]:
        events, self._events = self._events, []
        return events

    def forget(self) -> None:
        self._node.call(op="forget", end=self._end)


class PyEnd:
    """One end in Python, with the same methods."""

    def __init__(self, connection: c.AgentConnection | c.ViewerConnection) -> None:
        self.connection = connection

    @property
    def phase(self) -> str:
        return str(self.connection.phase)

    def receive_all(self, data: Sequence[bytes]) -> None:
        for item in data:
            self.connection.receive_data(item, 0.0)

    def send_all(self, messages: Iterable[m.Message]) -> None:
        for message in messages:
            self.connection.send(message, 0.0)

    def grant(self, rights: frozenset[Right], facts: Facts) -> None:
        assert isinstance(self.connection, c.AgentConnection)
        self.connection.grant(rights, facts, 0.0)

    def refuse(self, reason: RefusalReason) -> None:
        assert isinstance(self.connection, c.AgentConnection)
        self.connection.refuse(reason, 0.0)

    def close(self, code: m.ByeCode, reason: str = "") -> None:
        self.connection.close(code, 0.0, reason)

    def data_to_send(self) -> list[bytes]:
        return self.connection.data_to_send()

    def told(self) -> list[Json]:
        return [describe(event) for event in self.connection.events()]

    def forget(self) -> None:
        """Nothing is kept."""


End = JsEnd | PyEnd


def js_agent(
    node: Node,
    *,
    session: str,
    tracking: str,
    static: X25519PrivateKey,
    ephemeral: X25519PrivateKey,
    trust: Trust,
    resume_secret: bytes | None,
    rekey_records: int,
) -> JsEnd:
    return JsEnd(
        node,
        role="agent",
        session=session,
        tracking=tracking,
        static=static.private_bytes_raw().hex(),
        ephemeral=ephemeral.private_bytes_raw().hex(),
        trust={
            "organisation_key": trust.organisation_key.public_bytes_raw().hex(),
            "server_time": trust.server_time,
            "newest_signed": trust.newest_signed,
            "revocation_sequence": trust.revocation_sequence,
        },
        resume_secret=None if resume_secret is None else resume_secret.hex(),
        rekey_records=rekey_records,
    )


def js_viewer(
    node: Node,
    *,
    session: str,
    tracking: str,
    organisation: bytes,
    static: X25519PrivateKey,
    ephemeral: X25519PrivateKey,
    credentials: Credentials,
    expected_agent_key: bytes | None,
    resume_secret: bytes | None,
    rekey_records: int,
    features: tuple[str, ...] = (),
) -> JsEnd:
    return JsEnd(
        node,
        role="viewer",
        features=features,
        session=session,
        tracking=tracking,
        organisation=organisation.hex(),
        static=static.private_bytes_raw().hex(),
        ephemeral=ephemeral.private_bytes_raw().hex(),
        credentials={name: pack_b64(value) for name, value in vars(credentials).items()},
        expected_agent_key=None if expected_agent_key is None else expected_agent_key.hex(),
        resume_secret=None if resume_secret is None else resume_secret.hex(),
        rekey_records=rekey_records,
    )
