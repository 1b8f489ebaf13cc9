"""An organisation with papers, links without a network, and a viewer at the other end, for tests of sessions."""

import asyncio
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from agent.encode import ExactEncoder
from agent.errors import CaptureUnavailable, InputUnavailable
from agent.link import LinkClosed
from agent.ports import Answer, Capture, Consent, Decision, Desktop, Patch, Pixels, Question
from agent.region import Box, Region
from agent.report import Listener, Report
from agent.session import Invitation, Session, Tools
from protocol import envelope
from protocol import messages as m
from protocol.authority import (
    Authority,
    Credentials,
    DeviceCertificate,
    GrantKeyCertificate,
    RevocationList,
    SessionGrant,
    Trust,
    organisation_id,
    sign,
)
from protocol.connection import Closed, Event, Received, ViewerConnection
from protocol.encoding import pack_b64
from protocol.handshake import Facts
from protocol.picture import blank, draw_rect
from protocol.rights import Right
from protocol.table import Input, Phase

TRACKING = "TL-0000-0000"
BOTH = frozenset(Right)
VIEW = frozenset({Right.VIEW})
# Where it is known that nothing comes (mutants), less is enough.
PATIENCE_S = float(os.environ.get("TOWLINE_TEST_SOON_S", "10"))


async def eventually(condition: Callable[[], object], what: str) -> None:
    """Let the loop run until `condition` is true."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited for: {what}"
        await asyncio.sleep(0.002)


@dataclass
class World:
    """Keys that fit together; change one of them to make papers that do not."""

    organisation: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    grant_key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    agent: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)
    device: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)
    session: str = field(default_factory=lambda: pack_b64(secrets.token_bytes(16)))
    at: int = 1_800_000_000
    name: str = "Tess Technician"
    technician: str = "t1"
    tracking: str = TRACKING

    def credentials(self, rights: frozenset[Right] = BOTH) -> Credentials:
        """Return the four papers."""
        organisation = pack_b64(organisation_id(self.organisation.public_key()))
        device = pack_b64(self.device.public_key().public_bytes_raw())
        until = self.at + 3_600
        grant_key = pack_b64(self.grant_key.public_key().public_bytes_raw())
        return Credentials(
            certificate=sign(
                self.organisation,
                DeviceCertificate(organisation, "d1", self.technician, self.name, device, "native", self.at, until),
            ),
            grant=sign(
                self.grant_key,
                SessionGrant(
                    organisation, self.session, self.tracking, self.technician, device, tuple(rights), self.at, until
                ),
            ),
            grant_key_certificate=sign(
                self.organisation, GrantKeyCertificate(organisation, "g1", grant_key, self.at, until)
            ),
            revocations=sign(self.organisation, RevocationList(organisation, 3, self.at)),
        )

    def trust(self) -> Trust:
        """What the agent has pinned."""
        return Trust(self.organisation.public_key(), server_time=self.at)


class FakeLink:
    """One end of a link without a network; `out` and `inbox` hold frames, None is the end."""

    def __init__(self) -> None:
        self.sent: list[str | bytes] = []
        self.inbox: asyncio.Queue[str | bytes | LinkClosed] = asyncio.Queue()
        self.closed_with: int | None = None
        self.on_send: Callable[[str | bytes], None] = lambda _: None
        # Clear it to play a socket that takes nothing more.
        self.takes = asyncio.Event()
        self.takes.set()

    async def send(self, frame: str | bytes) -> None:
        await self.takes.wait()
        if self.closed_with is not None:
            raise LinkClosed(None)
        self.sent.append(frame)
        self.on_send(frame)

    async def receive(self) -> str | bytes:
        frame = await self.inbox.get()
        if isinstance(frame, LinkClosed):
            self.inbox.put_nowait(frame)
            raise frame
        return frame

    async def close(self, code: int = 1000) -> None:
        if self.closed_with is None:
            self.closed_with = code
        self.inbox.put_nowait(LinkClosed(None))

    # --- the other end

    def say(self, frame: envelope.Control) -> None:
        self.inbox.put_nowait(envelope.pack_control(frame))

    def hang_up(self, code: int | None = None) -> None:
        self.inbox.put_nowait(LinkClosed(code))

    @property
    def texts(self) -> list[str]:
        return [frame for frame in self.sent if isinstance(frame, str)]

    @property
    def records(self) -> list[bytes]:
        return [frame for frame in self.sent if isinstance(frame, bytes)]


class Viewer:
    """A real ViewerConnection at the other end of a FakeLink, with the relay's few words; shows the picture."""

    def __init__(
        self, world: World, link: FakeLink, *, credentials: Credentials | None = None, features: tuple[str, ...] = ()
    ) -> None:
        self.link = link
        self.connection = ViewerConnection(
            session=world.session,
            tracking=world.tracking,
            organisation=organisation_id(world.organisation.public_key()),
            static=world.device,
            ephemeral=X25519PrivateKey.generate(),
            credentials=credentials or world.credentials(),
            now=time.monotonic(),
            features=features,
        )
        self.events: list[Event] = []
        self.messages: list[m.Message] = []
        self.picture: Pixels = blank(1, 1)
        self.acknowledges = True
        self.silent = False
        self._seq = 0
        link.on_send = self._hear

    def _hear(self, frame: str | bytes) -> None:
        if isinstance(frame, str):
            if '"agent-session"' in frame:
                self.link.say(envelope.Hello(server_time=1_800_000_000))
                self.link.say(envelope.Joined())
            return
        self.connection.receive_data(frame, time.monotonic())
        for event in self.connection.events():
            self.events.append(event)
            if isinstance(event, Received):
                self.messages.append(event.message)
                self._show(event.message)
        self.flush()

    def _show(self, message: m.Message) -> None:
        match message:
            case m.Monitors(width=width, height=height):
                self.picture = blank(width, height)
            case m.Rect() as rect:
                draw_rect(self.picture, rect)
            case m.FrameEnd(frame=frame) if self.acknowledges:
                self.connection.send(m.FrameAck(frame, 1), time.monotonic())
            case _:
                pass

    def flush(self) -> None:
        """Put everything the viewer wants to say on the link."""
        for record in self.connection.data_to_send():
            if not self.silent:
                self.link.inbox.put_nowait(record)

    def send(self, message: m.Message) -> None:
        self.connection.send(message, time.monotonic())
        self.flush()

    def input(self, make: Callable[[int], Input]) -> None:
        """Send one input message with the next number."""
        self._seq += 1
        self.send(make(self._seq))

    @property
    def live(self) -> bool:
        return self.connection.phase is Phase.LIVE

    def frames(self) -> int:
        return sum(isinstance(message, m.FrameEnd) for message in self.messages)

    def acknowledged_input(self) -> int:
        return max((message.seq for message in self.messages if isinstance(message, m.InputAck)), default=0)

    def closed(self) -> Closed | None:
        return next((event for event in self.events if isinstance(event, Closed)), None)


