"""How long what is kept, for everybody who is signed in."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from heartlamp_server.config import Config
from heartlamp_server.database.pool import Database
from heartlamp_server.operation.retention import COURSE_DAYS, NOTE_DAYS
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope


class KeptFor(BaseModel):
    """`what`: docs/retention.md says what each is; `days` null: always; `setting`: in server.toml, "" it is fixed."""

    what: str
    days: int | None
    setting: str


class RetentionView(BaseModel):
    """`ran_at`: when the job last deleted what is older; `took`: rows of each, then."""

    kept: list[KeptFor]
    ran_at: datetime | None
    took: dict[str, int]


def router(database: Database, gate: Gate, config: Config) -> APIRouter:
    routes = APIRouter()
    kept = [
        KeptFor(what=what, days=days, setting=setting)
        for what, days, setting in (
            ("pictures", config.picture_days, "[pictures] days"),
            ("words", config.retention.words_days, "[retention] words_days"),
            ("households", config.retention.household_days, "[retention] household_days"),
            ("readings", config.telemetry.days, "[telemetry] days"),
            ("messages", 90, ""),
            ("notes", NOTE_DAYS, ""),
            ("courses", COURSE_DAYS, ""),
            ("quarantine", 90, ""),
            ("browsers", 180, ""),
            ("steps", None, ""),
            ("audit", None, ""),
        )
    ]

    @routes.get("/retention")
    async def what_is_kept_how_long(scope: Annotated[Scope, Depends(gate.require("self"))]) -> RetentionView:
        """The days that are set, and what the job last took."""
        async with database.connection() as conn:
            cursor = await conn.execute(
                "SELECT at, detail FROM audit WHERE what = 'retention.run' ORDER BY id DESC LIMIT 1"
            )
            row = await cursor.fetchone()
        took = {name: many for name, many in row[1].items() if isinstance(many, int)} if row else {}
        return RetentionView(kept=kept, ran_at=row[0] if row else None, took=took)

    return routes
