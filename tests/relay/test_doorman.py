"""Who counts as one stranger, how many may stand at the door, and how long a write may be blocked."""

from contextlib import ExitStack
from typing import cast

import pytest

from protocol.envelope import CloseCode
from relay.switch.doorman import Doorman, block_of
from relay.switch.limits import SwitchLimits
from relay.switch.session import Session
from relay.switch.socket import Goodbye, Socket
from tests.relay.support import TRACKING, session_id

CAPS = SwitchLimits(newcomers_per_address=2, newcomers_in_all=3)


@pytest.mark.parametrize(
    ("host", "block"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2::3", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::3", "2001:db8:1:3::/64"),
        ("", ""),
    ],
)
def test_what_counts_as_one_address(host: str, block: str) -> None:
    assert block_of(host) == block


def test_one_address_may_not_crowd_the_door() -> None:
    doorman = Doorman(frozenset(), CAPS)
    with ExitStack() as door:
        door.enter_context(doorman.newcomer("2001:db8::1"))
        with doorman.newcomer("2001:db8::2"), pytest.raises(Goodbye) as refused, doorman.newcomer("2001:db8::3"):
            pass
        assert refused.value.code is CloseCode.TOO_MANY
        # One has left, and another address was free all the time.
        door.enter_context(doorman.newcomer("2001:db8::3"))
        door.enter_context(doorman.newcomer("192.0.2.7"))
    assert doorman.newcomers == 0


def test_many_addresses_may_not_crowd_the_door() -> None:
    doorman = Doorman(frozenset(), CAPS)
    with ExitStack() as door:
        for number in range(3):
            door.enter_context(doorman.newcomer(f"192.0.2.{number}"))
        with pytest.raises(Goodbye) as refused, doorman.newcomer("192.0.2.9"):
            pass
        assert refused.value.code is CloseCode.TOO_MANY
    with doorman.newcomer("192.0.2.9"):
        assert doorman.newcomers == 1


def test_a_write_that_is_blocked_for_too_long_is_seen() -> None:
    viewer, agent = (cast("Socket", object()) for _ in range(2))
    session = Session(session_id(1), TRACKING, viewer, waits_until=0, not_after=0)
    session.join(agent)
    assert session.stalled(now=100, limit_s=10) is None
    session.to_viewer.blocked_since = 50
    assert session.stalled(now=60, limit_s=10) is None
    assert session.stalled(now=61, limit_s=10) is viewer
    session.to_viewer.blocked_since = None
    assert session.to_agent is not None
    session.to_agent.blocked_since = 50
    assert session.stalled(now=61, limit_s=10) is agent
