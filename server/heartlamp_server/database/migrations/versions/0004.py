"""Which gateways were told again that an event's incident is closed."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.get_bind().exec_driver_sql("ALTER TABLE event ADD COLUMN reminded text[] NOT NULL DEFAULT '{}'")
