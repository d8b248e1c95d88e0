"""A migrated database for the outbox, emptied for each test."""

from collections.abc import Callable

import psycopg
import pytest

_TABLES = (
    "notification, notification_attempt, notification_early, notification_said, notification_channel, notification_note"
)


@pytest.fixture(scope="session")
def migrated(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture
def conninfo(migrated: str) -> str:
    with psycopg.connect(migrated, autocommit=True) as conn:
        conn.execute(f"TRUNCATE {_TABLES}")
    return migrated
