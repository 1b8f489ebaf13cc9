"""Joining: which secret is shown, and whom the answer may name."""

import httpx
import pytest

import agent.join as joining
from agent.errors import AgentError, ServerChanged
from agent.http import Api
from agent.server import parse_server
from agent.state import AgentState
from agent.target import Target
from protocol.tracking import TrackingNumber
from tests.agent.test_state import organisation

SERVER = parse_server("https://help.example.org")
TRACKING = TrackingNumber("TL-0000-0000")


class HelpDesk:
    """Answers as a help desk would; `joined` is the organisation in the answer to a join."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        shown = organisation()
        self.shown = {"id": shown["organisation"], "public_key": shown["public_key"], "name": shown["name"]}
        self.joined = self.shown["id"]
        self.asked: list[httpx.Request] = []
        transport = httpx.MockTransport(self.answer)
        monkeypatch.setattr(joining, "Api", lambda server, tls: Api(server, tls, transport=transport))

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.path.endswith("/organisation"):
            return httpx.Response(200, json=self.shown)
        found = {"agent_token": "a" * 43, "tracking": TRACKING, "title": "T", "organisation": self.joined}
        return httpx.Response(200, json={**found, "server_time": 1})


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> HelpDesk:
    return HelpDesk(monkeypatch)


async def join(state: AgentState, token: str = "r" * 43, code: str = "") -> joining.Membership:
    target = Target(TRACKING, SERVER.origin, token)
    return await joining.become_member(target, server=SERVER, tls=None, state=state, code=code)


async def test_an_answer_of_another_organisation_is_not_believed(desk: HelpDesk, state: AgentState) -> None:
    desk.joined = organisation()["organisation"]
    with pytest.raises(AgentError, match="two organisations"):
        await join(state)
    assert state.ticket(SERVER, TRACKING).agent_token == ""
    desk.joined = desk.shown["id"]
    assert (await join(state)).agent_token == state.ticket(SERVER, TRACKING).agent_token == "a" * 43


async def test_a_server_that_changed_gets_no_secret(desk: HelpDesk, state: AgentState) -> None:
    await join(state)
    desk.asked.clear()
    good, changed = desk.shown, organisation()
    desk.shown = {"id": changed["organisation"], "public_key": changed["public_key"], "name": changed["name"]}
    with pytest.raises(ServerChanged):
        await join(state)
    assert [request.url.path for request in desk.asked] == ["/api/v1/organisation"]
    desk.shown = good
    await join(state)


async def test_a_code_is_shown_instead_of_the_token_not_with_it(desk: HelpDesk, state: AgentState) -> None:
    await join(state, code="7H2K-M4QP")
    assert "authorization" not in desk.asked[-1].headers
    await join(state)
    assert desk.asked[-1].headers["authorization"] == f"Bearer {'r' * 43}"


@pytest.fixture
def state(tmp_path_factory: pytest.TempPathFactory) -> AgentState:
    return AgentState(tmp_path_factory.mktemp("state"))
