from collections.abc import Iterator

import pytest

from tests.interop.peer import Node


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    """The JavaScript side, one process for all tests here."""
    with Node() as started:
        yield started
