"""The figures of one replay: as JSON, whose keys are a contract, and as text for people. Measures nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mellum_ls.lsp_server.keystrokes.tally import Tally, equality
from mellum_ls.lsp_server.keystrokes.utf16_text import Utf16Text
from mellum_ls.runtime.bench.measure import Spread, figure, percentile
from mellum_ls.runtime.bench.report import HEADER, machine_line, or_dash, page, spread_row

Json = dict[str, Any]
_MARKS = 16  # more than the special tokens of a prompt around context, path, suffix and prefix
_DEAREST = 10


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What was played, and on what.

    `pinned_chars` are those of the files that the model saw all the time, `context_chars` the most that the server
    chose of the others.
    """

    version: str
    model: str
    machine: Mapping[str, Any]
    threads: int
    threads_for_many: int
    script: str
    overtake: bool
    read_within: float | None
    pinned_files: int
    pinned_chars: int
    context_chars: int
    load_seconds: float
    seconds: float


def figures(tally: Tally, about: Circumstances) -> Json:
    """All of it as JSON types; what was not told, or never happened, is null.

    Tokens and `reuse` are of the calls of the model that ran to their end, whichever request they were for; times of
    these as the model process measured them, `answer_ms` as the editor did, from the request to the answer. What was
    read ahead before anybody asked is no request's: `reuse_less_warm_ups` counts it as if it were. `per_request` counts
    the requests that were answered without the model, too, for which nothing was computed.
    """
    calls = [call for call in tally.calls if call.finished]
    prompts, computed = [call.prompt_tokens for call in calls], [call.computed_tokens for call in calls]
    first = [call.first_token_ms for call in calls if call.generated_tokens]
    total = [call.total_ms for call in calls]
    answers = [one.seconds * 1000 for one in tally.asked if one.seconds is not None and not one.overtaken]
    warmed, equal, server = tally.engine("warmed_tokens"), equality(tally.asked), tally.status
    spreads: dict[str, Sequence[float]] = {
        "prompt_tokens": prompts,
        "computed_tokens": computed,
        "generated_tokens": [call.generated_tokens for call in calls],
        "first_token_ms": first,
        "total_ms": total,
        "answer_ms": answers,
    }
    return {
        "benchmark": "keystrokes",
        "mellum_ls": about.version,
        "model": about.model,
        **{name: _engine(server).get(name) for name in ("parameters", "device", "dtype")},
        **{name: getattr(about, name) for name in ("threads", "threads_for_many")},
        "machine": dict(about.machine),
        "script": about.script,
        "overtake": about.overtake,
        "read_within_seconds": about.read_within,
        **{name: getattr(about, name) for name in ("pinned_files", "pinned_chars", "context_chars")},
        "context_tokens_at_least": _context_tokens(tally),
        "load_seconds": figure(about.load_seconds),
        "seconds": figure(about.seconds),
        "requests": len(tally.asked),
        "shown": sum(bool(one.text) for one in tally.asked),
        "answered_from_cache": sum(one.watched and bool(one.text) and one.call is None for one in tally.asked),
        "model_calls": len(tally.calls),
        "prompt_tokens_mean": figure(sum(prompts) / len(prompts)) if prompts else None,
        "computed_tokens_median": percentile(computed, 50),
        "computed_tokens_p95": _rounded(percentile(computed, 95)),
        "per_request": _per_request(tally),
        "reuse": _reuse(sum(computed), sum(prompts)),
        "reuse_less_warm_ups": None if warmed is None else _reuse(sum(computed) + warmed, sum(prompts)),
        "first_token_ms": _latency(first),
        "total_ms": _latency(total),
        "answer_ms": _latency(answers),
        "cancelled": sum(one.overtaken for one in tally.asked),
        "errors": tally.errors,
        "rss_mb": _rounded(tally.rss_mb),
        "moves": tally.moves,
        "warm_ups": tally.engine("warm_ups"),
        "warmed_tokens": warmed,
        **{f"equal_{name}": count for name, count in asdict(equal).items()},
        "server": {name: server[name] for name in ("requests", "answered", "empty", "superseded") if name in server},
        "dearest": _dearest(tally),
        "spread": {name: Spread.of(values).figures() if values else None for name, values in spreads.items()},
    }


def _per_request(tally: Tally) -> Json:
    computed = [one.call.computed_tokens if one.call else 0 for one in tally.asked if one.watched]
    return {
        "requests": len(computed),
        "computed_tokens_median": percentile(computed, 50),
        "computed_tokens_p95": _rounded(percentile(computed, 95)),
        "more_than_64": sum(count > 64 for count in computed),
    }


