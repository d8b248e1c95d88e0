from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.console.browse import chromium
from tests.gateway.windows.seen import Village, village


@pytest.fixture
def seen() -> Iterator[Village]:
    with village() as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started
