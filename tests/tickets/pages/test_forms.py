"""Forms as bytes, and what is found wrong in them."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import Request

from tests.tickets.world import A_TICKET
from tickets.domain.errors import DeskError, Invalid, TooLarge
from tickets.domain.values import Asset, Urgency
from tickets.pages.forms import MAX_FIELDS, MAX_FORM_BYTES, check_article, check_request, check_text, read_form

FORM = "application/x-www-form-urlencoded"


def request(body: bytes, kind: str = FORM, chunk: int = 1_000) -> Request:
    """A POST whose body comes in pieces."""
    pieces = [body[at : at + chunk] for at in range(0, len(body), chunk)] or [b""]

    async def messages() -> AsyncIterator[dict[str, Any]]:
        for at, piece in enumerate(pieces):
            yield {"type": "http.request", "body": piece, "more_body": at + 1 < len(pieces)}

    stream = messages()
    return Request(
        {"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode())]}, lambda: anext(stream)
    )


async def test_fields_are_read_and_tidied() -> None:
    body = urlencode({"title": "  Hé\r\nllo\0 ", "password": " p\r\n", "empty": ""}).encode()
    assert await read_form(request(body, chunk=1), verbatim="password") == {
        "title": "Hé\nllo",
        "password": " p\r\n",
        "empty": "",
    }


async def test_the_first_of_two_fields_with_one_name_counts() -> None:
    assert await read_form(request(b"a=1&a=2")) == {"a": "1"}


async def test_another_kind_of_body_is_refused() -> None:
    with pytest.raises(Invalid):
        await read_form(request(b"a=1", "multipart/form-data; boundary=x"))
    assert await read_form(request(b"a=1", f"{FORM}; charset=utf-8")) == {"a": "1"}


async def test_a_body_over_the_limit_is_refused() -> None:
    with pytest.raises(TooLarge):
        await read_form(request(b"a=" + b"x" * MAX_FORM_BYTES, chunk=100_000))
    whole = await read_form(request(b"a=" + b"x" * (MAX_FORM_BYTES - 2), chunk=100_000))
    assert len(whole["a"]) == MAX_FORM_BYTES - 2


async def test_too_many_fields_are_refused() -> None:
    with pytest.raises(Invalid):
        await read_form(request("&".join(f"f{n}=" for n in range(MAX_FIELDS + 1)).encode()))
    assert len(await read_form(request("&".join(f"f{n}=" for n in range(MAX_FIELDS)).encode()))) == MAX_FIELDS


@given(st.binary(max_size=300))
@example(b"=\x00")
async def test_any_bytes_are_fields_or_a_documented_error(body: bytes) -> None:
    try:
        fields = await read_form(request(body))
    except DeskError:
        return
    for value in fields.values():
        assert "\0" not in value
        value.encode()


def test_a_whole_request_is_taken() -> None:
    new, faults = check_request(A_TICKET)
    assert faults == {}
    assert new is not None
    assert (new.urgency, new.asset, new.title) == (Urgency.NORMAL, Asset.HARDWARE, "The printer says no")


def test_a_request_of_nothing_has_a_fault_for_each_field() -> None:
    new, faults = check_request({})
    assert new is None
    assert list(faults) == ["category", "title", "description", "urgency", "asset", "email"]


def test_how_long_a_text_may_be_is_said() -> None:
    assert check_text({"text": "x" * 20_000}, "text", "") == ("x" * 20_000, {})
    _, faults = check_text({"text": "x" * 20_001}, "text", "")
    assert "20,000" in faults["text"]
    article, faults = check_article({"title": "t", "body": "x" * 100_001})
    assert article is None
    assert list(faults) == ["body"]
    article, faults = check_article({"title": "t", "body": "x" * 100_000})
    assert article is not None
    assert faults == {}