def table(found: Json) -> str:
    """The figures as lines for a terminal."""
    parameters = "" if found["parameters"] is None else f", {found['parameters']:,} parameters"
    facts = {
        "model": f"{found['model']}{parameters}, {or_dash(found['dtype'])} on {or_dash(found['device'])}",
        "machine": machine_line(found["machine"], found["threads"], found["threads_for_many"]),
        "typed": f"{found['script']}, {found['seconds']:g} s"
        + (", answers overtaken in the flow of typing" if found["overtake"] else "")
        + _patience(found["read_within_seconds"]),
        "pinned": f"{found['pinned_files']} files, {found['pinned_chars']} characters, "
        f"{found['context_tokens_at_least']} tokens or more; chosen by the server at most {found['context_chars']} "
        "characters",
        "requests": f"{found['requests']}, {found['shown']} brought a suggestion, {found['answered_from_cache']} of "
        f"those without the model, {found['cancelled']} overtaken, {found['errors']} errors",
        "model calls": f"{found['model_calls']}, {or_dash(found['prompt_tokens_mean'])} prompt tokens each on average",
        "reuse": f"{_percent(found['reuse'])} of all prompt tokens, {_percent(found['reuse_less_warm_ups'])} "
        f"less those read ahead; "
        f"computed p50 {or_dash(found['computed_tokens_median'])}, p95 {or_dash(found['computed_tokens_p95'])}",
        "every request": _every(found["per_request"]),
        "first token": _p95(found["first_token_ms"]),
        "whole": f"{_p95(found['total_ms'])}; as the editor sees it {_p95(found['answer_ms'])}",
        "read ahead": f"{or_dash(found['warm_ups'])} times, {or_dash(found['warmed_tokens'])} tokens, after "
        f"{found['moves']} carets that rested",
        "equal states": f"{found['equal_states']} met again, {found['equal_prompts']} with as many prompt tokens "
        f"({found['equal_kept']} with at most one computed, {found['equal_answers']} with the same answer)",
        "memory": f"{or_dash(found['rss_mb'])} MB of the model process at most",
    }
    rows: list[tuple[str, ...]] = [HEADER]
    rows += [spread_row(_LABELS[name], spread) for name, spread in found["spread"].items() if spread is not None]
    return page("mellum-ls bench keystrokes", facts, rows)


def _every(figures: Json) -> str:
    return (
        f"computed p50 {or_dash(figures['computed_tokens_median'])}, p95 {or_dash(figures['computed_tokens_p95'])}, "
        f"more than 64 in {figures['more_than_64']} of {figures['requests']} that were waited for"
    )


def _patience(seconds: float | None) -> str:
    return "" if seconds is None else f", as if a place were read {seconds:g} s after the caret came to rest there"


_LABELS = {
    "prompt_tokens": "prompt tokens",
    "computed_tokens": "computed tokens",
    "generated_tokens": "generated tokens",
    "first_token_ms": "first token ms",
    "total_ms": "whole answer ms",
    "answer_ms": "editor's wait ms",
}


def _context_tokens(tally: Tally) -> int:
    """Tokens of a prompt that are neither the document, since a token is a byte of it or more, nor path and marks.

    Small documents show it best, hence the most that any request shows: what is pinned is the same for all.
    """
    found = [0]
    for one in tally.asked:
        if one.call is not None:
            path, text, _ = one.state
            around = len(text.encode("utf-8", "replace")) + len(path.encode("utf-8", "replace")) + _MARKS
            found.append(one.call.prompt_tokens - around)
    return max(found)


def _engine(status: Mapping[str, Any]) -> Mapping[str, Any]:
    engine: Mapping[str, Any] = (status.get("runtime") or {}).get("engine") or {}
    return engine


def _latency(milliseconds: Sequence[float]) -> Json:
    return {f"p{percent}": _rounded(percentile(milliseconds, percent)) for percent in (50, 95)}


def _dearest(tally: Tally) -> list[Json]:
    """The watched requests that had the most tokens computed, the dearest first; requests count from 1."""
    watched = [(number, one.state, one.call) for number, one in enumerate(tally.asked, 1) if one.call is not None]
    watched.sort(key=lambda entry: -entry[2].computed_tokens)
    return [
        {
            "request": number,
            "file": path,
            "line": Utf16Text(text).place(caret)["line"] + 1,
            "computed_tokens": call.computed_tokens,
            "prompt_tokens": call.prompt_tokens,
            "total_ms": _rounded(call.total_ms),
        }
        for number, (path, text, caret), call in watched[:_DEAREST]
    ]


def _reuse(computed: int, prompt: int) -> float | None:
    return round(1 - computed / prompt, 4) if prompt else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _p95(latency: Mapping[str, float | None]) -> str:
    return f"p50 {or_dash(latency['p50'])} ms, p95 {or_dash(latency['p95'])} ms"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.2%}"
