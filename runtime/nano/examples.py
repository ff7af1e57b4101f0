"""Turns source files into training documents: plain text and fill-in-the-middle prompts in the JetBrains layout.

Every document is a pure function of the library and a random generator. The prompt comes from `runtime.fim`, so
that the model is trained on the very token sequences that the engine sends.
"""

from __future__ import annotations

import bisect
import random
import re
from collections.abc import Iterable
from itertools import accumulate

from mellum_ls.runtime.fim import ContextFile, Prompt, prompt_ids
from mellum_ls.runtime.nano.corpus import SourceFile
from mellum_ls.runtime.nano.spans import Span, choose_span, rest_of_line
from mellum_ls.runtime.profile import FimTokens
from mellum_ls.runtime.tokenizer import Tokenizer

PLAIN_SHARE = 0.28
CONTEXT_SHARE = 0.5
PLAIN_CHARS = 12_000
PROMPT_TOKENS = 4096
_DEFINITION = re.compile(r"^(?:class|def|async def) ([A-Za-z_]\w+)", re.MULTILINE)
_CALL = re.compile(r"\b([A-Za-z_]\w{3,})\(")


class Library:
    """The corpus in memory: files weighted by length, and where each package defines its top-level names."""

    def __init__(self, files: Iterable[SourceFile]) -> None:
        self.files = list(files)
        self._ends = list(accumulate(len(file.text) for file in self.files))
        self.by_package: dict[str, list[int]] = {}
        self._definitions: dict[str, dict[str, tuple[int, int]]] = {}
        for index, file in enumerate(self.files):
            self.by_package.setdefault(file.package, []).append(index)
            names = self._definitions.setdefault(file.package, {})
            for match in _DEFINITION.finditer(file.text):
                names[match.group(1)] = (index, match.start())

    def random_file(self, rng: random.Random) -> int:
        """Index of a file, each character of the corpus equally likely to be hit."""
        return bisect.bisect_right(self._ends, rng.randrange(self._ends[-1]))

    def definition(self, package: str, name: str) -> tuple[int, int] | None:
        """File index and offset of the top-level definition of `name` in `package`."""
        return self._definitions[package].get(name)


class ExampleMaker:
    """Makes documents (token ids that end in <|endoftext|> where the text ends)."""

    def __init__(self, library: Library, tokenizer: Tokenizer, tokens: FimTokens, end: int) -> None:
        self._library = library
        self._tokenizer = tokenizer
        self._tokens = tokens
        self._end = end

    def document(self, rng: random.Random) -> list[int]:
        """One document: plain text or a fill-in-the-middle example, at random from `rng`."""
        index = self._library.random_file(rng)
        if rng.random() < PLAIN_SHARE:
            return self._plain(index, rng)
        return self._fim(index, rng) or self._plain(index, rng)

    def _plain(self, index: int, rng: random.Random) -> list[int]:
        file = self._library.files[index]
        start = 0
        if len(file.text) > PLAIN_CHARS and rng.random() < 0.7:
            start = file.text.rfind("\n", 0, rng.randrange(len(file.text) - PLAIN_CHARS // 2)) + 1
        text = file.text[start : start + PLAIN_CHARS]
        ids = self._tokenizer.encode(text)
        if rng.random() < 0.5 and self._tokens.filename is not None:
            ids = [self._tokens.filename, *self._tokenizer.encode(file.path + "\n"), *ids]
        return [*ids, self._end] if start + PLAIN_CHARS >= len(file.text) else ids

    def _fim(self, index: int, rng: random.Random) -> list[int] | None:
        file = self._library.files[index]
        use = self._cross_file_use(index, rng) if rng.random() < CONTEXT_SHARE else None
        span = self._span(file.text, use, rng)
        if span is None:
            return None
        prefix_start = max(0, span.start - int(rng.triangular(200, 5000, 3500)))
        prefix_start = file.text.rfind("\n", 0, prefix_start) + 1 if prefix_start else 0
        suffix_end = span.end + (0 if rng.random() < 0.12 else int(rng.triangular(40, 2500, 1200)))
        suffix_end = min(len(file.text), file.text.find("\n", suffix_end) % (len(file.text) + 1))
        context = self._context(index, use, rng) if use or rng.random() < 0.25 else ()
        prompt = Prompt(
            prefix=file.text[prefix_start : span.start],
            suffix=file.text[span.end : suffix_end] if suffix_end > span.end else "",
            path=file.path if context or rng.random() < 0.8 else "",
            context=context,
            repository=file.package if rng.random() < 0.2 else "",
        )
        ids = prompt_ids(
            prompt,
            self._tokens,
            self._tokenizer.encode,
            order="spm" if rng.random() < 0.5 else "psm",
            limit=PROMPT_TOKENS,
        )
        return [*ids, *self._tokenizer.encode(file.text[span.start : span.end]), self._end]

    def _cross_file_use(self, index: int, rng: random.Random) -> tuple[int, str] | None:
        """Offset behind "name(" of a call whose definition stands in another file of the package, and the name."""
        file = self._library.files[index]
        calls = list(_CALL.finditer(file.text))
        for match in rng.sample(calls, min(len(calls), 12)):
            found = self._library.definition(file.package, match.group(1))
            if found is not None and found[0] != index:
                return match.end(), match.group(1)
        return None

    def _span(self, text: str, use: tuple[int, str] | None, rng: random.Random) -> Span | None:
        if use is None:
            return choose_span(text, rng)
        offset = use[0]
        end = text.find("\n", offset)
        end = len(text) if end < 0 else end
        if rng.random() < 0.6 and end > offset:
            return Span(offset, end, "call")
        start = text.rfind("\n", 0, offset) + 1
        return rest_of_line(text, start, end, rng) if rng.random() < 0.5 else choose_span(text, rng, near=offset)

    def _context(self, index: int, use: tuple[int, str] | None, rng: random.Random) -> tuple[ContextFile, ...]:
        """One to three excerpts of other files of the package, the defining one last (nearest to the cursor)."""
        package = self._library.files[index].package
        others = [i for i in self._nearby(package, index) if i != index]
        chosen = rng.sample(others, min(len(others), rng.randrange(3))) if others else []
        excerpts = [self._excerpt(i, None, rng) for i in chosen]
        if use is not None and (found := self._library.definition(package, use[1])) is not None:
            excerpts.append(self._excerpt(found[0], found[1], rng))
        return tuple(excerpts)

    def _nearby(self, package: str, index: int) -> list[int]:
        siblings = self._library.by_package[package]
        at = bisect.bisect_left(siblings, index)
        return siblings[max(0, at - 10) : at + 11]

    def _excerpt(self, index: int, definition: int | None, rng: random.Random) -> ContextFile:
        file = self._library.files[index]
        if definition is None:
            definition = file.text.rfind("\n", 0, rng.randrange(len(file.text))) + 1
        lines = file.text[definition : definition + 4000].split("\n")
        return ContextFile(file.path, "\n".join(lines[: rng.randrange(6, 40)]))


def pack(maker: ExampleMaker, index: int, length: int, seed: str) -> list[int]:
    """Sequence number `index` of the run named `seed`: documents laid end to end, cut at `length` ids."""
    rng = random.Random(f"{seed}:{index}")
    ids: list[int] = []
    while len(ids) < length:
        ids.extend(maker.document(rng))
    return ids[:length]
