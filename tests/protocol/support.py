"""Two connections wired as a pair, and chunk helpers."""

import json
from pathlib import Path
from typing import Any

from protocol.connection import AgentConnection, Closed, Event, ViewerConnection
from protocol.handshake import Facts
from protocol.rights import Right

VECTORS = Path(__file__).parent.parent / "vectors"
BOTH = frozenset({Right.VIEW, Right.CONTROL})


def vectors(name: str) -> dict[str, Any]:
    """Return one file of our own vectors."""
    loaded: dict[str, Any] = json.loads((VECTORS / name).read_text(encoding="ascii"))
    return loaded


def pump(agent: AgentConnection, viewer: ViewerConnection, now: float = 0.0) -> list[tuple[str, bytes]]:
    """Carry data both ways until nothing is left; return what crossed the wire."""
    wire: list[tuple[str, bytes]] = []
    while True:
        moved = False
        for sender, receiver in ((agent, viewer), (viewer, agent)):
            for data in sender.data_to_send():
                wire.append((str(sender.role), data))
                receiver.receive_data(data, now)
                moved = True
        if not moved:
            return wire


def establish(agent: AgentConnection, viewer: ViewerConnection, rights: frozenset[Right] = BOTH) -> None:
    """Bring a pair to LIVE and forget the events on the way."""
    pump(agent, viewer)
    agent.grant(rights, Facts(), 0.0)
    pump(agent, viewer)
    agent.events()
    viewer.events()


def closed(events: list[Event]) -> Closed:
    """Return the one Closed among `events`."""
    (found,) = [event for event in events if isinstance(event, Closed)]
    return found
