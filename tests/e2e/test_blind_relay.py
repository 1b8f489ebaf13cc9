"""Everything that the relay process sees of a session, and that it can make nothing of it.

The server runs in this process with a recorder around its whole application, so that the capture is what stands behind
TLS: paths, headers, bodies, frames. Then the same capture is opened with the session's keys and shows all of it.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from demo.processes import Program, command, run
from protocol import messages as m
from protocol.connection import Received, ViewerConnection
from protocol.handshake import Feature
from protocol.picture import Pixels
from protocol.records import PieceReader, RecordOpener
from protocol.table import Role, limits_for
from relay.app import add_technician
from relay.front import Front
from technician_viewer import client as client_module
from technician_viewer.api import Api
from technician_viewer.canvas import Canvas
from technician_viewer.client import open_session
from technician_viewer.offer import SessionOffer
from technician_viewer.transport import parse_server, tls_context
from tests.e2e.scene import PHOTO_SIZE, open_notes, photo, show_photo
from tests.relay.support import RunningServer, running_server
from tests.support.display import VirtualDisplay
from tests.technician_viewer.fake_agent import eventually

pytestmark = pytest.mark.display

PASSAGE = "The quick brown fox knows the secret: zwölf Boxkämpfer"
# Long enough that ciphertext does not contain one by chance, short enough that a leak of a few pixels shows.
RUN_BYTES = 12
PHOTO_AT = (660, 40)

Message = MutableMapping[str, Any]


@dataclass
class Recorder:
    """An ASGI application around another that keeps every byte that passes, by path and direction."""

    app: Any
    seen: list[tuple[str, str, bytes]] = field(default_factory=list)

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        path = scope["path"]
        for name, value in scope.get("headers", ()):
            self.seen.append((path, "header", name + b": " + value))

        async def heard() -> Message:
            message = await receive()
            self._keep(path, "in", message)
            return message

        async def said(message: Message) -> None:
            self._keep(path, "out", message)
            await send(message)

        await self.app(scope, heard, said)

    def _keep(self, path: str, direction: str, message: Message) -> None:
        for part in (message.get("bytes"), message.get("body"), message.get("text")):
            if part:
                self.seen.append((path, direction, part.encode() if isinstance(part, str) else bytes(part)))

    def frames(self, tracking: str, direction: str) -> list[bytes]:
        """Return the viewer socket's binary frames of one direction."""
        path = f"/relay/{tracking}/viewer"
        return [data for at, way, data in self.seen if (at, way) == (path, direction) and not data.startswith(b'{"')]


@pytest.fixture
def recorders(monkeypatch: pytest.MonkeyPatch) -> list[Recorder]:
    """Put a recorder around every server that is built in this test."""
    made: list[Recorder] = []

    def recorded(app: Any, *rest: Any) -> Front:
        made.append(Recorder(app))
        return Front(made[-1], *rest)

    monkeypatch.setattr("relay.app.Front", recorded)
    return made


@dataclass(frozen=True)
class Played:
    """A session that was played, and what its two ends know of it."""

    offer: SessionOffer
    device: X25519PrivateKey
    ephemeral: X25519PrivateKey
    picture: Pixels


