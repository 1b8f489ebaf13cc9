"""Write the protocol's own vectors: `python -m tests.vectors.make`.

Every message, handshake, record and reject stands in a JSON file beside this one; pytest and `node --test` read the
same files. Keys and times are fixed, so that writing them again changes nothing unless the protocol changed. Bytes are
hex.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from protocol import envelope, picture
from protocol import messages as m
from protocol.authority import (
    Credentials,
    DeviceCertificate,
    GrantKeyCertificate,
    RevocationList,
    SessionGrant,
    Signed,
    Trust,
    organisation_id,
    sign,
)
from protocol.connection import AgentConnection, ViewerConnection
from protocol.encoding import pack_b64
from protocol.handshake import Facts
from protocol.noise import CipherState
from protocol.records import Body, PieceWriter, RecordSealer
from protocol.rights import Right
from protocol.table import TABLE, Role, limits_for
from protocol.tracking import make_tracking
from tests.vectors.malformed import BAD_MESSAGES
from tests.vectors.pictures import picture_file

HERE = Path(__file__).parent
Json = dict[str, Any]

ORGANISATION = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_ORGANISATION = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
GRANT_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))
DEVICE = X25519PrivateKey.from_private_bytes(bytes(range(3, 35)))
AGENT = X25519PrivateKey.from_private_bytes(bytes(range(4, 36)))
AGENT_EPHEMERAL = X25519PrivateKey.from_private_bytes(bytes(range(5, 37)))
DEVICE_EPHEMERAL = X25519PrivateKey.from_private_bytes(bytes(range(6, 38)))
RESUME_SECRET = bytes(range(7, 39))
SESSION = pack_b64(bytes(range(16)))
TRACKING = make_tracking(lambda count: bytes(range(count)))
AT = 1_800_000_000
DAY_S = 86_400


def public(key: X25519PrivateKey | Ed25519PrivateKey) -> str:
    """Return the public half as base64url."""
    return pack_b64(key.public_key().public_bytes_raw())


def organisation(key: Ed25519PrivateKey = ORGANISATION) -> str:
    """Return the organisation's id as base64url."""
    return pack_b64(organisation_id(key.public_key()))


def grant_key_certificate(**changes: Any) -> GrantKeyCertificate:
    """Return good papers, or papers with the given fields changed; so do the next three."""
    fields: Json = {
        "organisation": organisation(),
        "serial": "grant-key-1",
        "grant_key": public(GRANT_KEY),
        "not_before": AT,
        "not_after": AT + 30 * DAY_S,
    }
    return GrantKeyCertificate(**fields | changes)


def device_certificate(**changes: Any) -> DeviceCertificate:
    fields: Json = {
        "organisation": organisation(),
        "serial": "device-1",
        "technician": "7",
        "name": "Tess Technician",
        "device_key": public(DEVICE),
        "kind": "browser",
        "not_before": AT,
        "not_after": AT + 30 * DAY_S,
    }
    return DeviceCertificate(**fields | changes)


def session_grant(**changes: Any) -> SessionGrant:
    fields: Json = {
        "organisation": organisation(),
        "session": SESSION,
        "tracking": TRACKING,
        "technician": "7",
        "device_key": public(DEVICE),
        "rights": ("control", "view"),
        "issued_at": AT,
        "not_after": AT + 12 * 3_600,
    }
    return SessionGrant(**fields | changes)


def revocation_list(**changes: Any) -> RevocationList:
    fields: Json = {"organisation": organisation(), "sequence": 3, "issued_at": AT, "serials": ("device-0",)}
    return RevocationList(**fields | changes)


def credentials(
    *,
    certificate: bytes | None = None,
    grant: bytes | None = None,
    grant_key: bytes | None = None,
    revocations: bytes | None = None,
) -> Credentials:
    """Return good credentials, or some with the given papers in place of the good ones."""
    return Credentials(
        certificate=certificate or sign(ORGANISATION, device_certificate()),
        grant=grant or sign(GRANT_KEY, session_grant()),
        grant_key_certificate=grant_key or sign(ORGANISATION, grant_key_certificate()),
        revocations=revocations or sign(ORGANISATION, revocation_list()),
    )


def trust(**changes: Any) -> Trust:
    """Return what an agent of the organisation knows a minute after the papers were signed."""
    fields: Json = {"organisation_key": ORGANISATION.public_key(), "server_time": AT + 60, "revocation_sequence": 3}
    return Trust(**fields | changes)


