"""A browser on the built console, in front of a county of one file."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.console.browse import STATIC, chromium, watch
from tests.console.fake_county import FakeCounty
from tests.console.fake_rig import FakeRig


@pytest.fixture(scope="module")  # it keeps an event loop in this thread: away before another file's tests
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def county() -> Iterator[FakeCounty]:
    assert (STATIC / "index.html").is_file(), "the console is not built; run `make console`"
    fake = FakeCounty(STATIC)
    fake.start()
    yield fake
    fake.stop()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of an operator who reads Chinese; the test fails where the page's content policy is broken."""
    with watch(browser) as opened:
        yield opened


@pytest.fixture
def rig() -> Iterator[FakeRig]:
    fake = FakeRig()
    fake.start()
    yield fake
    fake.stop()
