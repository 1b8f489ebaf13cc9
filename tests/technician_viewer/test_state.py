"""Every way in which a session can end has a state, a code and one line for people."""

from typing import get_args

import pytest

from protocol.connection import Closed
from protocol.envelope import CloseCode
from protocol.errors import ErrorCode
from protocol.handshake import RefusalReason
from protocol.messages import ByeCode
from technician_viewer.errors import SessionEnded, SessionLost, SessionRefused
from technician_viewer.state import (
    End,
    SessionState,
    end_of_close,
    end_of_closed,
    end_of_ended,
    end_of_error,
    end_of_refusal,
)


def every_end() -> list[End]:
    """Return all ends there are."""
    return [
        *(end_of_close(code, live=live) for code in (*CloseCode, None, 1006, 4999) for live in (True, False)),
        *(end_of_error(code, live=live) for code in ErrorCode for live in (True, False)),
        *(end_of_closed(Closed(ended=True, code=code), live=True) for code in get_args(ByeCode)),
        *(end_of_closed(Closed(ended=False, error=code), live=True) for code in ErrorCode),
        *(end_of_refusal(reason) for reason in get_args(RefusalReason)),
        end_of_ended("ticket-closed"),
    ]


@pytest.mark.parametrize("end", every_end(), ids=lambda end: f"{end.state}-{end.code}")
def test_an_end_is_final_and_one_line(end: End) -> None:
    assert end.state.final
    assert end.code
    assert end.text.endswith(".")
    assert "\n" not in end.text
    error = end.error()
    assert (str(error), error.code) == (end.text, end.code)
    expected = {
        SessionState.ENDED: SessionEnded,
        SessionState.LOST: SessionLost,
        SessionState.REFUSED: SessionRefused,
    }[end.state]
    assert isinstance(error, expected)


def test_a_live_session_is_never_refused() -> None:
    assert SessionState.REFUSED not in {end_of_close(code, live=True).state for code in CloseCode}
    assert SessionState.REFUSED in {end_of_close(code, live=False).state for code in CloseCode}


def test_the_states_before_the_end_are_not_final() -> None:
    assert [state for state in SessionState if not state.final] == ["connecting", "waiting-for-agent", "asking", "live"]
