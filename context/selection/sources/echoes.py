"""What the most similar code uses: the next line is likely to call what was called at such a place before."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from mellum_ls.context.selection.affinity import affinity
from mellum_ls.context.selection.candidates import Candidate, head_of
from mellum_ls.context.selection.question import Question
from mellum_ls.context.selection.sources.desk import Desk, closeness

_IDENTIFIER = re.compile(r"[^\W\d]\w{2,}")
_MOST_READ, _MOST_NAMES = 4, 60
_MANY = 5


def echoes(question: Question, desk: Desk, similar: Sequence[Candidate]) -> list[Candidate]:
    """Heads of what the names in the best of `similar` mean; names that the file has itself are left to others."""
    count: Counter[str] = Counter()
    for rank, candidate in enumerate(similar[:_MOST_READ]):
        lines = desk.texts.lines(candidate.path) or ()
        text = "\n".join(lines[candidate.start_line : candidate.end_line])
        for name in set(_IDENTIFIER.findall(text)):
            count[name] += _MOST_READ - rank
    for want in question.wanted:
        count.pop(want.name, None)
    names = sorted(count, key=lambda name: (-count[name] - 4 * affinity(name, question.words), name))[:_MOST_NAMES]
    order = {name: row for row, name in enumerate(names)}
    found = [item for item in desk.index.definitions(names) if item.path != question.place.path]
    many = Counter(item.name for item in found)
    found = [item for item in found if many[item.name] <= _MANY]
    found.sort(key=lambda item: (order[item.name], -closeness(question.place.path, item.path), item.path))
    return [head_of(item, f"defines {item.name}, which similar code uses") for item in found]
