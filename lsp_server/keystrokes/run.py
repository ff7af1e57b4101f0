"""`mellum-ls bench keystrokes`: types into the real server with a model process of its own, prints the figures.

Exit codes: 0 measured; 1 no figure can be given, with the reason on standard error; 2 wrong arguments, a recording
that cannot be read, or a model that is not there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mellum_ls.lsp_server.demo.client import LspClient, Refused, ServerGone
from mellum_ls.lsp_server.keystrokes.editor import Editor
from mellum_ls.lsp_server.keystrokes.pair import typing_between
from mellum_ls.lsp_server.keystrokes.recording import read_recording
from mellum_ls.lsp_server.keystrokes.replay import Replay
from mellum_ls.lsp_server.keystrokes.report import Circumstances, figures, table
from mellum_ls.lsp_server.keystrokes.script import BadScript, Open, Script
from mellum_ls.lsp_server.keystrokes.tally import NoUsage
from mellum_ls.lsp_server.keystrokes.workspace import PINNED_CHARS, Workspace, lay_out
from mellum_ls.lsp_server.wire.lifecycle import is_alive
from mellum_ls.runtime.bench.machine import describe_machine
from mellum_ls.runtime.client import launch
from mellum_ls.runtime.environment import read_environment, variables_with
from mellum_ls.runtime.errors import MellumError, ModelNotFound, SettingError

NAME = "mellum-ls bench keystrokes"
LOADING_SECONDS = 180.0
ENDING_SECONDS = 5.0
POLL_SECONDS = 0.05
PROMPT_SECONDS = 3600
ORPHAN_SECONDS = "60"  # the model process ends by itself after so long, should this one be killed
INTERRUPTED = 130


class Unsuccessful(Exception):
    """No figure can be given; the message says why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is settled before the server starts.

    `pin` None is all files, of which `pinned_chars` are read. With `context` so many characters of code are chosen by
    the server.
    """

    script: Script
    model: str | None
    pin: int | None
    pinned_chars: int
    context: int | None
    limit: int | None
    overtake: bool
    read_within: float | None


def main(parsed: argparse.Namespace) -> int:
    """Run the benchmark with the command line's options; the exit code."""
    try:
        plan = _plan(parsed)
        with tempfile.TemporaryDirectory(prefix="mls-") as scratch:
            found = _run(plan, Path(scratch).resolve())
        print(table(found))
        if parsed.json:
            Path(parsed.json).write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    except (BadScript, ModelNotFound, SettingError) as error:
        print(f"{NAME}: {error}", file=sys.stderr)
        return 2
    except (Unsuccessful, NoUsage, MellumError, OSError, ServerGone, Refused) as error:
        print(f"{NAME}: {str(error) or 'the server did not answer in time'}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{NAME}: interrupted", file=sys.stderr)
        return INTERRUPTED
    return 0


def _plan(parsed: argparse.Namespace) -> Plan:
    pair = (parsed.before, parsed.after)
    if (parsed.recording is None) == (pair == (None, None)) or (None in pair and pair != (None, None)):
        raise SettingError("name what is typed: --recording FILE, or --before DIR and --after DIR")
    if parsed.recording is not None:
        script = read_recording(Path(parsed.recording))
    else:
        script = typing_between(Path(parsed.before), Path(parsed.after))
    if not script.asked:
        raise BadScript(f"in {script.name} nobody types at the caret, so there is nothing to ask for")
    context = None if parsed.context is None else _number("--context", parsed.context, 1)
    pinned = parsed.pin or ("all" if context is None else "0")
    pin = None if pinned == "all" else _number("--pin", pinned, 0)
    limit = None if parsed.limit is None else _number("--limit", parsed.limit, 1)
    chars = PINNED_CHARS if parsed.pinned_chars is None else _number("--pinned-chars", parsed.pinned_chars, 0)
    return Plan(script, parsed.model, pin, chars, context, limit, parsed.overtake, _seconds(parsed.read_within))


def _number(option: str, text: str, least: int) -> int:
    if not (text.isascii() and text.isdigit() and int(text) >= least):
        also = " or all" if option == "--pin" else ""
        raise SettingError(f"{option} is {text!r}; use a whole number of {least} or more{also}")
    return int(text)


def _seconds(text: str | None) -> float | None:
    try:
        seconds = None if text is None else float(text)
    except ValueError:
        seconds = -1.0
    if seconds is not None and not 0 < seconds < math.inf:
        raise SettingError(f"--read-within is {text!r}; use seconds, more than 0")
    return seconds


