"""The prompt of a completion: texts in, ids out, in the fill-in-the-middle layout the model was trained on.

Decides the layout and what is dropped when it is too long, both so that typing leaves the beginning of the prompt as
it was; does not choose the context nor read any file.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from mellum_ls.runtime.errors import RequestError
from mellum_ls.runtime.profile import FimOrder, FimTokens

Encode = Callable[[str], list[int]]

# The suffix may take this share of a full prompt; the text before the cursor matters more.
SUFFIX_SHARE = 4
# The three sentinels.
NUM_SENTINELS = 3
# A prompt over the limit is cut at multiples of this share of it: a cut that moved with every key would leave nothing
# of the cache to use.
CUT_SHARE = 16
# Where typing is appended, the text since the last of every so many lines goes behind the suffix.
APPENDED_LINES = 16


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


class ContextIds:
    """The ids of a prompt's context files, put together anew only when these, or the room for them, are others.

    They are most of a long prompt, and the same from key to key: who sees the same list again knows that its ids are
    the same without looking at them. It must not be changed.
    """

    def __init__(self) -> None:
        self._of: tuple[object, ...] = ()
        self._ids: list[int] = []

    def of(self, prompt: "Prompt", tokens: FimTokens, encode: Encode, room: int) -> list[int]:
        """The repository's name and as many whole context files, in order, as fit into `room`."""
        wanted = (prompt.repository, prompt.context, tokens, room)
        if wanted != self._of:
            self._of, self._ids = wanted, _context_ids(prompt, tokens, encode, room)
        return self._ids


@dataclass(frozen=True, slots=True)
class Encoders:
    """How each kind of text becomes ids; all give the same ids, and may remember what they did last."""

    prefix: Encode
    suffix: Encode
    appended: Encode
    other: Encode
    """For names and context files, which come again unchanged."""
    context: ContextIds = field(default_factory=ContextIds)

    @classmethod
    def plain(cls, encode: Encode) -> "Encoders":
        """One for all."""
        return cls(encode, encode, encode, encode)


@dataclass(frozen=True, slots=True)
class Layout:
    """The ids of a prompt, and the positions in it that prompts with other cursors are likely to share."""

    ids: list[int]
    anchors: tuple[int, ...]
    context: list[int]
    """What `ids` begins with: the same list as last time where the context is the same; see ContextIds."""


def lay_out(prompt: Prompt, tokens: FimTokens, encoders: Encoders, *, order: FimOrder, limit: int) -> Layout:
    """Return the prompt's ids, at most `limit` of them.

    Suffix first ("spm"): `<reponame>{name}\\n`, for each context file `<filename>{path}\\n{text}\\n`, then
    `<filename>{path}\\n<fim_suffix>{suffix}<fim_prefix>{prefix}<fim_middle>`: typing only appends.

    Prefix first ("psm") ends in `<fim_prefix>{prefix}<fim_suffix>{suffix}<fim_middle>`: each key moves the suffix.
    Prefix first with typing appended ("efim") ends in `<fim_prefix>{prefix}<fim_suffix>{suffix}<fim_middle>{appended}`:
    the prefix ends at the start of a line whose number is a multiple of APPENDED_LINES, and what comes after that is
    given to the model as the beginning of its own middle (Guo et al. 2025, "EFIM", arXiv 2505.21889).

    Texts are encoded one by one, so each keeps its ids whatever stands next to it. When too long, context files go
    first, the last one first, then a path that would take more than a quarter, then the head of the prefix and the
    tail of the suffix. RequestError if the limit leaves no room at all.
    """
    if limit <= NUM_SENTINELS:
        raise RequestError(f"there is room for {limit} prompt tokens, wanted more than {NUM_SENTINELS}")
    budget = limit - NUM_SENTINELS
    step = max(1, budget // CUT_SHARE)
    before = anchor_of(prompt.prefix) if order == "efim" else len(prompt.prefix)
    prefix, appended = encoders.prefix(prompt.prefix[:before]), encoders.appended(prompt.prefix[before:])
    suffix = encoders.suffix(prompt.suffix)
    head = _named(tokens.filename, prompt.path, encoders.other)
    if len(head) + len(prefix) + len(appended) + len(suffix) > budget and len(head) > budget // 4:
        head = []
    cut, kept_suffix = _fit(len(prefix) + len(appended), len(suffix), budget - len(head), step)
    prefix, appended, suffix = prefix[cut:], appended[max(0, cut - len(prefix)) :], suffix[:kept_suffix]
    room = budget - _up(len(head) + len(prefix) + len(appended) + len(suffix), step)
    context = encoders.context.of(prompt, tokens, encoders.other, room)
    # One copy that grows: a prompt may have a hundred thousand ids.
    ids = context.copy()
    ids += head
    own = len(ids) + 1
    if order == "spm":
        ids += (tokens.suffix, *suffix, tokens.prefix)
        shared = len(ids)
        ids += prefix
        ids.append(tokens.middle)
        return Layout(ids, (own, shared), context)
    ids += (tokens.prefix, *prefix, tokens.suffix)
    shared = len(ids)
    ids += suffix
    ids.append(tokens.middle)
    anchors = own, shared, len(ids)
    ids += appended
    return Layout(ids, anchors, context)


def prompt_ids(prompt: Prompt, tokens: FimTokens, encode: Encode, *, order: FimOrder, limit: int) -> list[int]:
    """The ids alone, every text encoded by `encode`."""
    return lay_out(prompt, tokens, Encoders.plain(encode), order=order, limit=limit).ids


def anchor_of(prefix: str) -> int:
    """Where the last line starts whose number is a multiple of APPENDED_LINES, counted from 0."""
    anchor = len(prefix)
    for _ in range(prefix.count("\n") % APPENDED_LINES + 1):
        anchor = prefix.rfind("\n", 0, anchor)
    return anchor + 1


def _named(sentinel: int | None, name: str, encode: Encode) -> list[int]:
    """The header of a named thing; empty if the name or the sentinel is unknown."""
    return [] if sentinel is None or not name else [sentinel, *encode(name + "\n")]


def _up(size: int, step: int) -> int:
    """The next multiple of `step`."""
    return -(-size // step) * step


def _fit(prefix: int, suffix: int, budget: int, step: int) -> tuple[int, int]:
    """How many ids the prefix loses at its head, and how many of the suffix stay, for these numbers to fit.

    Both change with every `step` ids of the prefix only.
    """
    kept_suffix = min(suffix, max(budget // SUFFIX_SHARE, budget - _up(prefix, step)))
    return min(prefix, _up(max(0, prefix + kept_suffix - budget), step)), kept_suffix


def _context_ids(prompt: Prompt, tokens: FimTokens, encode: Encode, room: int) -> list[int]:
    """The repository's name and as many whole context files, in order, as fit."""
    ids = _named(tokens.reponame, prompt.repository, encode)
    if len(ids) > room:
        return []
    for file in prompt.context if tokens.filename is not None else ():
        name, text = _named(tokens.filename, file.path, encode), encode(file.text + "\n")
        if len(ids) + len(name) + len(text) > room:
            break
        ids += name
        ids += text
    return ids
