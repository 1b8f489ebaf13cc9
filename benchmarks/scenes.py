"""What is measured: echo of single keys, typing into a terminal, scrolling coloured text, nothing at all."""

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import psutil

from benchmarks.floor import measure_floor
from benchmarks.marks import read_number
from benchmarks.meter import Cost, Meter
from benchmarks.probe import ECHO_AT, SCROLL_AT
from demo.processes import Program
from protocol.picture import Pixels
from technician_viewer.client import SessionClient
from tests.support.display import VirtualDisplay
from tests.support.stack import Stack

SCREEN: Final = (1_920, 1_080)
# Between two keys, so that nothing falls into step with anything.
PAUSE_S: Final = (0.03, 0.07)
TYPING_HZ: Final = 10
TEXT: Final = "the quick brown fox jumps over the lazy dog "


@dataclass(frozen=True)
class Plan:
    """How much of everything."""

    echo_keys: int = 60
    typed_keys: int = 50
    scroll_s: float = 5.0
    idle_s: float = 5.0


@dataclass(frozen=True)
class Results:
    """All that was measured; delays in seconds."""

    plan: Plan
    floor: list[float]
    echo: list[float]
    echo_cost: Cost
    typing_cost: Cost
    scroll_drawn: int
    scroll_stale: list[float]
    scroll_gap: float
    scroll_exact: float
    scroll_cost: Cost
    idle_cost: Cost


Tell = Callable[[str], None]


async def measure(folder: Path, plan: Plan, tell: Tell) -> Results:
    """Start everything in `folder`, play the scenes in their order, stop everything."""
    tell("A virtual display with a window manager")
    display = VirtualDisplay.start(*SCREEN)
    try:
        display.window_manager()
        tell("Echo without the product: the floor")
        async with _probe(display, folder, "echo"):
            floor = await asyncio.to_thread(measure_floor, display.name, plan.echo_keys, PAUSE_S)
        tell("A server with TLS, a ticket, an agent")
        with Stack(folder) as stack:
            ticket = stack.file_ticket()
            await stack.claim(ticket)
            agent = stack.start_agent(ticket, display.name)
            async with await stack.open_session(ticket) as session:
                await session.wait_live(timeout_s=30.0)
                meter = Meter(
                    session,
                    {
                        "agent": family(agent.process.pid),
                        "relay": stack.relay_processes(),
                        "X server": [psutil.Process(display.process.pid)],
                        "viewer": [psutil.Process()],
                    },
                )
                return await _Scenes(session, meter, display, folder, plan).play(floor, tell)
    finally:
        display.stop()


def family(pid: int) -> list[psutil.Process]:
    """Return a process and those below it."""
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


@asynccontextmanager
async def _probe(display: VirtualDisplay, folder: Path, scene: str, *arguments: str) -> AsyncIterator[Program]:
    probe = Program(
        [sys.executable, "-m", "benchmarks.probe", scene, display.name, *arguments],
        folder / f"{scene}.log",
        environment={},
    )
    try:
        await asyncio.to_thread(probe.wait_for, "ready")
        yield probe
    finally:
        probe.stop()


@dataclass(frozen=True)
class _Scrolled:
    """When each number was drawn and seen, and the share of pixels that are right at the end."""

    drawn: list[float]
    seen: dict[int, float]
    exact: float
    cost: Cost


@dataclass(frozen=True)
class _Scenes:
    """The scenes of one session."""

    session: SessionClient
    meter: Meter
    display: VirtualDisplay
    folder: Path
    plan: Plan

    async def play(self, floor: list[float], tell: Tell) -> Results:
        """Play them all."""
        plan = self.plan
        tell(f"Echo: {plan.echo_keys} keys")
        echo, echo_cost = await self.echo()
        tell(f"Typing: {plan.typed_keys} keys into a terminal")
        typing_cost = await self.typing()
        tell(f"Scrolling: {plan.scroll_s:g} s of coloured text")
        scrolled = await self.scroll()
        tell(f"Idle: {plan.idle_s:g} s")
        idle_cost = await self.idle()
        times = sorted(scrolled.seen.values())
        return Results(
            plan=plan,
            floor=floor,
            echo=echo,
            echo_cost=echo_cost,
            typing_cost=typing_cost,
            scroll_drawn=len(scrolled.drawn),
            scroll_stale=[at - scrolled.drawn[number - 1] for number, at in scrolled.seen.items()],
            scroll_gap=max((b - a for a, b in pairwise(times)), default=0.0),
            scroll_exact=scrolled.exact,
            scroll_cost=scrolled.cost,
            idle_cost=idle_cost,
        )

    async def echo(self) -> tuple[list[float], Cost]:
        """Press keys one by one, each as soon as the one before was seen and a little more."""
        session = self.session
        pauses = random.Random(3)  # noqa: S311 a pause, not a secret
        delays: list[float] = []
        async with _probe(self.display, self.folder, "echo"):
            await session.wait_still()
            async with self.meter.measure() as cost:
                for number in range(1, self.plan.echo_keys + 1):
                    pressed = time.monotonic()
                    await session.key_down("KeyA")
                    await session.wait_until(partial(_shows, ECHO_AT, number), what="the echo of a key")
                    delays.append(session.shown_at - pressed)
                    await session.key_up("KeyA")
                    await asyncio.sleep(pauses.uniform(*PAUSE_S))
        return delays, cost

    async def typing(self) -> Cost:
        """Type into a terminal at an even pace."""
        session, keys = self.session, self.plan.typed_keys
        await asyncio.to_thread(self.display.terminal, "cat", geometry="100x30+400+300", title="bench")
        await session.wait_still()
        async with self.meter.measure() as cost:
            begun = time.monotonic()
            for number in range(keys):
                await session.type_text(TEXT[number % len(TEXT)])
                await asyncio.sleep(max(0.0, begun + (number + 1) / TYPING_HZ - time.monotonic()))
            await session.settled()
        return cost

    async def scroll(self) -> _Scrolled:
        """Watch text that scrolls, then compare the screen with the picture."""
        session, seconds = self.session, self.plan.scroll_s
        seen: dict[int, float] = {}
        async with _probe(self.display, self.folder, "scroll", str(seconds)) as probe:
            await session.wait_still()
            follower = asyncio.create_task(self._follow(seen))
            async with self.meter.measure() as cost:
                await session.key("KeyA")
                await asyncio.sleep(seconds + 0.3)
            follower.cancel()
            line = await asyncio.to_thread(probe.wait_for, "drawn")
            await session.wait_still()
            there, here = await asyncio.to_thread(self.display.picture), session.picture
            exact = float(np.mean((there[..., :3] == here[..., :3]).all(axis=2)))
        return _Scrolled([float(at) for at in line.split()[1:]], seen, exact, cost)

    async def _follow(self, seen: dict[int, float]) -> None:
        """Note when each number is seen first."""
        number = 0
        while True:
            await self.session.wait_until(partial(_shows, SCROLL_AT, number + 1), timeout_s=None)
            number = read_number(self.session.picture, *SCROLL_AT)
            seen[number] = self.session.shown_at

    async def idle(self) -> Cost:
        """Look at a screen on which nothing happens."""
        await self.session.wait_still(quiet_s=1.0)
        async with self.meter.measure(watch_loop=False) as cost:
            await asyncio.sleep(self.plan.idle_s)
        return cost


def _shows(at: tuple[int, int], number: int, picture: Pixels) -> bool:
    """Whether the picture shows this number or a later one."""
    return read_number(picture, *at) >= number
