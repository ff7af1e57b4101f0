"""What the demo measured: counts, latencies as the client saw them, the model's own counters; table and JSON.

The JSON's keys are a contract. Knows neither server nor screen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich import box
from rich.table import Table

from mellum_ls.lsp_server.demo.typist import Verdict
from mellum_ls.runtime.bench.measure import percentile

Json = dict[str, Any]
COUNTERS = ("computed_tokens", "reused_tokens", "generated_tokens")


@dataclass(frozen=True, slots=True)
class Shown:
    """One suggestion that was on the screen. Times in seconds from the request; lines count from 1."""

    file: str
    line: int
    suggestion: str
    truth: str
    """What the typist was about to type there."""
    accepted: Verdict
    accepted_text: str
    first_s: float
    total_s: float | None
    """None when the typist went on before it was whole."""


@dataclass(slots=True)
class Tally:
    """Counts of one performance. Every request is shown, empty (answered with nothing) or cancelled."""

    edits: int = 0
    requests: int = 0
    empty: int = 0
    cancelled: int = 0
    typed_chars: int = 0
    shown: list[Shown] = field(default_factory=list)

    def accepted(self, verdict: Verdict) -> int:
        """How many suggestions went that way."""
        return sum(shown.accepted == verdict for shown in self.shown)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the figures were measured on. `before` and `after` are two answers to mellum/status."""

    version: str
    model: str
    repository: str
    mode: str
    seconds: float
    load_seconds: float
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def figures(tally: Tally, about: Circumstances) -> Json:
    """All of it as JSON; what the server does not tell is null."""
    engine = _engine(about.after)
    used = {name: _difference(name, about) for name in COUNTERS}
    computed, reused = used["computed_tokens"], used["reused_tokens"]
    return {
        "mellum_ls": about.version,
        "model": about.model,
        "device": engine.get("device"),
        "dtype": engine.get("dtype"),
        "parameters": engine.get("parameters"),
        "repository": about.repository,
        "mode": about.mode,
        "seconds": round(about.seconds, 2),
        "load_seconds": round(about.load_seconds, 2),
        "edits": tally.edits,
        "requests": tally.requests,
        "shown": len(tally.shown),
        "empty": tally.empty,
        "cancelled": tally.cancelled,
        "accepted": {name: tally.accepted(name) for name in ("whole", "partly", "none")},
        "first_token_ms": _latency([shown.first_s for shown in tally.shown]),
        "total_ms": _latency([shown.total_s for shown in tally.shown if shown.total_s is not None]),
        "typed_chars": tally.typed_chars,
        "suggested_chars": sum(len(shown.suggestion) for shown in tally.shown),
        "accepted_chars": sum(len(shown.accepted_text) for shown in tally.shown),
        "prompt_tokens": None if computed is None or reused is None else computed + reused,
        **used,
        "suggestions": [_suggestion(shown) for shown in tally.shown],
    }


def table(found: Json) -> Table:
    """The figures as a table for people."""
    accepted, silent = found["accepted"], found["empty"]
    rows = {
        "model": f"{found['model']}, {_or_dash(found['dtype'])} on {_or_dash(found['device'])}",
        "typed in": f"{found['repository']}, {found['edits']} edits in {found['seconds']:.1f} s",
        "requests": f"{found['requests']} ({silent} without an answer, {found['cancelled']} cancelled)",
        "suggestions shown": str(found["shown"]),
        "accepted": f"{accepted['whole']} whole, {accepted['partly']} in part, {accepted['none']} not",
        "first text": _range(found["first_token_ms"]),
        "whole suggestion": _range(found["total_ms"]),
        "characters": f"{found['suggested_chars']} suggested, {found['accepted_chars']} accepted, "
        f"{found['typed_chars']} typed",
        "prompt tokens": f"{_or_dash(found['prompt_tokens'])}, {_or_dash(found['computed_tokens'])} of them "
        "computed, the others reused",
        "tokens written": _or_dash(found["generated_tokens"]),
    }
    drawn = Table(title="What happened", box=box.SIMPLE, show_header=False)
    drawn.add_column(style="bold", no_wrap=True)
    drawn.add_column()
    for name, value in rows.items():
        drawn.add_row(name, value)
    return drawn


def _suggestion(shown: Shown) -> Json:
    return {
        "file": shown.file,
        "line": shown.line,
        "suggestion": shown.suggestion,
        "truth": shown.truth,
        "accepted": shown.accepted,
        "accepted_text": shown.accepted_text,
        "first_token_ms": _ms(shown.first_s),
        "total_ms": _ms(shown.total_s),
    }


def _engine(status: Mapping[str, Any]) -> Mapping[str, Any]:
    engine: Mapping[str, Any] = (status.get("runtime") or {}).get("engine") or {}
    return engine


def _difference(name: str, about: Circumstances) -> int | None:
    before, after = (_engine(status).get(name) for status in (about.before, about.after))
    return after - before if isinstance(before, int) and isinstance(after, int) else None


def _latency(seconds: Sequence[float]) -> Json:
    return {f"p{percent}": _ms(percentile(seconds, percent)) for percent in (50, 95)}


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)


def _range(latency: Json) -> str:
    return f"p50 {_or_dash(latency['p50'])} ms, p95 {_or_dash(latency['p95'])} ms"


def _or_dash(value: object) -> str:
    return "-" if value is None else str(value)