async def play(server: RunningServer, display: VirtualDisplay, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    """File a ticket, connect, type the passage, and look at the screen."""
    await add_technician(server.settings, "tess@example.org", "Tess Technician", "correct horse battery", "technician")
    environment = {
        "TOWLINE_STATE": str(folder / "agent"),
        "TOWLINE_SERVER": server.url,
        "TOWLINE_CA": str(server.ca),
    }
    agent_command = command("towline-agent")
    printed = run(
        [agent_command, "submit", "--json", "--category", "E-mail and calendar", "--title", "It is slow",
         "--description", "Very.", "--urgency", "low", "--asset", "software", "--email", "uma@example.com"],
        environment=environment,
    )  # fmt: skip
    tracking: str = json.loads(printed)["tracking"]
    join = [agent_command, "join", tracking, "--allow", "control", "--display", display.name]
    agent = Program(join, folder / "agent.log", environment=environment)
    device, ephemeral = X25519PrivateKey.generate(), X25519PrivateKey.generate()

    class Keys:
        """Gives the client an ephemeral key that this test keeps."""

        @staticmethod
        def generate() -> X25519PrivateKey:
            return ephemeral

    monkeypatch.setattr(client_module, "X25519PrivateKey", Keys)
    try:
        async with Api(parse_server(server.url), verify=tls_context(server.ca)) as api:
            await api.login("tess@example.org", "correct horse battery")
            await api.claim(tracking)
            client = await open_session(api, tracking, device, ca=server.ca)
            async with client:
                await client.wait_live(timeout_s=40)
                await client.send_text(PASSAGE + "\n")
                await client.settled(timeout_s=40)
                typed = folder / "typed.txt"
                await eventually(lambda: typed.read_text("utf-8") == PASSAGE + "\n")
                await client.wait_still(timeout_s=40)
                assert np.array_equal(client.picture[..., :3], display.picture()[..., :3])
                return Played(client.offer, device, ephemeral, client.picture.copy())
    finally:
        agent.stop()


def draw(canvas: Canvas, message: m.Message) -> None:
    """Show what a message shows."""
    match message:
        case m.Monitors():
            canvas.resize(message)
        case m.FrameBegin():
            canvas.begin(message)
        case m.Rect():
            canvas.put(message)
        case m.FrameEnd():
            canvas.end(message)
        case _:
            pass


def reopen(played: Played, recorder: Recorder) -> tuple[Pixels, list[m.Message]]:
    """Open the capture with the viewer's keys: the picture it was sent, and the messages it sent."""
    offer = played.offer
    viewer = ViewerConnection(
        session=offer.session,
        tracking=offer.tracking,
        organisation=offer.organisation,
        static=played.device,
        ephemeral=played.ephemeral,
        credentials=offer.credentials,
        now=0.0,
        # Message 2 must be the one that was sent, byte for byte.
        features=(Feature.COPY,),
    )
    canvas = Canvas()
    opener: RecordOpener | None = None
    for frame in recorder.frames(offer.tracking, "out"):
        viewer.receive_data(frame, 0.0)
        if opener is None and viewer._sealer is not None:
            opener = RecordOpener(viewer._sealer._cipher)
        for event in viewer.events():
            if isinstance(event, Received):
                draw(canvas, event.message)
    assert opener is not None
    reader = PieceReader(limits_for(Role.AGENT))
    sent: list[m.Message] = []
    # The first frame of the viewer is message 2 of the handshake.
    for frame in recorder.frames(offer.tracking, "in")[1:]:
        sent += [m.parse_message(body.kind, body.data) for body in reader.read(opener.open(frame))]
    return canvas.picture, sent


def runs_of(picture: Pixels) -> set[bytes]:
    """Return byte runs of a picture as the X server, the wire, and the differences of its rows write them."""
    rgb = np.ascontiguousarray(picture[..., 2::-1])
    differences = np.diff(rgb.astype(np.int16), axis=0).astype(np.uint8)
    rows = [row.tobytes() for array in (picture, rgb, differences) for row in array[::7]]
    return {row[at : at + RUN_BYTES] for row in rows for at in range(0, len(row) - RUN_BYTES, RUN_BYTES)}


def test_the_capture_is_blind_and_opens_with_the_keys(
    tmp_path: Path, display: VirtualDisplay, recorders: list[Recorder], monkeypatch: pytest.MonkeyPatch
) -> None:
    open_notes(display, tmp_path)
    with display.connect() as connection:
        show_photo(display, connection, PHOTO_AT)
        with running_server(tmp_path / "server") as server:
            played = asyncio.run(play(server, display, tmp_path, monkeypatch))
    (recorder,) = recorders
    everything = b"\n".join(data for _, _, data in recorder.seen)
    assert len(recorder.frames(played.offer.tracking, "out")) > 10, "the session went through this server"

    known = runs_of(photo())
    forms = [PASSAGE.encode(encoding) for encoding in ("utf-8", "utf-16-le", "latin-1")]
    texts = {form[at : at + RUN_BYTES] for form in forms for at in range(len(form) - RUN_BYTES)}
    headers = {b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0\x00\x10JFIF", b"RIFF", b"WEBPVP8"}
    leaked = [run for run in known | texts | headers if run in everything]
    assert leaked == []

    # The twin: the same capture, opened with the session's keys, shows all of it.
    picture, sent = reopen(played, recorder)
    assert np.array_equal(picture[..., :3], played.picture[..., :3])
    x, y = PHOTO_AT
    seen = picture[y : y + PHOTO_SIZE[1], x : x + PHOTO_SIZE[0]]
    assert len(known & runs_of(seen)) > len(known) // 2
    assert PASSAGE + "\n" in [message.text for message in sent if isinstance(message, m.Text)]
