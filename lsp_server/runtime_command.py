"""`mellum-ls runtime start|stop|status`: the resident model process from a terminal, in words or as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from mellum_ls.runtime.client import launch
from mellum_ls.runtime.client.messages import RuntimeStatus
from mellum_ls.runtime.environment import read_environment
from mellum_ls.runtime.errors import MellumError


def run(action: str, model: str | None, format: str | None = None, *, as_json: bool, out: Callable[[str], None]) -> int:
    """Do `action`; 0, or 1 when it failed or, for status, when no process runs."""
    try:
        options = launch.RuntimeOptions.of(read_environment(), model, format)
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
    out(json.dumps({**asdict(status), "engine": dict(status.engine)}) if as_json else in_words(status))
    return 0


def in_words(status: RuntimeStatus) -> str:
    """What a person wants to know of a running process; several lines."""
    waiting = ", ".join(f"{number} {priority}" for priority, number in status.queued.items() if number)
    resident = f", {status.rss_mb:.0f} MB resident" if status.rss_mb else ""
    lines = [
        f"{status.state}: {status.model}",
        *([f"error: {status.error}"] if status.error else []),
        f"process {status.pid}, mellum-ls {status.version}, up {status.uptime_s:.0f} s{resident}",
        *_model_and_cache(status.engine),
        f"now: clients {status.clients}, completions under way {status.active}, waiting {waiting or 'none'}",
        f"so far: {status.completed} completed, {status.cancelled} cancelled, {status.superseded} superseded, "
        f"{status.failed} failed; {status.preempted} times one was put aside for a more urgent one",
        f"frees its cache after {status.cache_idle_seconds:.0f} s without completions, "
        f"ends after {status.idle_seconds:.0f} s without clients",
    ]
    return "\n".join(lines)


def _model_and_cache(engine: Mapping[str, Any]) -> list[str]:
    """What the engine's table says, as far as it is there: it is empty until the model is loaded."""
    lines = []
    if {"parameters", "dtype", "device"} <= engine.keys():
        kept = f", kept as {engine['format']}" if engine.get("format", "float") != "float" else ""
        place = f"in {engine['dtype']} on {engine['device']}{kept}"
        lines.append(f"{engine['parameters'] / 1e6:,.1f} million parameters {place}")
    if {"sessions", "kv_bytes", "kv_bytes_most", "computed_tokens", "reused_tokens"} <= engine.keys():
        held = f"{engine['kv_bytes'] / 1e6:,.1f} of at most {engine['kv_bytes_most'] / 1e6:,.0f} MB"
        num_tokens = engine["computed_tokens"] + engine["reused_tokens"]
        share = (
            f", {engine['reused_tokens'] / num_tokens:.1%} of {num_tokens:,} prompt tokens reused" if num_tokens else ""
        )
        lines.append(f"cache: sessions {engine['sessions']}, {held}{share}")
    return lines
