"""The two ends of a session as state machines without I/O.

A shell passes in each binary websocket message with `receive_data`, sends what `data_to_send` returns, one websocket
message each, acts on `events`, and calls `on_deadline` when `next_deadline` has come. `now` is a monotonic clock in
seconds. Nothing a peer sends makes these methods raise: it becomes a `Closed` event and a `bye`. What raises is a
caller's mistake.

Agent:  HANDSHAKE --message 2 accepted--> ASKING --grant()--> LIVE --bye, error, close()--> CLOSED
                                          ASKING --refuse()--> CLOSED
Viewer: HANDSHAKE --message 1--> ASKING --message 3 granted--> LIVE --bye, error, close()--> CLOSED
                                 ASKING --message 3 refused--> CLOSED
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from protocol import messages as m
from protocol.authority import Authority, Credentials, OrganisationId, Trust, check_credentials, organisation_id
from protocol.errors import ErrorCode, LocalProtocolError, NotPermitted, RemoteProtocolError, SecurityError
from protocol.handshake import (
    Facts,
    Feature,
    Granted,
    RefusalReason,
    Refused,
    pack_credentials,
    pack_payload,
    parse_agent_payload,
    parse_viewer_payload,
    prologue,
)
from protocol.noise import HandshakeState, Pattern
from protocol.picture import Encoding
from protocol.records import REKEY_RECORDS, Body, PieceReader, PieceWriter, RecordOpener, RecordSealer
from protocol.rights import Right, pack_rights, parse_rights
from protocol.table import Phase, Role, check_incoming, check_outgoing, limits_for

# Silence of this length makes a side say ping.
PING_AFTER_S: Final = 1.0
# No record for this long: the session is lost.
LOST_AFTER_S: Final = 15.0
# Input that was under way when rights were taken away is dropped without blame for this long.
WITHDRAWN_SLACK_S: Final = 2.0
# From the first byte to message 2: the viewer computes, no person is involved.
HANDSHAKE_S: Final = 15.0
# From message 2 to the answer: how long the user may think, and a little for the way.
CONSENT_S: Final = 60.0
CONSENT_SLACK_S: Final = 5.0


@dataclass(frozen=True)
class ConsentNeeded:
    """Agent: the papers are good, ask the user; answer with `grant` or `refuse`."""

    authority: Authority


@dataclass(frozen=True)
class Established:
    """The tunnel is open with these rights. `facts` are the agent's, on the viewer's side only."""

    rights: frozenset[Right]
    handshake_hash: bytes
    peer_static: bytes
    facts: Facts = field(default_factory=Facts)


@dataclass(frozen=True)
class Received:
    """A message that the table let pass."""

    message: m.Message


@dataclass(frozen=True)
class Declined:
    """Viewer: the user said no, or nothing."""

    reason: RefusalReason


@dataclass(frozen=True)
class RightsNow:
    """The rights that hold from here on."""

    rights: frozenset[Right]


@dataclass(frozen=True)
class Closed:
    """The connection is over. `ended`: the peer or this side said bye; else it is lost or failed, for `error`.

    `detail` is for the local log.
    """

    ended: bool
    code: m.ByeCode | None = None
    reason: str = ""
    error: ErrorCode | None = None
    detail: str = ""


Event = ConsentNeeded | Established | Received | Declined | RightsNow | Closed


class _Connection(ABC):
    """What both ends share: the tunnel, its gate, its clock, and its end."""

    role: Role

    def __init__(self, *, now: float, rekey_records: int) -> None:
        self.phase = Phase.HANDSHAKE
        self.rights: frozenset[Right] = frozenset()
        self._rekey_records = rekey_records
        self._out: list[bytes] = []
        self._events: list[Event] = []
        self._sealer: RecordSealer | None = None
        self._opener: RecordOpener | None = None
        self._writer = PieceWriter()
        self._reader: PieceReader | None = None
        # Monotonic times: when the last record came and went, and until when late input is forgiven.
        self._last_in = now
        self._last_out = now
        self._withdrawn_until = 0.0
        self._give_up_at = now + HANDSHAKE_S
        self._ping_id = 0

    # --- what a shell calls

    def events(self) -> list[Event]:
        """Return what happened since the last call."""
        events, self._events = self._events, []
        return events

    def data_to_send(self) -> list[bytes]:
        """Return the websocket messages to send now, in order."""
        self._flush()
        out, self._out = self._out, []
        return out

    def next_record(self) -> bytes | None:
        """Return the next websocket message to send, or None.

        For shells that wait for the socket between records, so that what is urgent overtakes a picture.
        """
        if not self._out and self._sealer is not None and (plain := self._writer.next_plain()) is not None:
            return self._sealer.seal(plain)
        return self._out.pop(0) if self._out else None

    @property
    def pending(self) -> bool:
        """Whether `next_record` has something to give."""
        return bool(self._out) or self._writer.pending

    def receive_data(self, data: bytes, now: float) -> None:
        """Take one binary websocket message."""
        if self.phase is Phase.CLOSED:
            return
        self._last_in = now
        try:
            self._receive(data, now)
        except RemoteProtocolError as error:
            self._fail(error, now)

    def next_deadline(self) -> float | None:
        """Return the monotonic time at which `on_deadline` wants to be called, or None."""
        if self.phase is Phase.CLOSED:
            return None
        if self.phase is not Phase.LIVE:
            return self._give_up_at
        return min(self._last_out + PING_AFTER_S, self._last_in + LOST_AFTER_S)

    def on_deadline(self, now: float) -> None:
        """Do what time asks for: heartbeat, or give up."""
        deadline = self.next_deadline()
        if deadline is None or now < deadline:
            return
        if self.phase is not Phase.LIVE:
            self._on_patience_over(now)
        elif now >= self._last_in + LOST_AFTER_S:
            self._close(Closed(ended=False, error=ErrorCode.LOST, detail="nothing was heard from the other side"))
        else:
            self._ping_id = (self._ping_id + 1) & 0xFFFFFFFF
            self.send(m.Ping(self._ping_id), now)

    def send(self, message: m.Message, now: float) -> None:
        """Queue a message for the peer. Raises LocalProtocolError when this side may not send it now."""
        row = check_outgoing(message, self.role, self.phase, self.rights)
        kind, data = m.pack_message(message)
        if len(data) > row.max_bytes:
            raise LocalProtocolError(f"{type(message).__name__} has {len(data)} bytes, the limit is {row.max_bytes}")
        self._writer.add(Body(kind, data), urgent=row.urgent)
        self._last_out = now

    def close(self, code: m.ByeCode, now: float, reason: str = "") -> None:
        """End the session from this side; `data_to_send` then holds the bye."""
        if self.phase is Phase.CLOSED:
            return
        if self.phase is Phase.LIVE:
            self.send(m.Bye(code, reason), now)
        self._close(Closed(ended=True, code=code, reason=reason))

    def connection_lost(self, detail: str = "") -> None:
        """The websocket closed without a bye."""
        if self.phase is not Phase.CLOSED:
            self._close(Closed(ended=False, error=ErrorCode.LOST, detail=detail))

    # --- inside

    def _receive(self, data: bytes, now: float) -> None:
        if self._opener is None or self._reader is None:
            self._receive_handshake(data, now)
            return
        for body in self._reader.read(self._opener.open(data)):
            if self.phase is not Phase.LIVE:
                return
            self._dispatch(m.parse_message(body.kind, body.data), now)

    @abstractmethod
    def _receive_handshake(self, data: bytes, now: float) -> None:
        """Read this end's half of the handshake."""

    def _on_patience_over(self, now: float) -> None:  # noqa: ARG002 the agent's refusal needs the time
        self._close(Closed(ended=False, error=ErrorCode.LOST, detail="the other side did not go on with the handshake"))

    def _dispatch(self, message: m.Message, now: float) -> None:
        try:
            check_incoming(message, self.role, self.phase, self.rights)
        except NotPermitted:
            if now < self._withdrawn_until:
                return
            raise
        match message:
            case m.Ping(id=ping_id):
                self.send(m.Pong(ping_id), now)
            case m.Pong():
                pass
            case m.Bye(code=code, reason=reason):
                self._close(Closed(ended=True, code=code, reason=reason))
            case m.RightsChanged(rights=names):
                # The agent enforces rights; the viewer only follows. A picture may have been under way meanwhile.
                self.rights = parse_rights(names)
                self._withdrawn_until = now + WITHDRAWN_SLACK_S
                self._events.append(RightsNow(self.rights))
            case _:
                self._events.append(Received(message))

    def _open_tunnel(
        self, handshake: HandshakeState, rights: frozenset[Right], facts: Facts, now: float
    ) -> Established:
        transport = handshake.split()
        self._sealer = RecordSealer(transport.send, rekey_records=self._rekey_records)
        self._opener = RecordOpener(transport.receive, rekey_records=self._rekey_records)
        self._reader = PieceReader(limits_for(self.role))
        self.phase = Phase.LIVE
        self.rights = rights
        self._last_in = self._last_out = now
        return Established(rights, transport.handshake_hash, transport.peer_static, facts)

    def _flush(self) -> None:
        if self._sealer is not None:
            while (plain := self._writer.next_plain()) is not None:
                self._out.append(self._sealer.seal(plain))

    def _fail(self, error: RemoteProtocolError, now: float) -> None:
        detail = error.cause if isinstance(error, SecurityError) else str(error)
        if self.phase is Phase.LIVE and not isinstance(error, SecurityError):
            self.send(m.Bye("protocol-error", str(error)[:256]), now)
        self._close(Closed(ended=False, error=error.code, reason=str(error), detail=detail))

    def _close(self, event: Closed) -> None:
        # What people feel still goes out, the bye last; a picture under way does not.
        while self._sealer is not None and self._writer.urgent and (plain := self._writer.next_plain()) is not None:
            self._out.append(self._sealer.seal(plain))
        self.phase = Phase.CLOSED
        self.rights = frozenset()
        for half in (self._sealer, self._opener):
            if half is not None:
                half.wipe()
        self._sealer = self._opener = self._reader = None
        self._writer = PieceWriter()
        self._events.append(event)


