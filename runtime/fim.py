"""The prompt of a completion: texts in, ids out, in the fill-in-the-middle layout the model was trained on.

Decides the layout and what is dropped when it is too long; does not choose the context nor read any file.
"""

from collections.abc import Callable
from dataclasses import dataclass

from mellum_ls.runtime.errors import RequestError
from mellum_ls.runtime.profile import FimOrder, FimTokens

Encode = Callable[[str], list[int]]

# The suffix may take this share of a full prompt; the text before the cursor matters more.
SUFFIX_SHARE = 4
# The three sentinels.
NUM_SENTINELS = 3


@dataclass(frozen=True, slots=True)
class ContextFile:
    """Another file of the repository, or a part of one."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What surrounds the cursor."""

    prefix: str
    """Text before the cursor in the current file."""
    suffix: str
    """Text after it."""
    path: str = ""
    """Repository-relative path of the current file; empty if unknown, and then its header is left out."""
    context: tuple[ContextFile, ...] = ()
    """Other files, the most stable first."""
    repository: str = ""
    """Name of the repository; empty if unknown."""


def prompt_ids(prompt: Prompt, tokens: FimTokens, encode: Encode, *, order: FimOrder, limit: int) -> list[int]:
    """Return the prompt's ids, at most `limit` of them.

    Layout, suffix first ("spm"): `<reponame>{name}\\n`, for each context file `<filename>{path}\\n{text}\\n`, then
    `<filename>{path}\\n<fim_suffix>{suffix}<fim_prefix>{prefix}<fim_middle>`; prefix first ("psm") ends in
    `<fim_prefix>{prefix}<fim_suffix>{suffix}<fim_middle>`. Texts are encoded one by one, so each keeps its ids
    whatever stands next to it. When too long, context files go first, the last one first, then a path that would
    take more than a quarter, then the head of the prefix and the tail of the suffix. RequestError if the limit
    leaves no room at all.
    """
    if limit <= NUM_SENTINELS:
        raise RequestError(f"there is room for {limit} prompt tokens, wanted more than {NUM_SENTINELS}")
    budget = limit - NUM_SENTINELS
    prefix, suffix = encode(prompt.prefix), encode(prompt.suffix)
    head = _named(tokens.filename, prompt.path, encode)
    if len(head) + len(prefix) + len(suffix) > budget and len(head) > budget // 4:
        head = []
    prefix, suffix = _fit(prefix, suffix, budget - len(head))
    room = budget - len(head) - len(prefix) - len(suffix)
    ids = [*_context_ids(prompt, tokens, encode, room), *head]
    if order == "spm":
        return [*ids, tokens.suffix, *suffix, tokens.prefix, *prefix, tokens.middle]
    return [*ids, tokens.prefix, *prefix, tokens.suffix, *suffix, tokens.middle]


def _named(sentinel: int | None, name: str, encode: Encode) -> list[int]:
    """The header of a named thing; empty if the name or the sentinel is unknown."""
    return [] if sentinel is None or not name else [sentinel, *encode(name + "\n")]


def _fit(prefix: list[int], suffix: list[int], budget: int) -> tuple[list[int], list[int]]:
    """Cut the head of the prefix and the tail of the suffix until both fit."""
    kept_suffix = min(len(suffix), max(budget // SUFFIX_SHARE, budget - len(prefix)))
    kept_prefix = min(len(prefix), budget - kept_suffix)
    return prefix[len(prefix) - kept_prefix :], suffix[:kept_suffix]


def _context_ids(prompt: Prompt, tokens: FimTokens, encode: Encode, room: int) -> list[int]:
    """The repository's name and as many whole context files, in order, as fit."""
    ids = _named(tokens.reponame, prompt.repository, encode)
    if len(ids) > room:
        return []
    for file in prompt.context if tokens.filename is not None else ():
        piece = _named(tokens.filename, file.path, encode) + encode(file.text + "\n")
        if len(ids) + len(piece) > room:
            break
        ids += piece
    return ids
