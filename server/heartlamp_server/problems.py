"""How the console is told that something cannot be."""

from fastapi import HTTPException
from pydantic import BaseModel


class Problem(BaseModel):
    """Every error: what happened, and what to do."""

    error: str
    do: str


def problem(status: int, error: str, do: str) -> HTTPException:
    return HTTPException(status, {"error": error, "do": do})
