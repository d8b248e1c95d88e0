"""Figures: a fact for each incident, hourly samples of devices, SIM cards, locked months, templates, daily briefs."""

from pathlib import Path

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text())
