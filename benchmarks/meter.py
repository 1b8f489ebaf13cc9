"""What a scene costs: processor time of each program by itself, bytes of the session, pauses of the viewer's loop."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import psutil

from technician_viewer.client import SessionClient

TICK_S: Final = 0.005


@dataclass
class Cost:
    """Seconds, bytes down (to the viewer) and up, processor seconds by program, and the longest pause in seconds."""

    took_s: float = 0.0
    down_bytes: int = 0
    up_bytes: int = 0
    cpu_s: dict[str, float] = field(default_factory=dict)
    pause_s: float | None = None


class Meter:
    """Measures scenes of one session; `processes` are the programs by name."""

    def __init__(self, session: SessionClient, processes: dict[str, list[psutil.Process]]) -> None:
        self._session = session
        self._processes = processes

    @asynccontextmanager
    async def measure(self, *, watch_loop: bool = True) -> AsyncIterator[Cost]:
        """Measure what happens inside; watching the loop costs a little itself, so not while idle."""
        cost = Cost()
        cpu, traffic, begun = self._cpu(), self._session.traffic, time.monotonic()
        watcher = asyncio.create_task(_watch(cost)) if watch_loop else None
        try:
            yield cost
        finally:
            if watcher is not None:
                watcher.cancel()
        cost.took_s = time.monotonic() - begun
        down, up = self._session.traffic
        cost.down_bytes, cost.up_bytes = down - traffic[0], up - traffic[1]
        cost.cpu_s = {name: spent - cpu[name] for name, spent in self._cpu().items()}

    def _cpu(self) -> dict[str, float]:
        return {name: sum(_spent(process) for process in group) for name, group in self._processes.items()}


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def _watch(cost: Cost) -> None:
    """Note how much later than asked the loop comes back."""
    cost.pause_s = 0.0
    while True:
        asked = time.monotonic()
        await asyncio.sleep(TICK_S)
        cost.pause_s = max(cost.pause_s, time.monotonic() - asked - TICK_S)
