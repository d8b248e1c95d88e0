"""Schema changes by Alembic. Imported only while migrating: SQLAlchemy takes as long to load as the rest together."""

from pathlib import Path

from alembic import command
from alembic.config import Config


def migrate(conninfo: str) -> None:
    """Brings the schema to the newest version. `conninfo`: as libpq takes it."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["conninfo"] = conninfo
    command.upgrade(config, "head")
