"""`mellum-ls doctor`: all groups of checks, side by side since some wait for a process, told in words or as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from mellum_ls.context.index.workspace_index import index_path
from mellum_ls.lsp_server.doctor import device_and_model, editors, grammars, index, resident, system, variables
from mellum_ls.lsp_server.doctor import workspace as work
from mellum_ls.lsp_server.doctor.checks import Check, Group
from mellum_ls.lsp_server.doctor.examination import examine
from mellum_ls.runtime.client.launch import RuntimeOptions
from mellum_ls.runtime.environment import examine_environment, unknown_variables

MARKS = {"ok": "ok", "note": "note", "warning": "WARNING", "failure": "FAILURE"}
# Where the server keeps the indexes of workspace folders, below its cache.
INDEXES = "index"
WIDTH = max(map(len, MARKS.values()))


def run(model: str | None, workspace: str | None, *, as_json: bool, out: Callable[[str], None]) -> int:
    """Look at everything and tell it; 1 when something that was asked for does not work, else 0."""
    groups = all_groups(model, Path(workspace or "."))
    with ThreadPoolExecutor(len(groups), thread_name_prefix="doctor") as pool:
        waiting = [(group.title, pool.submit(group.checks)) for group in groups]
        found = []
        for title, future in waiting:
            found.append((title, future.result()))
            if not as_json:
                out(in_words(*found[-1]))
    every = [check for _, checks in found for check in checks]
    failures = sum(check.state == "failure" for check in every)
    if as_json:
        listed = [{"group": title, **asdict(check)} for title, checks in found for check in checks]
        out(json.dumps({"ok": not failures, "checks": listed}, indent=2))
    else:
        out(_summary(failures, sum(check.state == "warning" for check in every)))
    return 1 if failures else 0


def all_groups(model: str | None, workspace: Path) -> list[Group]:
    """Every group in the order in which it is told."""
    environment, problems = examine_environment()
    return [
        Group("system", lambda: system.checks(environment.cache_dir)),
        Group("environment", lambda: variables.checks(environment, problems, unknown_variables())),
        Group("device and model", lambda: device_and_model.checks(examine(model))),
        Group("model process", lambda: resident.checks(RuntimeOptions.of(environment, model))),
        Group("languages", grammars.checks),
        Group("workspace", lambda: work.checks(workspace)),
        Group("index", lambda: index.checks(index_paths(environment.cache_dir, workspace))),
        Group("editors", editors.checks),
    ]


def index_paths(cache_dir: Path, workspace: Path) -> list[Path]:
    """Where the index of a folder may be: its name is made of the path that an editor gives, with links or without."""
    roots = dict.fromkeys((os.path.abspath(workspace), os.path.realpath(workspace)))
    return [index_path(cache_dir / INDEXES, Path(root)) for root in roots]


def in_words(title: str, checks: Sequence[Check]) -> str:
    """A group as lines: a mark, the name and what was found, below it what it is about and what to do."""
    lines = [title]
    indent = " " * (WIDTH + 6)
    for check in checks:
        first, *rest = map(printable, f"{check.name}: {check.says}".split("\n"))
        lines.append(f"  {MARKS[check.state]:<{WIDTH}}  {first}")
        lines += [indent + line.strip() for line in rest]
        lines += [f"{indent}- {printable(item)}" for item in check.listed]
        if check.remedy:
            lines.append(f"{indent}-> {printable(check.remedy)}")
    return "\n".join(lines) + "\n"


def printable(name: str) -> str:
    """A name for a terminal: a file's name may hold what moves the cursor, or no character at all."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in name)


def _summary(failures: int, warnings: int) -> str:
    if failures:
        return f"failures: {failures}, warnings: {warnings}"
    return f"everything works, warnings: {warnings}" if warnings else "everything works"
