"""How the tests share two cores: a file's tests run on one worker in order, and the villages one after the other."""

import os
import shutil
import tempfile

import pytest
from hypothesis import settings

settings.register_profile("shared machine", deadline=None, print_blob=True)  # how long a rule takes is no test's matter
settings.load_profile("shared machine")

if "PYTEST_XDIST_WORKER" not in os.environ and "PYTEST_DEBUG_TEMPROOT" not in os.environ:
    # A temporary root of this run's own: at its start each run of this user closes the common one to others, and
    # PostgreSQL, which runs as nobody where we are root, would stand before a closed door in the middle of a test.
    os.environ["PYTEST_DEBUG_TEMPROOT"] = tempfile.mkdtemp(prefix="heartlamp-tests-")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """What failed is kept to be looked at."""
    root = os.environ["PYTEST_DEBUG_TEMPROOT"]
    if "PYTEST_XDIST_WORKER" not in os.environ and exitstatus == 0 and "heartlamp-tests-" in root:
        shutil.rmtree(root, ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.parent.name + "/" + item.path.name))