def pair(
    *, resume: bool = False, rekey_records: int = 1 << 16, papers: Credentials | None = None
) -> tuple[AgentConnection, ViewerConnection]:
    """Return both ends of one session with the fixed keys."""
    secret = RESUME_SECRET if resume else None
    agent = AgentConnection(
        session=SESSION,
        tracking=TRACKING,
        static=AGENT,
        ephemeral=AGENT_EPHEMERAL,
        trust=trust(),
        now=0.0,
        resume_secret=secret,
        rekey_records=rekey_records,
    )
    viewer = ViewerConnection(
        session=SESSION,
        tracking=TRACKING,
        organisation=organisation_id(ORGANISATION.public_key()),
        static=DEVICE,
        ephemeral=DEVICE_EPHEMERAL,
        credentials=papers or credentials(),
        now=0.0,
        expected_agent_key=AGENT.public_key().public_bytes_raw(),
        resume_secret=secret,
        rekey_records=rekey_records,
    )
    return agent, viewer


# --- the files -------------------------------------------------------------------------------------------------------


def name_of(message: m.Message) -> str:
    """Return the name of the message's row in docs/protocol."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", type(message).__name__).lower()


def fields_of(message: m.Message) -> Json:
    """Return the fields as JSON values; bytes become hex."""

    def plain(value: Any) -> Any:
        if isinstance(value, bytes):
            return value.hex()
        if isinstance(value, tuple):
            return [plain(item) for item in value]
        if isinstance(value, m.Monitor):
            return {name: getattr(value, name) for name in value.__struct_fields__}
        return value

    return {name: plain(getattr(message, name)) for name in message.__struct_fields__}


MESSAGES: tuple[m.Message, ...] = (
    m.RightsChanged(("control", "view")),
    m.RightsChanged(()),
    m.Bye("ended", "The technician has finished."),
    m.Monitors(1920, 1080, (m.Monitor(0, 0, 0, 1280, 1080, primary=True), m.Monitor(1, 1280, 0, 640, 1080))),
    m.Refresh(),
    m.Text(9, "Grüße, 世界 🙂"),
    m.ReleaseAll(10),
    m.PointerMove(1, 0, 65_535),
    m.Button(2, 10, 20, 1, down=True),
    m.Button(3, 10, 20, 9, down=False),
    m.Wheel(4, 1, 2, -120, 30_000),
    m.Key(5, True, m.Modifier.SHIFT, "KeyA", "A"),
    m.Key(0xFFFFFFFF, False, 0, "Unidentified", "é🙂"),
    m.Key(6, True, m.Modifier.ALL, "Enter", ""),
    m.InputAck(6),
    m.FrameBegin(1, complete=True),
    m.Rect(0, 0, 0, 16, 16, b"\x01\x02\x03"),
    m.Rect(1, 16_000, 16_000, 384, 384, b""),
    m.FrameEnd(1, (1 << 53) - 1, exact=True),
    m.FrameAck(1, 12),
    m.CursorShape(2, 1, 0, 0, picture.encode_cursor(np.arange(8, dtype=np.uint8).reshape(1, 2, 4))),
    m.CursorShape(0, 0, 0, 0, b""),
    m.CursorPosition(5, 6, visible=True),
    m.Ping(1),
    m.Pong(0xFFFFFFFF),
)


def messages_file() -> Json:
    """Every message and its bytes, every malformed one, and the table."""
    messages: list[Json] = []
    for message in MESSAGES:
        kind, data = m.pack_message(message)
        messages.append({"name": name_of(message), "kind": kind, "fields": fields_of(message), "hex": data.hex()})
    table = [
        {
            "name": re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower(),
            "senders": [str(sender) for sender in row.senders],
            "right": row.right and str(row.right),
            "max_bytes": row.max_bytes,
            "urgent": row.urgent,
        }
        for cls, row in TABLE.items()
    ]
    rejects = [
        {"why": why, "kind": kind, "hex": data.hex(), "code": "unknown-message" if kind == 0x7F else "malformed"}
        for why, kind, data in BAD_MESSAGES
    ]
    return {"messages": messages, "table": table, "rejects": rejects}


def tracking_file() -> Json:
    """Numbers as people say them, and what is not one."""

    def seeded(seed: int) -> str:
        return make_tracking(lambda count: bytes((seed * 37 + index * 11) % 256 for index in range(count)))

    good = [seeded(seed) for seed in range(20)]
    read = [{"text": number, "canonical": number} for number in good]
    read += [
        {"text": good[0].lower(), "canonical": good[0]},
        {"text": good[1].replace("-", " "), "canonical": good[1]},
        {"text": good[2].replace("-", ""), "canonical": good[2]},
        {"text": f"  {good[3][3:]} ", "canonical": good[3]},
        {"text": make_tracking(bytes).replace("0", "O"), "canonical": make_tracking(bytes)},
        {"text": good[4].replace("-", "\u2013"), "canonical": good[4]},
    ]
    wrong = good[5][:-1] + ("0" if good[5][-1] != "0" else "1")
    swapped = next(number[:3] + number[4] + number[3] + number[5:] for number in good if number[3] != number[4])
    rejects = ["", "TL", "TL-", wrong, swapped, f"XX{good[0][2:]}", good[0] + "0", good[0][:-1]]
    rejects += [good[0].replace("-", "U"), "TL-UUUU-UUUU", "TL-ÄÄÄÄ-0000", "9" * 41, "TL-0000-000\u0660"]
    return {"read": read, "rejects": rejects}


def envelope_file() -> Json:
    """Text frames of the relay and its clients."""
    token, key = "t" * 43, "k" * 43
    first: tuple[envelope.FirstFrame, ...] = (
        envelope.AgentHello(token, key),
        envelope.AgentSession(token, key, SESSION),
        envelope.ViewerHello(token),
    )
    from_agent: tuple[envelope.FromAgent, ...] = (envelope.Asking(), envelope.Ping(), envelope.Pong())
    from_relay: tuple[envelope.FromRelay, ...] = (
        envelope.Hello(AT, 15.0),
        envelope.ViewerWaiting(SESSION),
        envelope.Replaced(),
        envelope.GoingAway(1_500),
        envelope.RightsNarrowed(SESSION, ("view",)),
        envelope.Ended(SESSION, "ticket-closed"),
        envelope.Waiting(),
        envelope.Joined(),
        envelope.Asking(),
        envelope.Ping(),
        envelope.Pong(),
    )
    frames = [
        {"reader": reader, "text": envelope.pack_control(frame)}
        for reader, group in (("first", first), ("agent", from_agent), ("relay", from_relay))
        for frame in group
    ]
    rejects = [
        {"reader": reader, "text": text}
        for reader in ("first", "agent", "relay")
        for text in ("", "{", "null", "[]", "1", '"hello"', "{}", '{"type":1}', '{"type":"sesame"}')
    ]
    rejects += [
        {"reader": "first", "text": '{"type":"viewer-hello"}'},
        {"reader": "first", "text": '{"type":"viewer-hello","ticket":"short"}'},
        {"reader": "first", "text": '{"type":"viewer-hello","ticket":null}'},
        {"reader": "first", "text": json.dumps({"type": "viewer-hello", "ticket": "t" * 513})},
        {"reader": "first", "text": json.dumps({"type": "agent-hello", "token": token, "agent_key": "k" * 42})},
        {"reader": "first", "text": json.dumps({"type": "agent-hello", "token": token, "agent_key": "+" * 43})},
        {"reader": "first", "text": json.dumps({"type": "agent-session", "token": token, "agent_key": key})},
        {"reader": "first", "text": '{"type":"asking"}'},
        {"reader": "agent", "text": '{"type":"joined"}'},
        {"reader": "relay", "text": json.dumps({"type": "viewer-hello", "ticket": token})},
        {"reader": "relay", "text": '{"type":"going-away","retry_in_ms":-1}'},
        {"reader": "relay", "text": '{"type":"going-away","retry_in_ms":600001}'},
        {"reader": "relay", "text": json.dumps({"type": "ended", "session": SESSION, "code": "c" * 65})},
        {"reader": "relay", "text": json.dumps({"type": "asking", "filler": "x" * 4_096})},
    ]
    return {"frames": frames, "rejects": rejects}


def records_file() -> Json:
    """Records under a known key with a rekey every four, and piece streams that are put together again or refused."""
    key = bytes(range(32))
    sealer = RecordSealer(CipherState(key), rekey_records=4)
    plains = [bytes([index]) * (index + 1) for index in range(11)]
    sealed = [{"plain": plain.hex(), "record": sealer.seal(plain).hex()} for plain in plains]

    writer = PieceWriter(target_bytes=64)
    writer.add(Body(0x21, bytes(range(150))), urgent=False)
    stream = [writer.next_plain()]
    writer.add(Body(0x13, b"key"), urgent=True)
    while (plain := writer.next_plain()) is not None:
        stream.append(plain)
    pieces = [
        {
            "plains": [plain.hex() for plain in stream if plain is not None],
            "bodies": [{"kind": 0x13, "hex": b"key".hex()}, {"kind": 0x21, "hex": bytes(range(150)).hex()}],
        },
        {"plains": ["10010001aa", "10000001bb"], "bodies": [{"kind": 0x10, "hex": "aabb"}]},
        {"plains": ["30000000"], "bodies": [{"kind": 0x30, "hex": ""}]},
    ]
    rejects = [
        {"why": "header cut short", "plains": ["100000"], "code": "malformed"},
        {"why": "piece longer than the record", "plains": ["1000000201"], "code": "malformed"},
        {"why": "unknown flag", "plains": ["1002000101"], "code": "malformed"},
        {"why": "unknown kind", "plains": ["7f00000101"], "code": "unknown-message"},
        {"why": "message over its limit", "plains": ["1001007f" + "00" * 127] * 2, "code": "too-large"},
    ]
    return {
        "key": key.hex(),
        "rekey_records": 4,
        "records": sealed,
        "limits": {str(kind): limit for kind, limit in {0x10: 128, 0x13: 128, 0x21: 1_024, 0x30: 128}.items()},
        "pieces": pieces,
        "rejects": rejects,
        "limits_for": {
            str(role): {str(kind): limit for kind, limit in sorted(limits_for(role).items())} for role in Role
        },
    }


def _conversation(*, resume: bool, refused: bool) -> Json:
    agent, viewer = pair(resume=resume, rekey_records=8)
    wire: list[Json] = []

    def move(sender: AgentConnection | ViewerConnection, receiver: AgentConnection | ViewerConnection) -> None:
        for data in sender.data_to_send():
            wire.append({"from": str(sender.role), "hex": data.hex()})
            receiver.receive_data(data, 0.0)

    move(agent, viewer)
    move(viewer, agent)
    if refused:
        agent.refuse("declined", 0.0)
    else:
        agent.grant(frozenset(Right), Facts("computer", "Linux", "uma", "0.1.0"), 0.0)
    move(agent, viewer)
    if not refused:
        for index in range(10):
            agent.send(m.FrameBegin(index, complete=False), 0.0)
            move(agent, viewer)
            viewer.send(m.PointerMove(index + 1, index, index), 0.0)
            move(viewer, agent)
        agent.close("ended", 0.0)
        move(agent, viewer)
    return {"resume": resume, "refused": refused, "wire": wire}


def handshake_file() -> Json:
    """Whole sessions with fixed keys, byte for byte."""
    return {
        "organisation_key": public(ORGANISATION),
        "session": SESSION,
        "tracking": TRACKING,
        "agent_static": AGENT.private_bytes_raw().hex(),
        "agent_ephemeral": AGENT_EPHEMERAL.private_bytes_raw().hex(),
        "viewer_static": DEVICE.private_bytes_raw().hex(),
        "viewer_ephemeral": DEVICE_EPHEMERAL.private_bytes_raw().hex(),
        "resume_secret": RESUME_SECRET.hex(),
        "rekey_records": 8,
        "server_time": AT + 60,
        "revocation_sequence": 3,
        "credentials": {name: pack_b64(value) for name, value in vars(credentials()).items()},
        "sessions": [
            _conversation(resume=resume, refused=refused) for resume in (False, True) for refused in (False, True)
        ],
    }


Papers = tuple[str, Credentials, Json, X25519PrivateKey]


def bad_papers() -> list[Papers]:
    """Every way in which message 2 can be wrong, one at a time: why, papers, what the agent knows, proven key."""
    other = X25519PrivateKey.from_private_bytes(bytes(range(9, 41)))

    def papers(why: str, known: Json | None = None, key: X25519PrivateKey = DEVICE, **changed: bytes) -> Papers:
        return why, credentials(**changed), known or {}, key

    def of_org(value: Signed) -> bytes:
        return sign(ORGANISATION, value)

    good_grant = sign(GRANT_KEY, session_grant())
    truncated, flipped = good_grant[:-1], good_grant[:80] + bytes([good_grant[80] ^ 1]) + good_grant[81:]
    return [
        papers("forged grant: signed by nobody's key", grant=sign(OTHER_ORGANISATION, session_grant())),
        papers("grant signed by the organisation key itself", grant=of_org(session_grant())),
        papers("grant cut short", grant=truncated),
        papers("grant with a flipped bit", grant=flipped),
        papers("grant of another session", grant=sign(GRANT_KEY, session_grant(session=pack_b64(bytes(16))))),
        papers("grant of another ticket", grant=sign(GRANT_KEY, session_grant(tracking="TL-0000-0000"))),
        papers("grant of another technician", grant=sign(GRANT_KEY, session_grant(technician="8"))),
        papers("grant of another device", grant=sign(GRANT_KEY, session_grant(device_key=public(other)))),
        papers("grant of another organisation",
               grant=sign(GRANT_KEY, session_grant(organisation=organisation(OTHER_ORGANISATION)))),
        papers("grant without a right", grant=sign(GRANT_KEY, session_grant(rights=()))),
        papers("grant with only unknown rights", grant=sign(GRANT_KEY, session_grant(rights=("fly",)))),
        papers("grant out of date", {"server_time": AT + 12 * 3_600}),
        papers("grant that lives too long", grant=sign(GRANT_KEY, session_grant(not_after=AT + 12 * 3_600 + 1))),
        papers("grant from the future",
               grant=sign(GRANT_KEY, session_grant(issued_at=AT + 3_600, not_after=AT + 7_200))),
        papers("certificate in place of the grant", grant=of_org(device_certificate())),
        papers("certificate of another organisation", certificate=sign(OTHER_ORGANISATION, device_certificate())),
        papers("certificate signed by the grant key", certificate=sign(GRANT_KEY, device_certificate())),
        papers("certificate naming another organisation",
               certificate=of_org(device_certificate(organisation=organisation(OTHER_ORGANISATION)))),
        papers("certificate for another key", key=other),
        papers("certificate out of date",
               certificate=of_org(device_certificate(not_before=AT - DAY_S, not_after=AT + 60))),
        papers("certificate living too long", certificate=of_org(device_certificate(not_after=AT + 30 * DAY_S + 1))),
        papers("certificate from the future", certificate=of_org(device_certificate(not_before=AT + 3_600))),
        papers("certificate revoked", revocations=of_org(revocation_list(serials=("device-1",)))),
        papers("grant-key certificate of another organisation",
               grant_key=sign(OTHER_ORGANISATION, grant_key_certificate())),
        papers("grant-key certificate out of date",
               grant_key=of_org(grant_key_certificate(not_before=AT - DAY_S, not_after=AT + 60))),
        papers("grant-key certificate that lives too long",
               grant_key=of_org(grant_key_certificate(not_after=AT + 30 * DAY_S + 1))),
        papers("grant-key certificate revoked", revocations=of_org(revocation_list(serials=("grant-key-1",)))),
        papers("revocation list of another organisation", revocations=sign(OTHER_ORGANISATION, revocation_list())),
        papers("revocation list older than the newest seen", {"revocation_sequence": 4}),
        papers("clock set back behind a newer signed time", {"server_time": AT + 60, "newest_signed": AT + 13 * 3_600}),
        papers("grant too large", grant=sign(GRANT_KEY, session_grant(rights=("x" * 32,) * 600))),
    ]  # fmt: skip


def authority_file() -> Json:
    """Papers that an agent accepts, and each way in which they can be wrong."""

    def case(why: str, papers: Credentials, known: Json, key: X25519PrivateKey) -> Json:
        return {
            "why": why,
            "credentials": {name: pack_b64(value) for name, value in vars(papers).items()},
            "trust": {"server_time": AT + 60, "newest_signed": 0, "revocation_sequence": 3} | known,
            "peer_static": public(key),
        }

    return {
        "organisation_key": public(ORGANISATION),
        "session": SESSION,
        "tracking": TRACKING,
        "accepted": case("good papers", credentials(), {}, DEVICE),
        "rejects": [case(*papers) for papers in bad_papers()],
    }


FILES = {
    "authority.json": authority_file,
    "envelope.json": envelope_file,
    "handshake.json": handshake_file,
    "messages.json": messages_file,
    "picture.json": picture_file,
    "records.json": records_file,
    "tracking.json": tracking_file,
}


def render(name: str) -> str:
    """Return the text of one file."""
    return json.dumps(FILES[name](), indent=1, ensure_ascii=True) + "\n"


def main() -> None:
    """Write every file."""
    for name in FILES:
        (HERE / name).write_text(render(name), encoding="ascii")
        sys.stdout.write(f"{name}\n")


if __name__ == "__main__":
    main()
