"""The facts of an inspection as lines for people. Knows their keys, not how they are found out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Facts = Mapping[str, Any]


def in_words(found: Facts) -> str:
    """All parts, each under its name."""
    lines = [str(found.get("folder") or found["file"])]
    for part, say in _SAYINGS.items():
        facts = found.get(part)
        if facts is None:
            continue
        lines += ["", part]
        if "needs" in facts:
            lines.append(f"  not looked at: {facts['needs']} cannot be used")
            continue
        if set(facts) != {"error"}:
            lines += [f"  {line}" for line in say(facts)]
        if "error" in facts:
            lines += [f"  wrong: {line}" for line in facts["error"].splitlines()]
    return "\n".join(lines)


def _config(facts: Facts) -> Iterator[str]:
    yield (
        f"{facts['layers']} layers, {facts['full_attention_layers']} with full attention, the others with a window "
        f"of {facts['sliding_window']}; hidden size {facts['hidden_size']}"
    )
    yield f"{facts['heads']} heads of {facts['head_dim']}, {facts['key_value_heads']} for keys and values"
    if facts["experts"]:
        yield f"{facts['experts_used']} of {facts['experts']} experts for each token"
    yarn = f"YaRN by {facts['yarn_factor']:g}" if facts["yarn_factor"] else "no YaRN"
    yield f"context {facts['context']:,} tokens, {yarn}; vocabulary {facts['vocabulary']:,}"
    yield f"layers that predict several tokens: {facts['mtp_layers']}"


def _tensors(facts: Facts) -> Iterator[str]:
    whole = facts["total"]
    for kind, tally in [*facts["kinds"].items(), ("all", whole)]:
        dtypes = ", ".join(sorted(tally["dtypes"]))
        yield (
            f"{kind:<10}{tally['tensors']:>7,} tensors {tally['parameters'] / 1e6:>11,.2f} million"
            f" {tally['bytes'] / 1e6:>11,.2f} MB  {dtypes}"
        )
    mtp = {True: "with", False: "without"}.get(facts.get("mtp", "?"))
    yield f"in {facts['files']} files" + (f", {mtp} tensors of an MTP layer" if mtp else "")


def _tokenizer(facts: Facts) -> Iterator[str]:
    yield f"{facts['ids']:,} ids for {facts['rows']:,} rows of the weights, {facts['added_tokens']} added tokens"
    yield ", ".join(f"{number} {text}" for text, number in facts["special_ids"].items())
    agrees = "and is the one that config.json names" if facts["stated"] else "which config.json does not state"
    yield f"sha256 {facts['sha256'][:16]}…, {agrees}"
    if facts["obstacle"]:
        yield f"whole texts are encoded at every key: {facts['obstacle']}"


def _template(facts: Facts) -> Iterator[str]:
    if not facts["present"]:
        yield f"no conversations: {facts['why']}"
        return
    switch = "a switch for them" if facts["thinking_switch"] else "no switch for them"
    thoughts = f"tokens for thoughts, {switch}" if facts["thinking"] else "no tokens for thoughts"
    yield f"conversations by {facts['from']}; {thoughts}"


def _profile(facts: Facts) -> Iterator[str]:
    width = max(map(len, facts))
    for key, value in facts.items():
        if key != "error":
            yield f"{key:<{width}}  {_value(value['value'])}  ({value['from']})"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {number}" for name, number in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return {True: "yes", False: "no", None: "none"}.get(value, str(value)) if type(value) is not int else f"{value:,}"


def _formats(facts: Facts) -> Iterator[str]:
    yield ", ".join(f"{name} {count / 1e9:.2f} GB" for name, count in facts["bytes"].items())
    fits = facts["fits"]
    yield f"fits here as {fits['format']}: {fits['why']}" if fits["format"] else f"does not fit here: {fits['why']}"


_SAYINGS: Mapping[str, Callable[[Facts], Iterator[str]]] = {
    "config": _config,
    "tensors": _tensors,
    "tokenizer": _tokenizer,
    "template": _template,
    "profile": _profile,
    "formats": _formats,
}