class AgentConnection(_Connection):
    """The agent's end of one session.

    `static` is the installation's key, `ephemeral` a fresh one for this object alone, `trust` what is pinned and known.
    `resume_secret`, 32 bytes, selects XXpsk3.
    """

    role = Role.AGENT

    def __init__(
        self,
        *,
        session: str,
        tracking: str,
        static: X25519PrivateKey,
        ephemeral: X25519PrivateKey,
        trust: Trust,
        now: float,
        resume_secret: bytes | None = None,
        rekey_records: int = REKEY_RECORDS,
    ) -> None:
        super().__init__(now=now, rekey_records=rekey_records)
        self._session = session
        self._tracking = tracking
        self._trust = trust
        pattern = Pattern.XX if resume_secret is None else Pattern.XXPSK3
        self._handshake = HandshakeState(
            pattern,
            initiator=True,
            prologue=prologue(
                pattern=pattern,
                session=session,
                tracking=tracking,
                organisation=organisation_id(trust.organisation_key),
            ),
            static=static,
            ephemeral=ephemeral,
            psk=resume_secret,
        )
        self.authority: Authority | None = None
        # What the viewer named in message 2; words that are not known here stand in it too and mean nothing.
        self.features: frozenset[str] = frozenset()
        self._out.append(bytes([pattern]) + self._handshake.write_message())

    def _receive_handshake(self, data: bytes, now: float) -> None:
        if self.phase is not Phase.HANDSHAKE:
            raise RemoteProtocolError("the viewer spoke while the user was being asked", ErrorCode.OUT_OF_STATE)
        credentials, features = parse_viewer_payload(self._handshake.read_message(data))
        peer_static = self._handshake.peer_static
        if peer_static is None:
            raise LocalProtocolError("message 2 was read without a static key")
        self.authority = check_credentials(
            credentials, self._trust, session=self._session, tracking=self._tracking, peer_static=peer_static
        )
        self.features = frozenset(features)
        self.phase = Phase.ASKING
        self._give_up_at = now + CONSENT_S
        self._events.append(ConsentNeeded(self.authority))

    def _on_patience_over(self, now: float) -> None:
        if self.phase is Phase.ASKING:
            self.refuse("timeout", now)
        else:
            super()._on_patience_over(now)

    def send(self, message: m.Message, now: float) -> None:
        """Queue a message for the viewer. Raises LocalProtocolError when it may not be sent, or not to this viewer."""
        if isinstance(message, m.Rect) and message.encoding == Encoding.COPY and Feature.COPY not in self.features:
            raise LocalProtocolError("this viewer did not say that it can copy")
        super().send(message, now)

    def grant(self, rights: frozenset[Right], facts: Facts, now: float) -> None:
        """The user agreed to `rights`; what the ticket does not allow is left out."""
        if self.phase is not Phase.ASKING or self.authority is None:
            raise LocalProtocolError(f"nobody waits for consent while {self.phase}")
        granted = rights & self.authority.rights
        if not granted:
            raise LocalProtocolError("granting no right is a refusal: use refuse()")
        self._out.append(self._handshake.write_message(pack_payload(Granted(pack_rights(granted), facts))))
        self._events.append(self._open_tunnel(self._handshake, granted, facts, now))

    def refuse(self, reason: RefusalReason, now: float) -> None:
        """The user said no (`declined`), nothing (`timeout`), or may not be asked (`busy`)."""
        if self.phase is not Phase.ASKING:
            raise LocalProtocolError(f"nobody waits for consent while {self.phase}")
        self._out.append(self._handshake.write_message(pack_payload(Refused(reason))))
        # A tunnel without rights, only for the bye: no event tells of it.
        self._open_tunnel(self._handshake, frozenset(), Facts(), now)
        self.close("timeout" if reason == "timeout" else "declined", now)

    def narrow(self, rights: frozenset[Right], now: float) -> None:
        """Take rights away: only those that are also in `rights` stay; losing all of them ends the session."""
        if self.phase is not Phase.LIVE:
            return
        left = self.rights & rights
        if left == self.rights:
            return
        if not left:
            self.close("rights-withdrawn", now)
            return
        self.rights = left
        self._withdrawn_until = now + WITHDRAWN_SLACK_S
        self.send(m.RightsChanged(pack_rights(left)), now)
        self._events.append(RightsNow(left))


