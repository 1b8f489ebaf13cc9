"""One session's shell, with a real viewer connection at the other end."""

import asyncio
import threading
from collections.abc import AsyncIterator

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from agent.errors import CaptureUnavailable
from agent.lines import plain
from agent.ports import Answer, Desktop
from agent.region import Box
from agent.report import Answered, Asked, SessionOn, SessionOver
from agent.sharing import MAX_WAITING_INPUTS, SILENCE_S, newest_moves
from agent.window import MAX_UNACKNOWLEDGED
from protocol import envelope
from protocol import messages as m
from protocol.connection import Declined, Established
from protocol.picture import Encoding
from protocol.table import Input
from tests.agent.world import (
    BOTH,
    VIEW,
    ScriptedConsent,
    ScriptedCursor,
    Stage,
    World,
    eventually,
)


@pytest.fixture
async def stages() -> AsyncIterator[list[Stage]]:
    """Stages to be ended when the test is over."""
    running: list[Stage] = []
    yield running
    for stage in running:
        await stage.end()


def same(stage: Stage) -> bool:
    shown = stage.viewer.picture
    return shown.shape == stage.screen.pixels.shape and bool(
        np.array_equal(shown[..., :3], stage.screen.pixels[..., :3])
    )


async def test_a_session_from_question_to_picture(stages: list[Stage]) -> None:
    stage = Stage()
    stages.append(stage)
    await stage.until_live()
    question = stage.consent.questions[0]
    assert (question.technician, question.organisation, question.title) == ("Tess Technician", "Harbour IT", "Printer")
    assert question.rights == BOTH
    assert envelope.pack_control(envelope.Asking()) in stage.link.texts
    established = next(event for event in stage.viewer.events if isinstance(event, Established))
    assert established.facts.hostname == "desk"
    assert [type(report) for report in stage.reports] == [Asked, Answered, SessionOn]
    await eventually(lambda: same(stage), "the picture")
    stage.screen.fill(Box(5, 6, 70, 80), 200)
    await eventually(lambda: same(stage), "the changed picture")
    assert stage.remembered[0].revocation_sequence == 3


async def test_nothing_is_sent_and_nobody_is_asked_before_the_papers_are_good() -> None:
    """The twin of this is every other test here: the same world with the right organisation key."""
    world = World()
    good = world.trust()
    wrong = World(organisation=Ed25519PrivateKey.generate()).trust()
    assert good != wrong
    stage = Stage(world, trust=wrong)
    async with asyncio.timeout(10):
        over = await stage.task
    assert stage.consent.questions == []
    assert not over.granted
    assert over.technician == ""
    assert stage.screen.takes == 0
    assert envelope.pack_control(envelope.Asking()) not in stage.link.texts
    assert [plain(report) for report in stage.reports] == [""]
    # Message 1 of the handshake left, and nothing after it.
    assert len(stage.link.records) <= 1


async def test_a_device_key_that_is_not_the_certified_one_is_turned_away() -> None:
    world = World()
    papers = world.credentials()
    world.device = X25519PrivateKey.generate()
    stage = Stage(world, credentials=papers)
    async with asyncio.timeout(10):
        over = await stage.task
    assert not over.granted
    assert stage.consent.questions == []


async def test_a_no_is_told_and_shows_nothing() -> None:
    stage = Stage(consent=ScriptedConsent(frozenset()))
    async with asyncio.timeout(10):
        over = await stage.task
    assert not over.granted
    assert [event for event in stage.viewer.events if isinstance(event, Declined)] == [Declined("declined")]
    assert stage.screen.takes == 0
    assert stage.viewer.frames() == 0


@pytest.mark.parametrize(("answer", "reason"), [(Answer.TIMEOUT, "timeout"), (Answer.BUSY, "busy")])
async def test_other_refusals_give_their_reason(answer: Answer, reason: str) -> None:
    consent = ScriptedConsent(None)
    consent.say(frozenset(), answer)
    stage = Stage(consent=consent)
    async with asyncio.timeout(10):
        await stage.task
    assert [event.reason for event in stage.viewer.events if isinstance(event, Declined)] == [reason]


async def test_the_viewer_may_leave_while_the_user_thinks() -> None:
    stage = Stage(consent=ScriptedConsent(None))
    await eventually(lambda: stage.consent.questions, "the question")
    stage.link.hang_up(4440)
    async with asyncio.timeout(10):
        over = await stage.task
    assert not over.granted
    assert stage.consent.answer.cancelled()


