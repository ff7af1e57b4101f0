from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mellum_ls.context.selection.candidates import Candidate
from mellum_ls.context.selection.fusion import Scored
from mellum_ls.context.selection.pinned import FILL, Pinned
from mellum_ls.context.selection.place import Place

ELSEWHERE = Place("elsewhere.py", "", 0)


def head(path: str, name: str, text: str = "") -> Candidate:
    line = ord(name[0])
    return Candidate(path, line, line + 3, "outline", "r", text or f"def {name}({'x' * 30})", name, "", "function")


def lines(path: str, start: int, length: int = 400) -> Candidate:
    return Candidate(path, start, start + 9, "lines", "r", f"{path} from {start}\n{path} {'y' * length} {start}")


def scored(items: list[Candidate]) -> list[Scored]:
    return [Scored(item, 1.0 / (row + 1), item.key) for row, item in enumerate(items)]


PATHS = ["a.py", "b/c.py", "d.go", "e.txt"]
pieces = st.one_of(
    st.builds(head, st.sampled_from(PATHS), st.sampled_from("abcdefghijkl")),
    st.builds(lines, st.sampled_from(PATHS), st.integers(0, 9).map(lambda row: 20 * row), st.integers(0, 1500)),
)
rankings = st.lists(pieces, max_size=30, unique_by=lambda item: item.key).map(scored)


class Typing(RuleBasedStateMachine):
    """Offers, renewals and refusals in any order."""

    @initialize(chars=st.integers(200, 8000))
    def begin(self, chars: int) -> None:
        self.pinned = Pinned(chars)
        self.refused: set[str] = set()

    @rule(ranked=rankings)
    def offer(self, ranked: list[Scored]) -> None:
        before, epoch = self.pinned.texts, self.pinned.epoch
        ranked = [item for item in ranked if item.candidate.path not in self.refused]
        after = self.pinned.offer(ranked)
        assert after == self.pinned.texts
        assert after[: len(before)] == before
        assert self.pinned.epoch == epoch
        assert self.pinned.offer([]) == after

    @rule(ranked=rankings, stale=st.sampled_from([*PATHS, ""]))
    def renew(self, ranked: list[Scored], stale: str) -> None:
        ranked = [item for item in ranked if item.candidate.path not in self.refused]
        self.pinned.renew(ranked, Place("a.py", "", 50, visible=(40, 60)), lambda entry: entry.path != stale)

    @rule(path=st.sampled_from(PATHS))
    def refuse(self, path: str) -> None:
        before = self.pinned.texts
        self.refused.add(path)
        self.pinned.exclude(self.refused.__contains__)
        assert self.pinned.texts == tuple(text for text in before if text[0] not in self.refused)

    @invariant()
    def nothing_refused_nothing_twice_nothing_too_much(self) -> None:
        texts = self.pinned.texts
        assert not {path for path, _ in texts} & self.refused
        assert len(set(texts)) == len(texts)
        assert sum(len(path) + len(text) for path, text in texts) <= self.pinned.chars <= self.pinned.most
        keys = [piece.key for entry in self.pinned.entries for piece in entry.pieces]
        assert len(set(keys)) == len(keys)


TestTyping = Typing.TestCase


@given(st.lists(rankings, max_size=5), st.integers(200, 8000))
def test_equal_calls_make_equal_bytes(offers: list[list[Scored]], chars: int) -> None:
    one, other = Pinned(chars), Pinned(chars)
    for ranked in offers:
        assert one.offer(ranked) == other.offer(list(ranked))


def test_the_first_layout_leaves_room_for_what_comes() -> None:
    pinned = Pinned(10_000)
    pinned.offer(scored([lines(f"{row}.txt", 0) for row in range(60)]))
    assert 0.6 * 10_000 < pinned.chars <= FILL * 10_000


def test_a_newcomer_must_be_much_better_than_what_would_be_chosen() -> None:
    pinned = Pinned(4_000)
    old = [lines(f"{row}.txt", 0) for row in range(6)]
    first = pinned.offer(scored(old))
    assert pinned.offer(scored([*old, lines("weak.txt", 0)])) == first
    better = pinned.offer(scored([lines("strong.txt", 0), *old]))
    assert better[:-1] == first
    assert better[-1][0] == "strong.txt"


def test_a_changed_file_stays_as_it_was_until_the_renewal() -> None:
    pinned = Pinned(4_000)
    first = pinned.offer(scored([head("a.py", "f")]))
    newer = scored([head("a.py", "f", "def f(more)")])
    assert pinned.offer(newer) == first
    assert pinned.renew(newer, ELSEWHERE, lambda entry: False) == (("a.py", "def f(more): ..."),)


def test_a_renewal_without_a_reason_changes_nothing_that_stands() -> None:
    pinned = Pinned(4_000)
    ranked = scored([head("a.py", "f"), lines("b.txt", 0)])
    first = pinned.offer(ranked)
    assert pinned.renew(ranked, ELSEWHERE, lambda entry: True) == first
    assert pinned.epoch == 0


def test_a_renewal_takes_out_what_stands_around_the_cursor() -> None:
    pinned = Pinned(4_000)
    ranked = scored([head("a.py", "f"), lines("b.txt", 0)])
    pinned.offer(ranked)
    left = pinned.renew(scored([head("a.py", "f")]), Place("b.txt", "", 3, visible=(0, 50)), lambda entry: True)
    assert [path for path, _ in left] == ["a.py"]
    assert pinned.epoch == 1


def test_a_full_head_is_emptied_in_bulk_and_the_wanted_stay() -> None:
    pinned = Pinned(6_000)
    groups = [[lines(f"{group}{row}.txt", 0) for row in range(6)] for group in "abcdef"]
    for group in groups:
        pinned.offer(scored(group))
    full = pinned.chars
    assert full > 0.9 * 6_000
    wanted = [entry.pieces[0] for entry in pinned.entries[4:]]
    pinned.renew(scored(wanted), ELSEWHERE, lambda entry: True)
    assert pinned.chars <= FILL * 6_000
    kept = {path for path, _ in pinned.texts}
    assert sum(piece.path in kept for piece in wanted) >= 4


def test_what_nobody_wants_any_more_makes_way_at_a_renewal() -> None:
    pinned = Pinned(4_000)
    pinned.offer(scored([lines(f"{row}.txt", 0) for row in range(6)]))
    assert [path for path, _ in pinned.renew(scored([lines("new.txt", 0)]), ELSEWHERE, lambda entry: True)] == [
        "new.txt"
    ]