class ViewerConnection(_Connection):
    """The viewer's end of one session.

    `static` is the device key that `credentials` are for. `expected_agent_key` is the key that the server pinned to the
    ticket; another one is refused. `resume_secret` as in `AgentConnection`. `features` is what the caller can take
    beyond version 1.
    """

    role = Role.VIEWER

    def __init__(
        self,
        *,
        session: str,
        tracking: str,
        organisation: OrganisationId,
        static: X25519PrivateKey,
        ephemeral: X25519PrivateKey,
        credentials: Credentials,
        now: float,
        expected_agent_key: bytes | None = None,
        resume_secret: bytes | None = None,
        rekey_records: int = REKEY_RECORDS,
        features: tuple[str, ...] = (),
    ) -> None:
        super().__init__(now=now, rekey_records=rekey_records)
        self._session = session
        self._tracking = tracking
        self._organisation = organisation
        self._static = static
        self._ephemeral = ephemeral
        self._credentials = credentials
        self._expected_agent_key = expected_agent_key
        self._resume_secret = resume_secret
        self._features = features
        self._handshake: HandshakeState | None = None

    def _receive_handshake(self, data: bytes, now: float) -> None:
        if self._handshake is None:
            self._read_first(data, now)
        else:
            self._read_third(self._handshake, data, now)

    def _read_first(self, data: bytes, now: float) -> None:
        if data[:1] not in (b"\x01", b"\x02"):
            raise RemoteProtocolError("unknown handshake pattern")
        pattern = Pattern(data[0])
        if pattern is Pattern.XXPSK3 and self._resume_secret is None:
            raise RemoteProtocolError("there is nothing to resume here", ErrorCode.NO_RESUME)
        handshake = HandshakeState(
            pattern,
            initiator=False,
            prologue=prologue(
                pattern=pattern, session=self._session, tracking=self._tracking, organisation=self._organisation
            ),
            static=self._static,
            ephemeral=self._ephemeral,
            psk=self._resume_secret if pattern is Pattern.XXPSK3 else None,
        )
        if handshake.read_message(data[1:]):
            raise RemoteProtocolError("message 1 carries nothing")
        self._out.append(handshake.write_message(pack_credentials(self._credentials, self._features)))
        self._handshake = handshake
        self._give_up_at = now + CONSENT_S + CONSENT_SLACK_S
        self.phase = Phase.ASKING

    def _read_third(self, handshake: HandshakeState, data: bytes, now: float) -> None:
        payload = parse_agent_payload(handshake.read_message(data))
        if self._expected_agent_key is not None and handshake.peer_static != self._expected_agent_key:
            raise SecurityError("the agent's key is not the one pinned to this ticket")
        if isinstance(payload, Refused):
            self._events.append(Declined(payload.reason))
            self._close(Closed(ended=True, code="timeout" if payload.reason == "timeout" else "declined"))
            return
        rights = parse_rights(payload.rights)
        if not rights:
            raise RemoteProtocolError("the agent granted no right that is known here")
        self._events.append(self._open_tunnel(handshake, rights, payload.facts, now))
