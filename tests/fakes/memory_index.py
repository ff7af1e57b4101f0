"""An index held in dictionaries, for tests of what asks an index. Answers as `rows.Index` says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from mellum_ls.context.index.rows import Chunk, Definition, Hit
from mellum_ls.context.index.terms import terms

CHUNK_LINES = 40


class MemoryIndex:
    """Files by path with their texts; symbols, imports, uses and common changes as they are given."""

    def __init__(
        self,
        files: Mapping[str, str],
        symbols: Sequence[Definition] = (),
        imports: Mapping[str, Sequence[str]] | None = None,
        uses: Mapping[str, Collection[str]] | None = None,
        changes: Mapping[str, Mapping[str, int]] | None = None,
    ) -> None:
        self.files = dict(files)
        self.imports = {path: list(paths) for path, paths in (imports or {}).items()}
        self.uses = {path: set(names) for path, names in (uses or {}).items()}
        self.changes = {path: dict(counts) for path, counts in (changes or {}).items()}
        self._by_name: dict[str, list[Definition]] = {}
        self._by_path: dict[str, list[Definition]] = {}
        for symbol in sorted(symbols, key=lambda item: (item.path, item.start_line)):
            self._by_name.setdefault(symbol.name, []).append(symbol)
            self._by_path.setdefault(symbol.path, []).append(symbol)
        self._chunks: list[tuple[Chunk, Counter[str]]] = []
        for path, text in sorted(self.files.items()):
            lines = text.split("\n")
            for start in range(0, len(lines), CHUNK_LINES):
                end = min(len(lines), start + CHUNK_LINES)
                self._chunks.append((Chunk(path, start, end), Counter(terms("\n".join(lines[start:end])))))
        self._holders: Counter[str] = Counter(term for _, words in self._chunks for term in words)

    def search(self, terms: Sequence[str], limit: int, without: Collection[str] = ()) -> list[Hit]:
        """Chunks by how rare the words are that they share with `terms`; the twelve rarest words count."""
        known = sorted({term for term in terms if self._holders[term]}, key=lambda term: (self._holders[term], term))
        rare = known[:12]
        hits = []
        for chunk, words in self._chunks:
            if chunk.path not in without:
                score = sum(1 / self._holders[term] ** 0.5 for term in rare if term in words)
                if score:
                    hits.append(Hit(chunk, score))
        hits.sort(key=lambda hit: (-hit.score, hit.chunk.path, hit.chunk.start_line))
        return hits[:limit]

    def definitions(self, names: Collection[str], limit_per_name: int = 8) -> list[Definition]:
        return [item for name in sorted(set(names)) for item in self._by_name.get(name, [])[:limit_per_name]]

    def outline(self, path: str) -> list[Definition]:
        return list(self._by_path.get(path, ()))

    def users(self, name: str, limit: int = 50) -> list[str]:
        return sorted(path for path, names in self.uses.items() if name in names)[:limit]

    def imported_by(self, path: str) -> list[str]:
        return list(self.imports.get(path, ()))

    def importers_of(self, path: str, limit: int = 50) -> list[str]:
        return sorted(other for other, paths in self.imports.items() if path in paths)[:limit]

    def cochanged(self, path: str, limit: int = 10) -> list[tuple[str, int]]:
        counts = self.changes.get(path, {})
        return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit]

    def files_in(self, folder: str) -> list[str]:
        return sorted(path for path in self.files if path.rpartition("/")[0] == folder)

    def has(self, path: str) -> bool:
        return path in self.files
