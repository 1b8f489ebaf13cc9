"""A display for the agent's tests."""

from collections.abc import Iterator

import pytest

from tests.support.display import VirtualDisplay


@pytest.fixture
def display() -> Iterator[VirtualDisplay]:
    """A virtual display of 1024 x 768 that nothing else uses."""
    virtual = VirtualDisplay.start()
    yield virtual
    virtual.stop()
