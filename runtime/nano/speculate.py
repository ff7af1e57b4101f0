"""Drafts with the MTP layer, verifies with the model, and counts how often drafts hold.

A plain loop for measuring; the runtime's own drafting decides when drafting pays, this one always drafts two.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mellum_ls.runtime.cache.kv_cache import KVCache
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.mtp import MtpHead


@dataclass(frozen=True, slots=True)
class Drafting:
    """One prompt's output with drafts; second drafts are counted only where the first one held."""

    ids: tuple[int, ...]
    steps: int
    first_held: int
    second_held: int


@torch.inference_mode()
def draft_and_verify(engine: Engine, head: MtpHead, prompt: Sequence[int], max_tokens: int) -> Drafting:
    """Greedy ids after the prompt (a stop id ends them, and is the last), two drafts verified in each pass.

    The second draft is recursed: the layer's own output stands in for the model's hidden state.
    """
    stops = engine.profile.stop_ids
    cache, drafts = engine.model.new_cache(), head.new_cache()
    ids = torch.tensor(prompt, dtype=torch.int64, device=engine.model.device)
    hidden = engine.model.forward(ids, cache)  # [T, H]
    if len(prompt) > 1:
        head.forward(hidden[:-1], ids[1:], drafts)
    last, token = hidden[-1:], int(engine.model.logits(hidden[-1:]).argmax())
    output = [token]
    steps = first_held = second_held = 0
    while len(output) < max_tokens and output[-1] not in stops:
        steps += 1
        guesses = _draft(engine, head, last, token, drafts)
        tried = ids.new_tensor([token, *guesses])
        hidden = engine.model.forward(tried, cache)  # [3, H]
        truth = engine.model.logits(hidden).argmax(-1).tolist()
        held = 0 if truth[0] != guesses[0] else 1 if truth[1] != guesses[1] else 2
        first_held, second_held = first_held + (held > 0), second_held + (held > 1)
        output.extend(truth[: held + 1])
        cache.truncate(cache.length - 2 + held)
        if held:  # the drafting layer sees the model's own hidden states of what was kept
            head.forward(hidden[:held], tried[1 : held + 1], drafts)
        last, token = hidden[held : held + 1], truth[held]
    ended = next((i for i, value in enumerate(output) if value in stops), len(output) - 1)
    return Drafting(tuple(output[: min(ended + 1, max_tokens)]), steps, first_held, second_held)


def _draft(engine: Engine, head: MtpHead, hidden: Tensor, token: int, cache: KVCache) -> list[int]:
    """Two guesses after `token`; `hidden` [1, H] is of its predecessor. Only its entry stays cached."""
    guesses: list[int] = []
    for _ in range(2):
        hidden = head.forward(hidden, torch.tensor([token], device=hidden.device), cache)  # [1, H]
        token = int(engine.model.logits(hidden).argmax())
        guesses.append(token)
    cache.truncate(cache.length - 1)
    return guesses