def _run(plan: Plan, scratch: Path) -> dict[str, Any]:
    """Play; the model process, which nobody else can meet, is gone afterwards."""
    variables = variables_with(
        {
            "MELLUM_RUNTIME_DIR": str(scratch / "r"),
            "MELLUM_CACHE_DIR": str(scratch / "cache"),
            "MELLUM_IDLE_SECONDS": ORPHAN_SECONDS,
        }
    )
    options = launch.RuntimeOptions.of(read_environment(variables), plan.model)
    try:
        options.address()  # a model that is not there is better told before anything starts
    except SettingError as error:
        raise SettingError(
            f"{scratch.parent} is too long a path for a socket in it; set TMPDIR to a shorter one"
        ) from error
    workspace = lay_out(plan.script, scratch / "workspace", plan.pin, plan.pinned_chars)
    try:
        return asyncio.run(_play(plan, workspace, options, variables))
    finally:
        _end(options)


def _end(options: launch.RuntimeOptions) -> None:
    """End the model process, and wait until it is gone: its folder is about to be deleted."""
    status = launch.status(options)
    launch.stop(options)
    patience = time.monotonic() + ENDING_SECONDS
    while status is not None and is_alive(status.pid) and time.monotonic() < patience:
        time.sleep(POLL_SECONDS)


async def _play(
    plan: Plan, workspace: Workspace, options: launch.RuntimeOptions, variables: dict[str, str]
) -> dict[str, Any]:
    command = [sys.executable, "-P", "-m", "mellum_ls.lsp_server", "serve", "--stdio"]
    command += ["--model", options.model] if options.model else []
    client = await LspClient.start(command, variables)
    try:
        settings = {
            "pinnedFiles": list(workspace.pinned),
            "pinnedChars": workspace.pinned_chars,
            # Whatever the machine's speed: how much stands before a prompt is the benchmark's to say.
            "promptSeconds": PROMPT_SECONDS,
            "context": plan.context is not None,
            **({} if plan.context is None else {"contextChars": plan.context}),
            # Keys come as fast as answers do, which is no burst, and what an answer costs is known at its end only.
            "debounceMs": 0,
            "earlyAnswerMs": 0,
        }
        capabilities = await client.initialize(workspace.root.as_uri(), settings, NAME)
        editor = Editor(client, workspace.root, capabilities)
        load_seconds = await _load(editor)
        if plan.context is not None:
            await _read_files(editor, plan.script)
        count = min(plan.script.asked, plan.limit or plan.script.asked)
        print(f"typing {plan.script.name}, {count} requests ...", file=sys.stderr, flush=True)
        engine = ((await editor.status()).get("runtime") or {}).get("engine") or {}
        device = str(engine.get("device", "cpu"))
        few, many = engine["threads"]
        machine = describe_machine(None if device == "cpu" else device)
        replay = Replay(
            editor,
            time.perf_counter,
            limit=plan.limit,
            overtake=plan.overtake,
            closed=workspace.pinned,
            read_within=plan.read_within,
        )
        started = time.perf_counter()
        await replay.run(plan.script)
        about = Circumstances(
            version=version("mellum-ls"),
            model=str(engine.get("model", plan.model)),
            machine=machine,
            threads=few,
            threads_for_many=many,
            script=plan.script.name,
            overtake=plan.overtake,
            read_within=plan.read_within,
            pinned_files=len(workspace.pinned),
            pinned_chars=workspace.pinned_chars,
            context_chars=plan.context or 0,
            load_seconds=load_seconds,
            seconds=time.perf_counter() - started,
        )
        return figures(replay.tally, about)
    finally:
        await client.close()


async def _load(editor: Editor) -> float:
    """Wait until the model is there; the seconds. Raises Unsuccessful."""
    started = time.perf_counter()
    while (seconds := time.perf_counter() - started) < LOADING_SECONDS:
        status = await editor.status()
        if status["state"] == "ready":
            return seconds
        if status["state"] == "failed":
            raise Unsuccessful(f"the model is not available: {status['lastError']}")
        await asyncio.sleep(POLL_SECONDS)
    raise Unsuccessful(f"the model was not there after {LOADING_SECONDS:.0f} s")


async def _read_files(editor: Editor, script: Script) -> None:
    """Wait until the server knows the files of the workspace, which it reads once a document is open.

    Raises Unsuccessful.
    """
    editor.open(next(step.action for step in script.steps if isinstance(step.action, Open)))
    started = time.perf_counter()
    while time.perf_counter() - started < LOADING_SECONDS:
        folders = (await editor.status())["repository"]
        if folders and folders[0]["state"] == "ready":
            return
        if folders and folders[0]["state"] == "failed":
            raise Unsuccessful(f"the workspace cannot be read: {folders[0]['last_error']}")
        await asyncio.sleep(POLL_SECONDS)
    raise Unsuccessful(f"the workspace was not read after {LOADING_SECONDS:.0f} s")
