"""Random sessions: keys, papers, rights and messages drawn from a seed, and both ends of one in either language."""

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from protocol import messages as m
from protocol.authority import Credentials, Trust, organisation_id, sign
from protocol.connection import AgentConnection, ViewerConnection
from protocol.encoding import pack_b64
from protocol.handshake import Facts
from protocol.rights import Right, pack_rights
from protocol.table import TABLE
from protocol.tracking import make_tracking
from tests.interop.peer import End, Json, Node, PyEnd, js_agent, js_viewer
from tests.vectors import make

LETTERS = ("a", "Z", "é", "ß", "世", "🙂", '"', "\\", "\n", "\u2028", "\x7f", "\0", " ")
CODES = ("KeyA", "Digit7", "Enter", "ShiftLeft", "IntlBackslash", "F13")


class Chance:
    """Numbers and bytes that follow from a seed, so that a failure can be played again."""

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode()
        self._drawn = 0

    def bytes(self, count: int) -> bytes:
        self._drawn += 1
        return hashlib.shake_256(self._seed + self._drawn.to_bytes(8, "big")).digest(count)

    def below(self, end: int) -> int:
        """Return a number from 0 to `end` - 1."""
        return int.from_bytes(self.bytes(8), "big") % end

    def maybe(self) -> bool:
        return self.below(2) == 1

    def text(self, most: int) -> str:
        return "".join(LETTERS[self.below(len(LETTERS))] for _ in range(self.below(most + 1)))

    def x25519(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(self.bytes(32))

    def ed25519(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.bytes(32))


@dataclass(frozen=True)
class Meeting:
    """Everything that both ends of one session are made of."""

    session: str
    tracking: str
    agent_static: X25519PrivateKey
    agent_ephemeral: X25519PrivateKey
    device: X25519PrivateKey
    device_ephemeral: X25519PrivateKey
    trust: Trust
    credentials: Credentials
    rights: frozenset[Right]
    facts: Facts
    resume_secret: bytes | None
    rekey_records: int
    pinned: bool
    features: tuple[str, ...]

    @classmethod
    def draw(
        cls,
        chance: Chance,
        *,
        rights: frozenset[Right] | None = None,
        rekey_records: int | None = None,
        features: tuple[str, ...] | None = None,
    ) -> "Meeting":
        organisation, grant_key = chance.ed25519(), chance.ed25519()
        device = chance.x25519()
        named = pack_b64(organisation_id(organisation.public_key()))
        session, tracking = pack_b64(chance.bytes(16)), make_tracking(chance.bytes, "TLX"[: 1 + chance.below(3)])
        rights = rights or (frozenset({Right.VIEW}), frozenset(Right))[chance.below(2)]
        technician = str(chance.below(10_000))
        papers = Credentials(
            certificate=sign(
                organisation,
                make.device_certificate(
                    organisation=named,
                    serial=chance.bytes(9).hex(),
                    technician=technician,
                    name="T" + chance.text(40),
                    device_key=make.public(device),
                    kind=("browser", "native")[chance.below(2)],
                ),
            ),
            grant=sign(
                grant_key,
                make.session_grant(
                    organisation=named,
                    session=session,
                    tracking=tracking,
                    technician=technician,
                    device_key=make.public(device),
                    rights=pack_rights(rights),
                ),
            ),
            grant_key_certificate=sign(
                organisation, make.grant_key_certificate(organisation=named, grant_key=make.public(grant_key))
            ),
            revocations=sign(organisation, make.revocation_list(organisation=named, sequence=3 + chance.below(9))),
        )
        return cls(
            session=session,
            tracking=tracking,
            agent_static=chance.x25519(),
            agent_ephemeral=chance.x25519(),
            device=device,
            device_ephemeral=chance.x25519(),
            trust=make.trust(organisation_key=organisation.public_key()),
            credentials=papers,
            rights=rights,
            facts=Facts(chance.text(20), chance.text(20), chance.text(20), "0.1.0"),
            resume_secret=chance.bytes(32) if chance.maybe() else None,
            rekey_records=rekey_records or 1 + chance.below(4),
            pinned=chance.maybe(),
            features=((), ("copy",), ("copy", "future"))[chance.below(3)] if features is None else features,
        )

    def agent(self, node: Node | None) -> End:
        """Return the agent's end, in JavaScript when there is a node."""
        if node is not None:
            return js_agent(
                node,
                session=self.session,
                tracking=self.tracking,
                static=self.agent_static,
                ephemeral=self.agent_ephemeral,
                trust=self.trust,
                resume_secret=self.resume_secret,
                rekey_records=self.rekey_records,
            )
        return PyEnd(
            AgentConnection(
                session=self.session,
                tracking=self.tracking,
                static=self.agent_static,
                ephemeral=self.agent_ephemeral,
                trust=self.trust,
                now=0.0,
                resume_secret=self.resume_secret,
                rekey_records=self.rekey_records,
            )
        )

    def viewer(self, node: Node | None) -> End:
        """Return the viewer's end, in JavaScript when there is a node."""
        expected = self.agent_static.public_key().public_bytes_raw() if self.pinned else None
        organisation = organisation_id(self.trust.organisation_key)
        if node is not None:
            return js_viewer(
                node,
                session=self.session,
                tracking=self.tracking,
                organisation=organisation,
                static=self.device,
                ephemeral=self.device_ephemeral,
                credentials=self.credentials,
                expected_agent_key=expected,
                resume_secret=self.resume_secret,
                rekey_records=self.rekey_records,
                features=self.features,
            )
        return PyEnd(
            ViewerConnection(
                session=self.session,
                tracking=self.tracking,
                organisation=organisation,
                static=self.device,
                ephemeral=self.device_ephemeral,
                credentials=self.credentials,
                now=0.0,
                expected_agent_key=expected,
                resume_secret=self.resume_secret,
                rekey_records=self.rekey_records,
                features=self.features,
            )
        )


def from_viewer(chance: Chance, seq: int) -> m.Message:
    """Return a random message of a viewer with every right."""
    x, y = chance.below(1 << 16), chance.below(1 << 16)
    choices: tuple[m.Message, ...] = (
        m.PointerMove(seq, x, y),
        m.Button(seq, x, y, (1, 2, 3, 8, 9)[chance.below(5)], chance.maybe()),
        m.Wheel(seq, x, y, chance.below(1 << 16) - (1 << 15), chance.below(1 << 16) - (1 << 15)),
        m.Key(seq, chance.maybe(), chance.below(128), CODES[chance.below(len(CODES))], chance.text(8)),
        m.Text(seq, chance.text(200)),
        m.ReleaseAll(seq),
        m.FrameAck(seq, chance.below(1 << 16)),
        m.Refresh(),
    )
    return choices[chance.below(len(choices))]


def from_agent(chance: Chance, seq: int) -> m.Message:
    """Return a random message of an agent whose viewer has every right."""
    side = 1 + chance.below(64)
    choices: tuple[m.Message, ...] = (
        m.Monitors(side, side, (m.Monitor(seq % 16, 0, 0, side, side, primary=chance.maybe()),)),
        m.FrameBegin(seq, chance.maybe()),
        m.Rect(1, chance.below(1_000), chance.below(1_000), side, side, chance.bytes(side * side * 3)),
        m.FrameEnd(seq, chance.below(1 << 53), chance.maybe()),
        m.CursorShape(side, side, 0, side, chance.bytes(chance.below(500))),
        m.CursorPosition(chance.below(1 << 16), chance.below(1 << 16), chance.maybe()),
        m.InputAck(seq),
    )
    return choices[chance.below(len(choices))]


def allowed(message: m.Message, rights: frozenset[Right]) -> bool:
    right = TABLE[type(message)].right
    return right is None or right in rights


def carry(sender: End, receiver: End) -> list[bytes]:
    """Hand over what the sender has to send, all at once; return it."""
    data = sender.data_to_send()
    if data:
        receiver.receive_all(data)
    return data


URGENT = {make.name_of(message): TABLE[type(message)].urgent for message in make.MESSAGES}


def expected(sent: list[m.Message]) -> list[Json]:
    """Return what the receiver of these messages tells."""
    return [{"event": "Received", "name": make.name_of(item), "fields": make.fields_of(item)} for item in sent]


def queues(told: list[Json]) -> list[list[Json]]:
    """Return received messages by queue: the urgent may overtake, a queue keeps its order."""
    return [[event for event in told if URGENT[event["name"]] is urgent] for urgent in (True, False)]