class SyntheticScreen:
    """A ScreenSource that shows what a test draws."""

    def __init__(self, width: int = 320, height: int = 240) -> None:
        self.pixels: Pixels = np.zeros((height, width, 4), np.uint8)
        self._region = Region()
        self._event = asyncio.Event()
        self._event.set()
        self._layout_due = True
        self.takes = 0
        self.closed = False
        self.broken = False
        self.hurries = 0

    def fill(self, box: Box, colour: int) -> None:
        self.pixels[box.y : box.bottom, box.x : box.right] = colour
        self._region.add(box)
        self._event.set()

    def scroll(self, rows: int) -> None:
        """Roll all of it up by some rows."""
        height, width = self.pixels.shape[:2]
        self.pixels[:] = np.roll(self.pixels, -rows, axis=0)
        self._region.add(Box(0, 0, width, height))
        self._event.set()

    def break_down(self) -> None:
        self.broken = True
        self._event.set()

    async def changed(self) -> None:
        await self._event.wait()

    def take(self, *, complete: bool) -> Capture:
        self.takes += 1
        if self.broken:
            raise CaptureUnavailable("The screen went away.")
        self._event.clear()
        height, width = self.pixels.shape[:2]
        layout = m.Monitors(width, height) if self._layout_due else None
        self._layout_due = False
        if complete or layout is not None:
            self._region.clear()
            boxes: tuple[Box, ...] = (Box(0, 0, width, height),)
        else:
            boxes = self._region.take(width, height)
        patches = tuple(Patch(box, self.pixels[box.y : box.bottom, box.x : box.right].copy()) for box in boxes)
        return Capture(patches, 1, layout, complete or layout is not None)

    def hurry(self) -> None:
        self.hurries += 1

    def close(self) -> None:
        self.closed = True