async def test_input_is_applied_in_order_and_acknowledged(stages: list[Stage]) -> None:
    stage = Stage()
    stages.append(stage)
    await stage.until_live()
    stage.viewer.input(lambda seq: m.Key(seq, True, 0, "KeyA", "a"))
    stage.viewer.input(lambda seq: m.Key(seq, False, 0, "KeyA", "a"))
    stage.viewer.input(lambda seq: m.Button(seq, 3, 4, 1, True))
    stage.viewer.input(lambda seq: m.Wheel(seq, 3, 4, 0, 120))
    stage.viewer.input(lambda seq: m.Text(seq, "ü"))
    await eventually(lambda: stage.viewer.acknowledged_input() == 5, "the acknowledgement")
    assert [type(message) for message in stage.input.applied] == [m.Key, m.Key, m.Button, m.Wheel, m.Text]
    assert stage.screen.hurries >= 1


async def test_a_viewer_that_sends_faster_than_the_desktop_takes_it_has_to_wait(stages: list[Stage]) -> None:
    stage = Stage()
    stages.append(stage)
    await stage.until_live()
    desktop_moves = threading.Event()
    stage.input.settle = desktop_moves.wait  # type: ignore[assignment,method-assign]  # a desktop that hangs
    flood = 4 * MAX_WAITING_INPUTS
    for _ in range(flood):
        stage.viewer.input(lambda seq: m.Key(seq, True, 0, "KeyA", "a"))
    try:
        await eventually(lambda: stage.input.applied, "the first key")
        await asyncio.wait_for(asyncio.shield(stage.session._finished.wait()), 0.3)
    except TimeoutError:
        # One batch is with the desktop, one waits; the rest is still on the socket, which is not read.
        assert stage.link.inbox.qsize() > MAX_WAITING_INPUTS
    finally:
        desktop_moves.set()
    await eventually(lambda: stage.viewer.acknowledged_input() == flood, "everything to be applied in the end")
    assert [message.seq for message in stage.input.applied] == list(range(1, flood + 1))


async def test_input_of_a_session_that_may_only_look_ends_it_and_with_control_it_is_applied(
    stages: list[Stage],
) -> None:
    looking = Stage(consent=ScriptedConsent(VIEW))
    await looking.until_live()
    # An honest viewer would not send it; this one believes it may.
    looking.viewer.connection.rights = BOTH
    looking.viewer.input(lambda seq: m.Key(seq, True, 0, "KeyA", "a"))
    async with asyncio.timeout(10):
        over = await looking.task
    assert looking.input.applied == []
    assert over.granted
    closed = looking.viewer.closed()
    assert closed is not None
    assert closed.code == "protocol-error"

    controlling = Stage(consent=ScriptedConsent(BOTH))
    stages.append(controlling)
    await controlling.until_live()
    controlling.viewer.input(lambda seq: m.Key(seq, True, 0, "KeyA", "a"))
    await eventually(lambda: controlling.input.applied, "the key")


async def test_a_grant_to_look_never_becomes_control_whatever_the_user_says(stages: list[Stage]) -> None:
    world = World()
    stage = Stage(world, credentials=world.credentials(VIEW), consent=ScriptedConsent(BOTH))
    stages.append(stage)
    await stage.until_live()
    assert stage.viewer.connection.rights == VIEW


async def test_rights_that_the_ticket_loses_are_gone_at_once(stages: list[Stage]) -> None:
    stage = Stage()
    stages.append(stage)
    await stage.until_live()
    stage.viewer.input(lambda seq: m.Key(seq, True, 0, "ShiftLeft"))
    await eventually(lambda: stage.input.holds, "the key to be down")
    stage.link.say(envelope.RightsNarrowed(session=stage.world.session, rights=("view",)))
    await eventually(lambda: stage.viewer.connection.rights == VIEW, "the viewer to know")
    await eventually(lambda: not stage.input.holds, "the key to be up")
    before = len(stage.input.applied)
    stage.viewer.connection.rights = BOTH
    stage.viewer.input(lambda seq: m.Key(seq, True, 0, "KeyA", "a"))
    stage.screen.fill(Box(0, 0, 9, 9), 9)
    await eventually(lambda: same(stage), "pictures to go on")
    assert len(stage.input.applied) == before


async def test_rights_for_another_session_change_nothing(stages: list[Stage]) -> None:
    stage = Stage()
    stages.append(stage)
    await stage.until_live()
    stage.link.say(envelope.RightsNarrowed(session=World().session, rights=("view",)))
    stage.viewer.input(lambda seq: m.Key(seq, True, 0, "KeyA", "a"))
    await eventually(lambda: stage.input.applied, "the key")


