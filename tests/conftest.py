"""How the tests share two cores: a file's tests run on one worker in order, and the villages one after the other."""

import os
import shutil
import tempfile
from typing import Any

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


LONG = ("village", "console")
"""Folders whose files begin first: one that began last would be waited for by three idle workers."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(tuple(f"tests/{folder}/" for folder in LONG)))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Ours, as `--dist loadgroup` of xdist 3.8 writes its groups where pytest 9 does not read them: each test went to
    whichever worker was free, which then made that file's county or village once more."""
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

    class ByFile(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return "village" if file.startswith("tests/village/") else file

    config.option.loadscopereorder = False
    return ByFile(config, log)
