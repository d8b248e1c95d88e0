"""The escalation plan that a village's gateway is handed."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(
        "ALTER TABLE gateway ADD COLUMN plan bytea, ADD COLUMN plan_version bigint NOT NULL DEFAULT 0"
    )