async def test_a_session_that_the_server_ends(stages: list[Stage]) -> None:
    stage = Stage()
    await stage.until_live()
    stage.link.say(envelope.Ended(session=stage.world.session, code="ticket-closed"))
    async with asyncio.timeout(10):
        over = await stage.task
    assert over == SessionOver(
        stage.world.session, "Tess Technician", True, "The request no longer allows this session.", False
    )
    closed = stage.viewer.closed()
    assert closed is not None
    assert closed.code == "rights-withdrawn"


async def test_the_viewer_ends(stages: list[Stage]) -> None:
    stage = Stage()
    await stage.until_live()
    stage.viewer.input(lambda seq: m.Key(seq, True, 0, "ControlLeft"))
    await eventually(lambda: stage.input.holds, "the key")
    stage.viewer.connection.close("ended", 0.0)
    stage.viewer.flush()
    async with asyncio.timeout(10):
        over = await stage.task
    assert over.why == "The technician ended the session."
    assert not over.lost
    assert not stage.input.holds
    assert stage.input.closed
    assert stage.screen.closed
    assert stage.link.closed_with == 1000


async def test_this_side_ends_and_says_so() -> None:
    stage = Stage()
    await stage.until_live()
    await stage.end()
    closed = stage.viewer.closed()
    assert closed is not None
    assert (closed.ended, closed.code) == (True, "agent-stopped")
    assert stage.input.closed


async def test_a_connection_that_breaks_is_lost_not_ended_and_keys_are_let_go() -> None:
    stage = Stage()
    await stage.until_live()
    stage.viewer.input(lambda seq: m.Key(seq, True, 0, "KeyA", "a"))
    await eventually(lambda: stage.input.holds, "the key")
    stage.link.hang_up(None)
    async with asyncio.timeout(10):
        over = await stage.task
    assert over.lost
    assert over.granted
    assert stage.input.releases >= 1
    assert stage.input.closed


async def test_a_silent_viewer_holds_no_key(stages: list[Stage]) -> None:
    stage = Stage()
    stages.append(stage)
    await stage.until_live()
    stage.viewer.input(lambda seq: m.Key(seq, True, 0, "Backspace"))
    await eventually(lambda: stage.input.holds, "the key")
    stage.viewer.silent = True
    await eventually(lambda: not stage.input.holds, f"the key to be let go after {SILENCE_S} s")
    assert not stage.task.done()


async def test_a_refresh_brings_a_complete_picture(stages: list[Stage]) -> None:
    stage = Stage()
    stages.append(stage)
    await stage.until_live()
    await eventually(lambda: same(stage), "the picture")
    stage.viewer.picture[:] = 7
    stage.viewer.send(m.Refresh())
    await eventually(lambda: same(stage), "the picture again")


async def test_a_viewer_that_acknowledges_nothing_gets_few_frames_and_then_the_newest(stages: list[Stage]) -> None:
    stage = Stage()
    stages.append(stage)
    await stage.until_live()
    stage.viewer.acknowledges = False
    for n in range(1, 40):
        stage.screen.fill(Box(n, n, 20, 20), n)
        await asyncio.sleep(0.012)
    frames = stage.viewer.frames()
    assert frames <= 1 + MAX_UNACKNOWLEDGED + 1
    assert not same(stage)
    stage.viewer.acknowledges = True
    last = max(message.frame for message in stage.viewer.messages if isinstance(message, m.FrameEnd))
    stage.viewer.send(m.FrameAck(last, 1))
    await eventually(lambda: same(stage), "the newest picture")
    assert stage.viewer.frames() <= frames + 2


def copies_in(stage: Stage) -> int:
    return sum(isinstance(each, m.Rect) and each.encoding == Encoding.COPY for each in stage.viewer.messages)


@pytest.mark.parametrize(
    ("features", "copied"), [((), False), (("copies",), False), (("copy",), True), (("future", "copy"), True)]
)
async def test_only_a_viewer_that_can_copy_is_sent_copies(
    stages: list[Stage], features: tuple[str, ...], *, copied: bool
) -> None:
    stage = Stage(features=features)
    stages.append(stage)
    stage.screen.pixels[:] = np.random.default_rng(1).integers(0, 256, stage.screen.pixels.shape, dtype=np.uint8)
    await stage.until_live()
    await eventually(lambda: same(stage), "the picture")
    stage.screen.scroll(7)
    await eventually(lambda: same(stage), "the scrolled picture")
    assert (copies_in(stage) > 0) is copied


