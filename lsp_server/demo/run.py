"""`mellum-ls demo`: starts the real server, plays the performance over it, prints the figures.

Puts the demo's parts together and leaves nothing running. Exit code 0 only when enough suggestions were shown.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import math
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console

from mellum_ls.lsp_server.demo import sources
from mellum_ls.lsp_server.demo.client import LspClient, Refused, ServerGone
from mellum_ls.lsp_server.demo.editor import Editor, Ghost
from mellum_ls.lsp_server.demo.plan import Edit, choose
from mellum_ls.lsp_server.demo.play import NEEDED, Limits, Performance
from mellum_ls.lsp_server.demo.report import Circumstances, figures, table
from mellum_ls.lsp_server.demo.screen import Screen
from mellum_ls.lsp_server.demo.typist import Hurried, Person
from mellum_ls.runtime.client import launch
from mellum_ls.runtime.environment import read_environment
from mellum_ls.runtime.errors import MellumError

SEED = 20
MAX_EDITS = 28
EMBEDDED = "mellum2-nano"
LOADING_SECONDS = 180.0
PERSON_LIMITS = Limits(soft=50.0, hard=120.0)
HURRIED_LIMITS = Limits(soft=16.0, hard=90.0)
WARM_UP = "def double(number):\n    return "
INTERRUPTED = 130


class Unsuccessful(Exception):
    """The demo could not show what it is there for; the message says why, for the user."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that is settled before the server starts."""

    options: launch.RuntimeOptions
    repository: sources.Repository
    files: list[sources.Source]
    edits: list[Edit]
    root: Path
    fast: bool


def main(parsed: argparse.Namespace) -> int:
    """Run the demo with the command line's `repo`, `fast`, `json` and `model`; the exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without the box characters is still good enough
    console = Console()
    try:
        with tempfile.TemporaryDirectory(prefix="mellum-ls-demo-") as scratch:
            found = _run(_prepare(parsed, Path(scratch)), console)
        console.print(table(found))
        if parsed.json:
            written = json.dumps(found, indent=2, ensure_ascii=False) + "\n"
            Path(parsed.json).write_text(written, encoding="utf-8")
        if found["shown"] < NEEDED:
            raise Unsuccessful(f"only {found['shown']} suggestions came, and {NEEDED} are wanted")
    except (Unsuccessful, MellumError, OSError, sources.NoSources, ServerGone, Refused) as error:
        print(f"mellum-ls demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("mellum-ls demo: interrupted", file=sys.stderr)
        return INTERRUPTED
    return 0


def _prepare(parsed: argparse.Namespace, scratch: Path) -> Stage:
    options = launch.RuntimeOptions.of(read_environment(), parsed.model)
    options.address()  # a model folder that is not there is better told before anything starts
    repository = sources.given_repository(parsed.repo) if parsed.repo else sources.default_repository()
    root = scratch.resolve()
    files = sources.copy(repository, root)
    edits = choose(files, MAX_EDITS, SEED)
    if not edits:
        raise sources.NoSources(f"{repository.folder} has no code that the demo could type again")
    return Stage(options, repository, files, edits, root, parsed.fast)


def _run(stage: Stage, console: Console) -> dict[str, Any]:
    """Play; afterwards a model process that was started for this is gone again."""
    was_running = launch.status(stage.options) is not None
    try:
        return asyncio.run(_play(stage, console))
    finally:
        if not was_running and (now := launch.status(stage.options)) is not None and now.clients <= 1:
            launch.stop(stage.options)


async def _play(stage: Stage, console: Console) -> dict[str, Any]:
    command = [sys.executable, "-P", "-m", "mellum_ls.lsp_server", "serve", "--stdio"]
    command += ["--model", stage.options.model] if stage.options.model else []
    client = await LspClient.start(command)
    screen = Screen(console)
    try:
        await client.initialize(stage.root.as_uri(), {"streaming": True})
        editor = Editor(client, stage.root, time.perf_counter)
        _introduce(stage, console)
        with console.status("loading the model"):
            load_seconds = await _load(editor)
        before = await editor.status()
        _introduce_model(stage, before, load_seconds, console)
        typist = Hurried() if stage.fast else Person(SEED)
        performance = Performance(editor, typist, screen, time.perf_counter)
        limits = HURRIED_LIMITS if stage.fast else PERSON_LIMITS
        started = time.perf_counter()
        try:
            await performance.run(stage.edits, stage.files, limits)
        except TimeoutError:
            raise Unsuccessful("the server did not answer in time") from None
        seconds = time.perf_counter() - started
        after = await editor.status()
        about = Circumstances(
            version("mellum-ls"),
            _model_name(stage, after),
            stage.repository.name,
            "fast" if stage.fast else "human",
            seconds,
            load_seconds,
            before,
            after,
        )
        if after["lastError"]:
            console.print(f"The model's last error: {after['lastError']}", highlight=False, markup=False)
        return figures(performance.tally, about)
    finally:
        screen.close()
        await client.close()


async def _load(editor: Editor) -> float:
    """Wait for the first answer, which comes when the model is there; the seconds. Raises Unsuccessful."""
    editor.open("warm-up.py", WARM_UP)
    editor.buffer.move(len(WARM_UP))
    ghost = Ghost(time.perf_counter())
    try:
        async with asyncio.timeout(LOADING_SECONDS):
            await editor.suggest(ghost, lambda: None)
    except TimeoutError:
        raise Unsuccessful(f"the model was not there after {LOADING_SECONDS:.0f} s") from None
    status = await editor.status()
    if status["state"] != "ready":
        raise Unsuccessful(f"the model is not available: {status['lastError'] or status['state']}")
    return ghost.total_s if ghost.total_s is not None else math.nan


def _introduce(stage: Stage, console: Console) -> None:
    console.print(f"mellum-ls {version('mellum-ls')}", style="bold", highlight=False)
    unseen = stage.repository.held_out and stage.options.model is None
    told = f", which {EMBEDDED} was not trained on," if unseen else ""
    words = f"Pieces of {stage.repository.name}{told} are deleted and typed again."
    console.print(words, highlight=False, markup=False)


def _introduce_model(stage: Stage, status: dict[str, Any], seconds: float, console: Console) -> None:
    engine = (status.get("runtime") or {}).get("engine") or {}
    facts = [_model_name(stage, status)]
    if isinstance(engine.get("parameters"), int):
        facts.append(f"{engine['parameters'] / 1e6:.1f} million parameters")
    facts += [str(engine[name]) for name in ("dtype", "device") if name in engine]
    console.print(f"Model: {', '.join(facts)}; ready after {seconds:.1f} s.\n", highlight=False)


def _model_name(stage: Stage, status: dict[str, Any]) -> str:
    return EMBEDDED if stage.options.model is None else Path(str(status["model"])).name
