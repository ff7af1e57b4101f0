"""What computes and what is computed: torch and its devices, and whether the model folder can be served with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mellum_ls.lsp_server.doctor.checks import Check, size
from mellum_ls.lsp_server.doctor.examination import Examination, Facts
from mellum_ls.runtime.bench.machine import memory_bytes

# What a model process takes beside weights and cache, torch and its libraries: about that of the embedded model.
OVERHEAD = 0.4e9

_INSTALL = "install mellum-ls again with its dependencies"
# What to do where the message does not say it.
_REMEDIES = {
    "torch": _INSTALL,
    "devices": "check the driver of the GPU, or hide it with CUDA_VISIBLE_DEVICES=",
    "folder": "name a folder with --model or MELLUM_MODEL, or none for the embedded model",
}


def checks(found: Examination, available: int | None = None) -> list[Check]:
    """The group. `available` bytes of main memory can be had; None asks the system."""
    listed = []
    for part, say in _SAYINGS.items():
        facts = found.parts.get(part)
        if facts is not None and "needs" not in facts:
            listed.append(_error(part, facts) if "error" in facts else say(facts))
    if found.end:
        reached = [part for part in _SAYINGS if part in found.parts]
        after = f" after {reached[-1]}" if reached else ""
        words = f": {found.last_words}" if found.last_words else ""
        listed.append(Check("examination", "failure", f"the process that looks {found.end}{after}{words}", _INSTALL))
    if (fit := _fit(found.parts, memory_bytes()[1] if available is None else available)) is not None:
        listed.append(fit)
    return listed


def _error(part: str, facts: Facts) -> Check:
    if part == "triton":  # there are no kernels of its kind yet, and none for a machine without a GPU
        return Check(part, "note", "is not installed: no GPU kernels of our own can be compiled")
    return Check(part, "failure", f"{facts['kind']}: {facts['error']}", _REMEDIES.get(part, ""))


def _torch(facts: Facts) -> Check:
    return Check("torch", "ok", f"{facts['version']}, computing threads: {facts['threads']}")


def _devices(facts: Facts) -> Check:
    gpus = tuple(
        f"{gpu['name']}, capability {gpu['capability']}, {size(gpu['free'])} of {size(gpu['total'])} free"
        for gpu in facts["gpus"]
    )
    where = "the GPU" if facts["place"] == "cuda" else "the processor"
    says = f"the model is computed on {where} in {facts['dtype']}"
    if gpus:
        return Check("devices", "ok", says, "", gpus)
    if facts["built_for"]:
        remedy = "if this machine has one, check its driver"
        return Check("devices", "note", f"{says}: torch is built for GPUs ({facts['built_for']}) and sees none", remedy)
    return Check("devices", "ok", f"{says}: torch is built for processors only")


def _compiled(facts: Facts) -> Check:
    if facts["obstacle"] is None:
        return Check("compiled layers", "ok", "serve models that are computed on the processor")
    says = "a model on the processor is computed by torch's own operations, which takes two to three times as long"
    return Check("compiled layers", "note", f"{says}; there are compiled ones, but {facts['obstacle']}")


def _triton(facts: Facts) -> Check:
    return Check("triton", "ok", facts["version"])


def _folder(facts: Facts) -> Check:
    what = "the embedded model" if facts["embedded"] else "the model"
    return Check("folder", "ok", f"{what} in {facts['directory']}, {size(facts['bytes'])} on disk")


def _config(facts: Facts) -> Check:
    experts = f"{facts['experts_used']} of {facts['experts']} experts" if facts["experts"] else "no experts"
    return Check(
        "config", "ok", f"layers {facts['layers']}, {experts} for each token, positions {facts['positions']:,}"
    )


def _tokenizer(facts: Facts) -> Check:
    says = f"{facts['ids']:,} tokens"
    if facts["obstacle"]:
        return Check("tokenizer", "warning", f"{says}; whole texts are encoded at every key: {facts['obstacle']}")
    return Check("tokenizer", "ok", says)


def _profile(facts: Facts) -> Check:
    chat = "and has" if facts["chat"] else "and lacks"
    if facts["fim_order"] is None:
        says = "has no fill-in-the-middle tokens and cannot complete at a cursor"
        return Check("abilities", "failure", says, "choose a checkpoint that was trained to fill in the middle")
    first = {"spm": "suffix first", "psm": "prefix first"}.get(facts["fim_order"], facts["fim_order"])
    return Check("abilities", "ok", f"fills in the middle ({first}), {chat} the tokens of a conversation")


def _weights(facts: Facts) -> Check:
    says = f"{facts['tensors']:,} tensors in whole files, stored as {', '.join(facts['stored_as'])}"
    if "parameters" in facts:
        mtp = "with" if facts["mtp"] else "without"
        says += f": {facts['parameters'] / 1e6:,.1f} million parameters, {mtp} the layer that predicts several tokens"
    return Check("weights", "ok", says)


def _memory(facts: Facts) -> Check:
    says = f"weights take {size(facts['weights'])}, keys and values up to {size(facts['cache'])}"
    format = f"; format {facts['format']}" if "format" in facts else ""
    return Check("model memory", "ok", f"{says}; prompts of up to {facts['positions']:,} tokens fit{format}")


def _fit(parts: Mapping[str, Facts], available: int | None) -> Check | None:
    """Whether the weights fit where they would be computed; None where that is not known."""
    needed, place = parts.get("memory", {}).get("weights"), parts.get("devices", {})
    if needed is None or "place" not in place:
        return None
    if place["place"] == "cuda":
        free, where, spare = place["gpus"][0]["free"], "the first GPU", "hide the GPU with CUDA_VISIBLE_DEVICES="
    else:
        free, where, spare = available, "main memory", "close programs"
        needed += OVERHEAD
    if free is None:
        return None
    says = f"a model process needs {size(needed)} besides its cache, {where} has {size(free)} to give"
    if needed > free:
        remedy = f"{spare}, or choose a smaller model; a process that runs already has its part"
        return Check("room", "warning", says, remedy)
    return Check("room", "ok", says)


_SAYINGS: Mapping[str, Callable[[Facts], Check]] = {
    "torch": _torch,
    "devices": _devices,
    "compiled": _compiled,
    "triton": _triton,
    "folder": _folder,
    "config": _config,
    "tokenizer": _tokenizer,
    "profile": _profile,
    "weights": _weights,
    "memory": _memory,
}