async def test_frames_that_are_left_out_do_not_put_copies_out_of_step(stages: list[Stage]) -> None:
    stage = Stage(features=("copy",))
    stages.append(stage)
    stage.screen.pixels[:] = np.random.default_rng(2).integers(0, 256, stage.screen.pixels.shape, dtype=np.uint8)
    await stage.until_live()
    await eventually(lambda: same(stage), "the picture")
    stage.viewer.acknowledges = False
    for _ in range(12):
        stage.screen.scroll(5)
        await asyncio.sleep(0.012)
    stage.viewer.acknowledges = True
    last = max(message.frame for message in stage.viewer.messages if isinstance(message, m.FrameEnd))
    stage.viewer.send(m.FrameAck(last, 1))
    await eventually(lambda: same(stage), "the newest picture")
    assert stage.viewer.frames() < 12
    assert copies_in(stage) >= 2


async def test_a_socket_that_takes_nothing_stops_capturing(stages: list[Stage]) -> None:
    stage = Stage()
    stages.append(stage)
    await stage.until_live()
    stage.link.takes.clear()
    for n in range(1, 30):
        stage.screen.fill(Box(n, n, 20, 20), n)
        await asyncio.sleep(0.012)
    assert stage.screen.takes <= 3
    stage.link.takes.set()
    await eventually(lambda: same(stage), "the newest picture")


async def test_a_screen_that_goes_away_ends_the_session_with_its_reason() -> None:
    stage = Stage()
    await stage.until_live()
    stage.screen.break_down()
    async with asyncio.timeout(10):
        over = await stage.task
    assert over.why == "The screen went away."
    closed = stage.viewer.closed()
    assert closed is not None
    assert closed.code == "capture-failed"


async def test_input_that_fails_ends_the_session() -> None:
    stage = Stage()
    await stage.until_live()
    stage.input.broken = True
    stage.viewer.input(lambda seq: m.Key(seq, True, 0, "KeyA", "a"))
    async with asyncio.timeout(10):
        over = await stage.task
    assert over.why == "Mouse and keyboard went away."


async def test_a_desktop_that_cannot_be_opened_ends_the_session() -> None:
    def fail() -> Desktop:
        raise CaptureUnavailable("No screen.")

    stage = Stage(open_desktop=fail)
    async with asyncio.timeout(10):
        over = await stage.task
    assert over.why == "No screen."
    closed = stage.viewer.closed()
    assert closed is not None
    assert closed.code == "capture-failed"


async def test_garbage_in_the_tunnel_ends_it() -> None:
    stage = Stage()
    await stage.until_live()
    stage.link.inbox.put_nowait(b"\x00" * 40)
    async with asyncio.timeout(10):
        over = await stage.task
    assert over.granted
    assert stage.input.closed


async def test_garbage_from_the_relay_is_passed_over(stages: list[Stage]) -> None:
    stage = Stage()
    stages.append(stage)
    await stage.until_live()
    for text in ("", "{}", '{"type":"joined"}', '{"type":"ended","session":"x","code":"y"}', "\ud800"):
        stage.link.inbox.put_nowait(text)
    stage.viewer.input(lambda seq: m.Key(seq, True, 0, "KeyA", "a"))
    await eventually(lambda: stage.input.applied, "the key")


async def test_the_pointer_is_told_when_somebody_else_moves_it(stages: list[Stage]) -> None:
    cursor = ScriptedCursor()
    stage = Stage(cursor=cursor)
    stages.append(stage)
    await stage.until_live()

    def places() -> list[tuple[int, int]]:
        return [(p.x, p.y) for p in stage.viewer.messages if isinstance(p, m.CursorPosition)]

    await eventually(lambda: places() == [(1, 1)], "the first place")
    assert any(isinstance(message, m.CursorShape) for message in stage.viewer.messages)
    stage.viewer.input(lambda seq: m.PointerMove(seq, 50, 60))
    await eventually(lambda: stage.viewer.acknowledged_input() == 1, "the move")
    cursor.put(50, 60)
    await eventually(lambda: not cursor._event.is_set(), "the look")
    cursor.put(70, 80)
    await eventually(lambda: places() == [(1, 1), (70, 80)], f"the user's own move, seen {places()}")


async def test_a_refusal_of_the_relay_before_the_pair_is_complete() -> None:
    stage = Stage()
    stage.link.on_send = lambda _: None
    stage.link.hang_up(4401)
    async with asyncio.timeout(10):
        over = await stage.task
    assert not over.granted
    assert over.lost


def test_moves_that_are_overtaken_are_left_out() -> None:
    batch: list[Input] = [
        m.PointerMove(1, 1, 1),
        m.PointerMove(2, 2, 2),
        m.Button(3, 2, 2, 1, True),
        m.PointerMove(4, 3, 3),
    ]
    assert [message.seq for message in newest_moves(batch)] == [2, 3, 4]
    assert newest_moves([]) == []
