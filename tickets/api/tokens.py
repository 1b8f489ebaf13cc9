"""`/tokens`: one's own tokens for programs."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from tickets.api.offer import Asking, Desk, answer, body_of, offer
from tickets.domain.access import Action, Thing
from tickets.domain.tokens import NewToken, TokenList, TokenMade

router: Final = APIRouter(tags=["tokens"])


@offer(router, "GET", "/tokens", Action.LIST, Thing.TOKENS, summary="List my tokens", gives=TokenList)
async def list_tokens(desk: Desk, actor: Asking) -> Response:
    """Without their secrets; those that have run out are gone."""
    return answer(await desk.tokens.listed(actor))


@offer(
    router, "POST", "/tokens", Action.ADD, Thing.TOKENS,
    summary="Make a token", takes=NewToken, gives=TokenMade, status=HTTPStatus.CREATED,
)  # fmt: skip
async def make_token(desk: Desk, actor: Asking, new: Annotated[NewToken, Depends(body_of(NewToken))]) -> Response:
    """Narrowed to scopes; it reaches no further and lives no longer than the token it is asked with."""
    return answer(await desk.tokens.make(actor, new), HTTPStatus.CREATED)


@offer(
    router, "DELETE", "/tokens/{token}", Action.REMOVE, Thing.TOKENS,
    summary="Revoke a token", status=HTTPStatus.NO_CONTENT,
)  # fmt: skip
async def revoke_token(token: str, desk: Desk, actor: Asking) -> Response:
    """One of one's own, at once; the address holds its id, not the token."""
    await desk.tokens.revoke(actor, token)
    return Response(status_code=HTTPStatus.NO_CONTENT)
