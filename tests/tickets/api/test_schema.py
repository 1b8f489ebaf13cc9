"""The API answers as its OpenAPI document says, whoever asks for whatever."""

from tests.tickets.api.promises import Outcome, ask, furnish, operations
from tests.tickets.world import World

EXAMPLES = 4


async def test_every_answer_is_as_promised(desk_on_file: World) -> None:
    desk = await furnish(desk_on_file)
    document = (await desk_on_file.stranger.get("/openapi.json")).json()
    outcome = Outcome()
    everything = operations(document)
    for operation in everything:
        await ask(desk_on_file, desk, operation, EXAMPLES, outcome)
    assert outcome.broken == []
    assert set(outcome.asked) == {operation.label for operation in everything}
    assert not [status for status in outcome.answers if status >= 500]
    # It came to something: things were found, made and refused.
    assert {200, 201, 204, 401, 403, 404, 409, 422} <= set(outcome.answers)
    assert outcome.answers[200] >= 100


async def test_a_promise_that_is_not_kept_is_seen(desk_on_file: World) -> None:
    desk = await furnish(desk_on_file)
    document = (await desk_on_file.stranger.get("/openapi.json")).json()
    path = "/api/v1/organisation"
    document["paths"] = {path: document["paths"][path]}
    outcome = Outcome()
    for operation in operations(document):
        await ask(desk_on_file, desk, operation, EXAMPLES, outcome)
    assert outcome.broken == []
    document["components"]["schemas"]["OrganisationView"]["properties"]["name"] = {"type": "integer"}
    for operation in operations(document):
        await ask(desk_on_file, desk, operation, EXAMPLES, outcome)
    assert outcome.broken
    assert "JsonSchemaError" in outcome.broken[0]
