"""What stands at the head of the prompt, so that a key costs nothing there: texts that stay, and are only added to.

Between two renewals (an epoch) the earlier texts are always the beginning of the later ones, byte for byte; only what
may no longer be seen leaves at once. At a renewal, when nobody waits, what is stale, on the screen or long not wanted
goes, and everything behind the first gap is laid out anew. Reads no files and ranks nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from mellum_ls.context.selection.candidates import Key
from mellum_ls.context.selection.choosing import Choice, choose
from mellum_ls.context.selection.entries import Entry, Shown, laid_out, ordered
from mellum_ls.context.selection.fusion import Scored
from mellum_ls.context.selection.place import Place

FILL = 0.9
"""A new layout takes this share of the room; the rest is for what comes to it until the next renewal."""
HIGH = 0.95
"""A renewal that finds more than this taken makes room down to FILL."""
BETTER_SHARE = 0.5
"""Between renewals a newcomer must be among the better so much of what would be chosen from scratch."""
LEAST_WANTED = 0.4
"""A renewal that finds less than this share of the texts wanted keeps nothing that is not."""


class Pinned:
    """The texts in force, for at most `chars` characters of prompt. Equal calls make equal bytes."""

    def __init__(self, chars: int) -> None:
        self.most = chars
        self.epoch = 0
        """How many renewals changed what stood there."""
        self.entries: tuple[Entry, ...] = ()

    @property
    def texts(self) -> tuple[tuple[str, str], ...]:
        """Path and text of each entry in order."""
        return tuple((entry.path, entry.text) for entry in self.entries)

    @property
    def chars(self) -> int:
        """What the texts take of the prompt."""
        return sum(entry.chars for entry in self.entries)

    def exclude(self, refused: Callable[[str], bool]) -> bool:
        """Take out at once what may no longer be seen; whether there was anything."""
        kept = tuple(entry for entry in self.entries if not refused(entry.path))
        changed = len(kept) < len(self.entries)
        if changed:
            self.epoch += 1
        self.entries = kept
        return changed

    def offer(self, ranked: Sequence[Scored]) -> tuple[tuple[str, str], ...]:
        """Add of `ranked` (the best first, texts filled in) what is much better than nothing, and say what stands."""
        if not self.entries:
            return self._append(choose(ranked, self._fill))
        ideal = choose(ranked, self._fill)
        better = {
            item.key for group in (ideal.heads, ideal.lines) for item in group[: int(len(group) * BETTER_SHARE) + 1]
        }
        newcomers = self._new(item for item in ranked if item.key in better)
        return self._append(choose(newcomers, max(0, self.most - self.chars)))

    def renew(
        self, ranked: Sequence[Scored], place: Place, current: Callable[[Entry], bool]
    ) -> tuple[tuple[str, str], ...]:
        """Nobody waits: make room, take out what stands at `place` anyway or is no longer `current`, and add."""
        wanted = choose(ranked, self._fill).keys
        drop = {entry for entry in self.entries if not current(entry) or _on_screen(entry, place)}
        useful = [entry for entry in self.entries if entry not in drop and _worth(entry, wanted)]
        if sum(entry.chars for entry in useful) < LEAST_WANTED * self.chars:
            drop |= {entry for entry in self.entries if entry not in useful}
        if self.chars - sum(entry.chars for entry in drop) > HIGH * self.most:
            drop |= self._surplus(wanted, drop)
        kept: tuple[Entry, ...] = self.entries
        if drop:
            self.epoch += 1
            gap = next(row for row, entry in enumerate(self.entries) if entry in drop)
            kept = self.entries[:gap]
            behind = [entry for entry in self.entries[gap:] if entry not in drop]
            self.entries = (*kept, *behind)
        newcomers = self._new(item for item in ranked if item.key in wanted)
        added = laid_out(choose(newcomers, max(0, self._fill - self.chars)))
        # What lies behind the gap is computed anew in any case, so it may as well stand in the best order.
        self.entries = (*kept, *ordered([*self.entries[len(kept) :], *added]))
        return self.texts

    @property
    def _fill(self) -> int:
        return int(self.most * FILL)

    def _new(self, items: Iterable[Scored]) -> list[Scored]:
        shown = Shown(self.entries)
        return [item for item in items if item.candidate not in shown]

    def _append(self, choice: Choice) -> tuple[tuple[str, str], ...]:
        self.entries = (*self.entries, *laid_out(choice))
        return self.texts

    def _surplus(self, wanted: frozenset[Key], dropped: set[Entry]) -> set[Entry]:
        """What else must go, the least wanted and oldest first, for FILL to hold."""
        rest = [entry for entry in self.entries if entry not in dropped]
        room = sum(entry.chars for entry in rest) - self._fill
        surplus: set[Entry] = set()
        for entry in sorted(rest, key=lambda entry: (_worth(entry, wanted), entry.score)):
            if room <= 0:
                break
            surplus.add(entry)
            room -= entry.chars
        return surplus


def _worth(entry: Entry, wanted: frozenset[Key]) -> float:
    """The share of its pieces that would be chosen today."""
    return sum(piece.key in wanted for piece in entry.pieces) / len(entry.pieces)


def _on_screen(entry: Entry, place: Place) -> bool:
    return entry.path == place.path and any(place.shows(piece.start_line, piece.end_line) for piece in entry.pieces)
