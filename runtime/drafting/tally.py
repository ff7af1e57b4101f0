"""Counts what was drafted, what held, and how many passes wrote the tokens. JSON types come out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

PLACES = 8
"""Places of a draft that are counted apart; the last one stands for all behind it."""


@dataclass(slots=True)
class Counted:
    """One source: drafts that were checked and that held, by the place in their pass."""

    checked: list[int] = field(default_factory=lambda: [0] * PLACES)
    held: list[int] = field(default_factory=lambda: [0] * PLACES)


@dataclass(slots=True)
class Tally:
    """All sources. A step is one pass that brings tokens, the prompt's last one included."""

    steps: int = 0
    tokens: int = 0
    sources: defaultdict[str, Counted] = field(default_factory=lambda: defaultdict(Counted))

    def count(self, source: str, checked: int, held: int) -> None:
        """One pass checked so many drafts of a source, and so many of them held."""
        counted = self.sources[source]
        for place in range(checked):
            counted.checked[min(place, PLACES - 1)] += 1
            counted.held[min(place, PLACES - 1)] += place < held

    def figures(self) -> dict[str, object]:
        """All of it; `acceptance` is the share of checked drafts that held, None without any."""
        by_source = {
            name: {
                "drafted": sum(counted.checked),
                "accepted": sum(counted.held),
                "acceptance": _share(sum(counted.held), sum(counted.checked)),
                "acceptance_by_place": [
                    _share(held, checked)
                    for held, checked in zip(counted.held, counted.checked, strict=True)
                    if checked
                ],
            }
            for name, counted in sorted(self.sources.items())
        }
        drafted = sum(sum(counted.checked) for counted in self.sources.values())
        accepted = sum(sum(counted.held) for counted in self.sources.values())
        return {
            "drafted": drafted,
            "accepted": accepted,
            "acceptance": _share(accepted, drafted),
            "steps": self.steps,
            "tokens_per_step": round(self.tokens / self.steps, 4) if self.steps else None,
            "sources": by_source,
        }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
