"""The lamps that may carry a device's frames by radio."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.get_bind().exec_driver_sql("ALTER TABLE device ADD COLUMN through text[] NOT NULL DEFAULT '{}'")
