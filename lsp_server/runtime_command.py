"""`mellum-ls runtime start|stop|status`: the resident model process from a terminal, in words or as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict

from mellum_ls.runtime.client import launch
from mellum_ls.runtime.client.messages import RuntimeStatus
from mellum_ls.runtime.environment import read_environment
from mellum_ls.runtime.errors import MellumError


def run(action: str, model: str | None, *, as_json: bool, out: Callable[[str], None]) -> int:
    """Do `action`; 0, or 1 when it failed or, for status, when no process runs."""
    try:
        options = launch.RuntimeOptions.of(read_environment(), model)
        if action == "stop":
            stopped = launch.stop(options)
            words = "stopped" if stopped else "no model process was running"
            out(json.dumps({"state": "stopped", "stopped": stopped}) if as_json else words)
            return 0
        status = launch.start(options) if action == "start" else launch.status(options)
    except (MellumError, OSError) as error:
        out(json.dumps({"state": "failed", "error": str(error)}) if as_json else f"failed: {error}")
        return 1
    if status is None:
        out(json.dumps({"state": "stopped"}) if as_json else "no model process is running")
        return 1
    out(json.dumps({**asdict(status), "engine": dict(status.engine)}) if as_json else _in_words(status))
    return 0


def _in_words(status: RuntimeStatus) -> str:
    lines = [
        f"{status.state}: {status.model}",
        f"process {status.pid}, mellum-ls {status.version}, up {status.uptime_s:.0f} s",
        f"{status.clients} clients, {status.active} active and {status.queued} waiting requests",
        f"ends by itself after {status.idle_seconds:.0f} s without clients",
    ]
    lines += [f"error: {status.error}"] if status.error else []
    lines += [f"{name}: {value}" for name, value in status.engine.items()]
    return "\n".join(lines)
