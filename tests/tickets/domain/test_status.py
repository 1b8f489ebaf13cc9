"""How tickets move."""

import pytest

from tickets.domain.access import Role
from tickets.domain.errors import IllegalMove
from tickets.domain.status import after_reply, move, moves
from tickets.domain.values import Status

NEW, OPEN, WAITING, RESOLVED, CLOSED = Status
LEGAL = {
    (NEW, OPEN),
    (NEW, WAITING),
    (NEW, CLOSED),
    (OPEN, WAITING),
    (OPEN, CLOSED),
    (WAITING, OPEN),
    (WAITING, CLOSED),
    (RESOLVED, OPEN),
    (RESOLVED, CLOSED),
    (CLOSED, OPEN),
}


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.ADMIN])
@pytest.mark.parametrize("now", Status)
@pytest.mark.parametrize("wanted", Status)
def test_every_move_is_legal_or_an_error_that_names_both(role: Role, now: Status, wanted: Status) -> None:
    if (now, wanted) in LEGAL:
        assert move(role, now, wanted) is wanted
    else:
        with pytest.raises(IllegalMove, match=f"{now} can't become {wanted}"):
            move(role, now, wanted)


@pytest.mark.parametrize("role", [Role.ANONYMOUS, Role.REQUESTER, Role.AGENT])
def test_others_choose_no_status(role: Role) -> None:
    assert all(moves(role, status) == () for status in Status)


def test_only_a_requesters_answer_moves_a_ticket() -> None:
    assert {status: after_reply(Role.REQUESTER, status) for status in Status} == {
        NEW: NEW,
        OPEN: OPEN,
        WAITING: OPEN,
        RESOLVED: OPEN,
        CLOSED: CLOSED,
    }
    assert all(after_reply(Role.TECHNICIAN, status) is status for status in Status)