class RecordingInput:
    """An InputSink that writes down what it was told."""

    def __init__(self) -> None:
        self.applied: list[Input] = []
        self.held: set[str] = set()
        self.releases = 0
        self.closed = False
        self.broken = False

    @property
    def holds(self) -> bool:
        return bool(self.held)

    def apply(self, message: Input) -> None:
        if self.broken:
            raise InputUnavailable("Mouse and keyboard went away.")
        self.applied.append(message)
        if isinstance(message, m.Key):
            (self.held.add if message.down else self.held.discard)(message.code)

    def settle(self) -> None:
        pass

    def release_all(self) -> None:
        self.releases += 1
        self.held.clear()

    def close(self) -> None:
        self.release_all()
        self.closed = True


class ScriptedCursor:
    """A CursorSource that shows what a test sets."""

    def __init__(self) -> None:
        self.shape: m.CursorShape | None = m.CursorShape(0, 0, 0, 0, b"")
        self.place = m.CursorPosition(1, 1, visible=True)
        self._event = asyncio.Event()
        self._event.set()
        self.closed = False

    def put(self, x: int, y: int) -> None:
        self.place = m.CursorPosition(x, y, visible=True)
        self._event.set()

    async def changed(self) -> None:
        await self._event.wait()

    def take(self) -> tuple[m.CursorShape | None, m.CursorPosition]:
        self._event.clear()
        shape, self.shape = self.shape, None
        return shape, self.place

    def close(self) -> None:
        self.closed = True


class ScriptedConsent:
    """A Consent that answers what a test says, when it says so."""

    def __init__(self, rights: frozenset[Right] | None = BOTH) -> None:
        self.questions: list[Question] = []
        self.answer: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        if rights is not None:
            self.say(rights)

    def say(self, rights: frozenset[Right], answer: Answer | None = None) -> None:
        self.answer.set_result(Decision(answer or (Answer.ALLOWED if rights else Answer.DECLINED), rights))

    def recall(self, question: Question) -> Decision | None:
        return Decision(Answer.BUSY) if question.tracking == "busy" else None

    async def ask(self, question: Question) -> Decision:
        self.questions.append(question)
        return await self.answer

    def forget(self, tracking: str) -> None:
        pass


class Stage:
    """One session of a real agent shell with everything around it made of fakes, and a real viewer connection."""

    def __init__(
        self,
        world: World | None = None,
        *,
        consent: ScriptedConsent | None = None,
        decides: Consent | None = None,
        listen: Listener | None = None,
        credentials: Credentials | None = None,
        trust: Trust | None = None,
        cursor: ScriptedCursor | None = None,
        open_desktop: Callable[[], Desktop] | None = None,
        features: tuple[str, ...] = (),
    ) -> None:
        self.world = world or World()
        self.consent = consent or ScriptedConsent()
        self.screen, self.input, self.cursor = SyntheticScreen(), RecordingInput(), cursor
        self.link = FakeLink()
        self.viewer = Viewer(self.world, self.link, credentials=credentials, features=features)
        self.reports: list[Report] = []
        self.remembered: list[Authority] = []
        trusted = trust or self.world.trust()
        self.tools = Tools(
            consent=decides or self.consent,
            open_desktop=open_desktop or (lambda: Desktop(self.screen, self.cursor, self.input)),
            make_encoder=ExactEncoder,
            trust=lambda: trusted,
            remember=self.remembered.append,
            facts=lambda: Facts(hostname="desk"),
            listen=listen or self.reports.append,
        )
        self.session = Session(
            self.link,
            Invitation(
                session=self.world.session,
                tracking=self.world.tracking,
                title="Printer",
                organisation="Harbour IT",
                token="t" * 43,
                static=self.world.agent,
            ),
            self.tools,
        )
        self.task = asyncio.ensure_future(self.session.run())

    async def until_live(self) -> None:
        await eventually(lambda: self.viewer.live, "the session to be live")
        await eventually(lambda: self.viewer.frames() >= 1, "the first picture")

    async def end(self) -> None:
        """Stop the session from the agent's side and wait for its end."""
        self.session.stop()
        async with asyncio.timeout(PATIENCE_S):
            await self.task
