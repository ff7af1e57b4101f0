"""Which session serves a prompt, and that none of it shows in what the model computes."""

from pathlib import Path

import pytest
import torch
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from torch import Tensor

from mellum_ls.runtime.cache.checkpoints import CheckpointShelf
from mellum_ls.runtime.cache.kv_cache import KVCache, Retention
from mellum_ls.runtime.cache.sessions import WORTH_KEEPING, Lease, Session, SessionCache, common_prefix
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.generate import extend
from mellum_ls.runtime.mtp import MtpFollower
from tests.fakes.checkpoints import small_config, write_checkpoint

WINDOW = 16


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    raw = small_config(
        num_nextn_predict_layers=1, mtp_layer_types=["sliding_attention"], mtp_mlp_layer_types=["sparse"]
    )
    return Engine.load(write_checkpoint(tmp_path_factory.mktemp("sessions"), raw, mtp=True))


@pytest.mark.parametrize(
    ("left", "right", "length"),
    [([], [], 0), ([1], [], 0), ([1, 2], [1, 2], 2), ([1, 2], [1, 3], 1), ([2], [1], 0), ([1] * 9, [1] * 7 + [2], 7)],
)
def test_common_prefix(left: list[int], right: list[int], length: int) -> None:
    assert common_prefix(left, right) == length
    assert common_prefix(right, left) == length
    # What is known is not looked at.
    for known in {0, length // 2, length}:
        assert common_prefix([0] * known + left[known:], right, known) == length


class Sessions:
    """A session cache over a real model, whose sessions are filled by computing."""

    def __init__(self, engine: Engine, *, max_sessions: int = 9, max_bytes: int = 10**9) -> None:
        self.model = engine.model
        self.cache = SessionCache(
            lambda: Session(engine.model.new_cache()), max_sessions=max_sessions, max_bytes=max_bytes
        )

    def run(self, owner: str, prompt: list[int]) -> tuple[Lease, int]:
        """Take a session, compute the rest of the prompt, and give it back; also how many were there already."""
        lease = self.cache.take(owner, prompt)
        extend(self.model, lease.session, prompt[lease.kept :])
        self.cache.give_back(lease)
        return lease, lease.kept


def numbers(start: int, count: int) -> list[int]:
    return [40 + (start + i) % 300 for i in range(count)]


def test_an_owner_goes_on_in_place(engine: Engine) -> None:
    sessions = Sessions(engine)
    first, kept = sessions.run("a", numbers(0, 30))
    again, reused = sessions.run("a", [*numbers(0, 25), 333, 334])
    assert again.session is first.session
    assert (kept, reused, len(sessions.cache)) == (0, 25, 1)
    _, same = sessions.run("a", [*numbers(0, 25), 333, 334])
    assert same == 26, "the last token is computed again: its hidden state gives the first new one"


def test_what_would_cost_much_to_lose_stays_and_serves_the_way_back(engine: Engine) -> None:
    sessions = Sessions(engine)
    long = numbers(0, WORTH_KEEPING + 60)
    first, _ = sessions.run("a", long)
    other, kept = sessions.run("a", [*long[:40], 333])
    assert other.session is not first.session
    assert (kept, len(sessions.cache)) == (40, 2)
    back, kept = sessions.run("a", [*long, 333])
    assert back.session is first.session
    assert kept == len(long)


def test_another_owner_copies_what_is_shared(engine: Engine) -> None:
    sessions = Sessions(engine)
    first, _ = sessions.run("a", numbers(0, 30))
    second, kept = sessions.run("b", [*numbers(0, 20), 333])
    assert second.session is not first.session
    assert kept == 20
    assert first.session.ids == numbers(0, 30)


def test_a_session_in_use_is_copied_from_and_neither_taken_nor_evicted(engine: Engine) -> None:
    sessions = Sessions(engine, max_sessions=1)
    lease = sessions.cache.take("a", numbers(0, 30))
    extend(engine.model, lease.session, numbers(0, 10))
    other = sessions.cache.take("a", numbers(0, 30))
    assert other.session is not lease.session
    assert (other.kept, len(sessions.cache)) == (10, 2)
    sessions.cache.clear()
    assert len(sessions.cache) == 2
    sessions.cache.give_back(lease)
    sessions.cache.give_back(other)
    assert len(sessions.cache) == 1
    sessions.cache.clear()
    assert (len(sessions.cache), sessions.cache.num_bytes, sessions.cache.num_tokens) == (0, 0, 0)


def test_the_least_recently_used_session_goes_when_there_are_too_many(engine: Engine) -> None:
    sessions = Sessions(engine, max_sessions=2)
    prompts = {owner: numbers(100 * index, 20) for index, owner in enumerate("abc")}
    for owner in "abac":
        sessions.run(owner, prompts[owner])
    assert (len(sessions.cache), sessions.cache.num_tokens) == (2, 40)
    assert sessions.run("a", prompts["a"])[1] == 19
    assert sessions.run("b", prompts["b"])[1] == 0


def test_sessions_go_when_they_hold_too_many_bytes_but_never_the_last(engine: Engine) -> None:
    one = Sessions(engine).run("x", numbers(0, 10))[0].session.num_bytes
    sessions = Sessions(engine, max_bytes=2 * one)
    for index, owner in enumerate("abc"):
        sessions.run(owner, numbers(100 * index, 10))
    assert (len(sessions.cache), sessions.cache.num_bytes) == (2, 2 * one)
    sessions.run("d", numbers(7, 500))
    assert len(sessions.cache) == 1
    assert sessions.cache.num_bytes == one * 2, "512 positions are two steps of capacity"


class AnyPrompts(RuleBasedStateMachine):
    """Sessions of tiny memory with the MTP layer in step: states and drafts equal those of a fresh sequence."""

    engine: Engine

    @initialize(
        keep_all=st.sampled_from([0, 30, 60]),
        room=st.integers(0, 9),
        sessions=st.integers(1, 3),
        saved=st.sampled_from([0, 2, 99]),
    )
    def begin(self, keep_all: int, room: int, sessions: int, saved: int) -> None:
        retention = Retention(keep_all=keep_all, rollback=room, slack=room + 1, every=16)
        model, head = self.engine.model, self.engine.mtp
        assert head is not None
        shelf = CheckpointShelf(saved * 3 * (WINDOW - 1) * 2 * 2 * 16 * 4)
        self.cache = SessionCache(
            lambda: Session(model.new_cache(retention, shelf), MtpFollower(head, retention)),
            max_sessions=sessions,
            max_bytes=10**9,
        )
        self.prompts = {owner: numbers(0, 80) for owner in "ab"}
        self.heads: list[list[int]] = []
        self.next = 300

    @rule(owner=st.sampled_from("ab"), back=st.integers(0, 25) | st.integers(0, 200), count=st.integers(1, 25))
    def edit(self, owner: str, back: int, count: int) -> None:
        """Another end after some beginning."""
        kept = self.prompts[owner][: max(0, len(self.prompts[owner]) - back)][:180]
        self.next += count
        self.prompts[owner] = kept + numbers(self.next, count)

    @rule(owner=st.sampled_from("ab"))
    def copy(self, owner: str) -> None:
        """The same document in another place."""
        self.prompts["ab".replace(owner, "")] = list(self.prompts[owner])

    @rule()
    def forget(self) -> None:
        self.cache.clear()

    @rule(owner=st.sampled_from("ab"), chunk=st.integers(1, 40), stop=st.integers(1, 6), anchor=st.integers(0, 60))
    def abandon(self, owner: str, chunk: int, stop: int, anchor: int) -> None:
        """A prompt that is cancelled after some chunks."""
        self._compute(self.cache.take(owner, self.prompts[owner], (anchor,), self._head(owner)), owner, chunk, stop)

    @rule(owner=st.sampled_from("ab"), chunk=st.integers(1, 40), anchor=st.integers(0, 60))
    def complete(self, owner: str, chunk: int, anchor: int) -> None:
        prompt, model, head = self.prompts[owner], self.engine.model, self.engine.mtp
        assert head is not None
        lease = self.cache.take(owner, prompt, (anchor,), self._head(owner))
        hidden = self._compute(lease, owner, chunk, 999)
        whole = model.forward(torch.tensor(prompt), model.new_cache())
        torch.testing.assert_close(hidden, whole[-1:], rtol=2e-4, atol=2e-4)
        follower = lease.session.follower
        assert follower is not None
        assert follower.length == len(prompt)
        ids = [*prompt, 77, 88]
        drafted = head.forward(whole, torch.tensor(ids[1:-1]), head.new_cache())
        one = follower.draft(prompt, 77)
        torch.testing.assert_close(one, drafted[-1:], rtol=5e-4, atol=5e-4)
        guesses = head.new_cache()
        wanted = head.forward(torch.cat((whole, drafted[-1:])), torch.tensor(ids[1:]), guesses)[-1:]
        torch.testing.assert_close(follower.recurse(one, 88), wanted, rtol=5e-4, atol=5e-4)
        follower.settle()

    def _head(self, owner: str) -> list[int]:
        """What the prompt begins with: a list that was a head before, if it begins with one."""
        prompt = self.prompts[owner]
        found = next((head for head in self.heads if head == prompt[: len(head)]), None)
        if found is None:
            found = prompt[:50]
            self.heads.append(found)
        return found

    def _compute(self, lease: Lease, owner: str, chunk: int, stop: int) -> Tensor:
        prompt, session = self.prompts[owner], lease.session
        assert session.ids == prompt[: lease.kept]
        assert session.cache.length == lease.kept < len(prompt)
        hidden = torch.empty(0)
        for start in range(lease.kept, len(prompt), chunk)[:stop]:
            hidden = extend(self.engine.model, session, prompt[start : start + chunk])
        self.cache.give_back(lease)
        return hidden[-1:]


@pytest.mark.parametrize("kind", ["sliding_attention", "full_attention"])
def test_any_prompts(kind: str, tmp_path: Path) -> None:
    raw = small_config(
        sliding_window=WINDOW, num_nextn_predict_layers=1, mtp_layer_types=[kind], mtp_mlp_layer_types=["sparse"]
    )

    class Machine(AnyPrompts):
        engine = Engine.load(write_checkpoint(tmp_path, raw, mtp=True))

    Machine.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None, derandomize=True)
    Machine.TestCase().runTest()


def test_a_cache_is_not_shared_between_sessions(engine: Engine) -> None:
    sessions = Sessions(engine)
    a, _ = sessions.run("a", numbers(0, 20))
    b, _ = sessions.run("b", [*numbers(0, 10), *numbers(200, 10)])
    fresh: KVCache = engine.model.new_cache()
    wanted = engine.model.forward(torch.tensor([*numbers(0, 20), 50]), fresh)[-1:]
    torch.testing.assert_close(extend(engine.model, a.session, [50]), wanted, rtol=1e-4, atol=1e-4)
    assert len(b.session.ids) == 20
