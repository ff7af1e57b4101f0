"""What an editor would show of an answer in a hole: the language server's rule, so that what users see is counted.

Holes run to the end of their line, so of the server's rules only those for one line matter; a test holds both equal.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mellum_ls.runtime.balance import settle
from mellum_ls.runtime.nano.answers import Answer
from mellum_ls.runtime.nano.holes import Hole
from mellum_ls.runtime.nano.metrics import exact_match, has_repetition
from mellum_ls.runtime.nano.parsable import PythonParser


@dataclass(frozen=True, slots=True)
class Shown:
    """Counts and shares of single-line suggestions; `parsable` is of those shown in files that parsed before."""

    suggestions: int
    """Answers of the engine that are not empty."""
    shown: int
    share: float
    mended: int
    """Shown after brackets were added or cut."""
    parsable: float
    parsable_before: float
    """Of all suggestions, before the rule."""
    exact: float
    """Of all holes, those that what is shown fills with the very text that stood there."""
    repetition: float
    truths_changed: int
    """Holes whose own text the rule would hide or change."""


def shown(hole: Hole, answer: Answer) -> str:
    """The text that is shown, empty where none is."""
    text = answer.text.rstrip()
    if answer.reason == "loop" or not text.strip():
        return ""
    return text if "\n" in text else _settled(hole, text)


def score(holes: Sequence[Hole], answers: Iterable[Answer]) -> Shown:
    """Compare what was suggested with what is shown of it."""
    parser = PythonParser()
    pairs = list(zip(holes, answers, strict=True))
    filled = [(hole, answer, shown(hole, answer)) for hole, answer in pairs if answer.text.strip()]
    before = [parser.parses(hole.filled(answer.text)) for hole, answer, _ in filled if parser.parses(hole.file.text)]
    visible = [(hole, text) for hole, _, text in filled if text]
    after = [parser.parses(hole.filled(text)) for hole, text in visible if parser.parses(hole.file.text)]
    return Shown(
        suggestions=len(filled),
        shown=len(visible),
        share=_share(len(visible), len(filled)),
        mended=sum(text not in ("", answer.text.rstrip()) for _, answer, text in filled),
        parsable=_share(sum(after), len(after)),
        parsable_before=_share(sum(before), len(before)),
        exact=_share(sum(exact_match(text, hole.target) for hole, text in visible), len(pairs)),
        repetition=_share(sum(has_repetition(text) for _, text in visible), len(visible)),
        truths_changed=sum(_settled(hole, hole.target.rstrip()) != hole.target.rstrip() for hole in holes),
    )


def _settled(hole: Hole, text: str) -> str:
    return settle(hole.file.text[: hole.start], text, hole.file.text[hole.end :]) or ""


def _share(part: int, whole: int) -> float:
    return part / max(1, whole)
