"""Several boards at once: a bar for each, a JSON line for each thing that happened, an exit code for all."""

import json
import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from heartlamp_tech.trouble import DONE, FAILED, NOTHING, Trouble

T = TypeVar("T")
Told = Callable[[str, float], None]


class Log:
    """JSON lines at `path`, None: nowhere. Nothing secret is ever handed to it."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()

    def add(self, what: str, **fields: Any) -> None:
        if self._path is None:
            return
        line = json.dumps({"at": datetime.now(UTC).isoformat(), "what": what, **fields}, ensure_ascii=False)
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def each(
    names: Sequence[str], do: Callable[[str, Told], T], console: Console, log: Log, jobs: int, bars: bool = True
) -> tuple[dict[str, T], dict[str, Trouble], int]:
    """Does it for every name, `jobs` at once. `bars` False: a line for each stage, because somebody is asked questions
    in between. -> (what came of each, what went wrong with each, exit code)"""
    done: dict[str, T] = {}
    failed: dict[str, Trouble] = {}
    columns = (TextColumn("{task.fields[name]}"), BarColumn(), TextColumn("{task.fields[stage]}"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not bars) as progress, ThreadPoolExecutor(max(1, jobs)) as pool:

        def one(name: str) -> None:
            bar = progress.add_task("", total=1.0, name=name, stage="")
            stages: list[str] = []

            def told(stage: str, part: float) -> None:
                if stages[-1:] != [stage]:
                    stages.append(stage)
                    log.add("stage", name=name, stage=stage)
                    if not bars:
                        console.print(f"{name}: {stage}", highlight=False)
                progress.update(bar, completed=part, stage=stage)

            log.add("begun", name=name)
            try:
                done[name] = do(name, told)
                progress.update(bar, completed=1.0, stage="[green]done")
                log.add("done", name=name)
            except Trouble as trouble:
                failed[name] = trouble
                progress.update(bar, stage=f"[red]{stages[-1] if stages else 'failed'}")
                log.add("failed", name=name, stage=stages[-1] if stages else "", error=trouble.error, do=trouble.do)
            except Exception as error:  # a fault of ours: the other boards are none the worse for it
                log.add("fault", name=name, traceback=traceback.format_exc())
                failed[name] = Trouble(f"a fault of this tool: {error!r}", "again with `--log FILE`, and report it")
            finally:
                progress.stop_task(bar)  # its clock stands while the others go on

        list(pool.map(one, names))
    for name, trouble in failed.items():
        console.print(f"[red]✗[/] {name}: {trouble.error}\n  → {trouble.do}", highlight=False)
    return done, failed, FAILED if failed else DONE if done else NOTHING
