"""Whatever a user does, and whatever the cache forgets or drafts guess: each answer is the one from an empty cache.

Rings, checkpoints and evictions are forced on by limits far below those of a real engine.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from mellum_ls.runtime.cache.budget import CacheLimits
from mellum_ls.runtime.cache.kv_cache import Retention
from mellum_ls.runtime.completion import Completion
from mellum_ls.runtime.drafting.drafter import Drafting
from mellum_ls.runtime.drafting.policy import Always
from mellum_ls.runtime.drafting.vocabulary import DraftVocabulary
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.fim import ContextFile, Prompt
from mellum_ls.runtime.generate import Chunk, GenerationParams, Pace, Result
from mellum_ls.runtime.profile import FimOrder
from tests.fakes.checkpoints import small_config, write_checkpoint

TEXTS = (
    "import os\n\n\ndef total(items):\n    result = 0\n    for item in items:\n"
    "        result += item.price\n    return result\n",
    "class Stack:\n    def __init__(self):\n        self.items = []\n\n"
    "    def push(self, item):\n        self.items.append(item)\n",
)
PIECES = st.sampled_from(
    ["a", "re", "return ", "(", ")", "\n", "\n    ", "    ", "x1 = 12\n", "é", "🙂", " ", "self.", "'s", "\n\n\n"]
)
CONTEXT = (ContextFile("shop/item.py", "class Item:\n    price = 1\n"), ContextFile("conf.py", "DEBUG = True\n"))
KIB = 1024
# About three sessions of full length; each takes 96 KiB for the full layer and up to 16 for the rings.
DEVICE_BYTES = 700 * KIB


@dataclass
class Document:
    text: str
    cursor: int
    context: tuple[ContextFile, ...] = ()

    def replace(self, start: int, end: int, text: str) -> None:
        self.text = (self.text[:start] + text + self.text[end:])[:700]
        self.cursor = min(start + len(text), len(self.text))

    def prompt(self, path: str) -> Prompt:
        return Prompt(self.text[: self.cursor], self.text[self.cursor :], path, self.context, "shop")


@dataclass
class Pending:
    name: str
    prompt: Prompt
    params: GenerationParams
    run: Completion
    chunks: list[Chunk]


class Editing(RuleBasedStateMachine):
    """Two documents, one engine with tiny limits, and one that starts from nothing each time."""

    base: Engine
    order: FimOrder

    @initialize(
        chunk=st.sampled_from([1, 8, 32]),
        keep_all=st.sampled_from([0, 40, 90]),
        room=st.sampled_from([0, 3, 20]),
        host=st.sampled_from([0, 20, 999]),
        depth=st.sampled_from([0, 1, 2, 7]),
    )
    def begin(self, chunk: int, keep_all: int, room: int, host: int, depth: int) -> None:
        retention = Retention(keep_all=keep_all, rollback=room, slack=room + 1, every=32)
        limits = CacheLimits(DEVICE_BYTES, host * KIB, retention)
        base, profile = self.base, replace(self.base.profile, fim_order=self.order)
        parts = (base.model_dir, base.model, base.tokenizer, profile)
        # Chunks of one size: with those of a measured time a failure could not be met again.
        drafting = Drafting(Always(depth), DraftVocabulary(self.base.model.weights.lm_head, 200))
        self.engine = Engine(*parts, limits=limits, drafting=drafting, pace=Pace(1.0, chunk, lambda: 0.0))
        self.fresh = Engine(*parts, pace=Pace(1.0, 512, lambda: 0.0))
        assert self.engine.max_positions == self.fresh.max_positions
        self.documents = {"a.py": Document(TEXTS[0] * 2, 60), "b.py": Document(TEXTS[1] * 3, 30)}
        self.open = "a.py"
        self.written = ""
        self.pending: Pending | None = None

    def ask(self) -> None:
        """What an editor does after each change."""
        self._checked(self._started(GenerationParams(3, "none")))

    @property
    def document(self) -> Document:
        return self.documents[self.open]

    @rule(piece=PIECES)
    def type(self, piece: str) -> None:
        self.document.replace(self.document.cursor, self.document.cursor, piece)
        self.ask()

    @rule(count=st.integers(1, 30))
    def erase(self, count: int) -> None:
        self.document.replace(max(0, self.document.cursor - count), self.document.cursor, "")
        self.ask()

    @rule(share=st.floats(0, 1))
    def jump(self, share: float) -> None:
        self.document.cursor = int(share * len(self.document.text))
        self.ask()

    @rule(share=st.floats(0, 1), count=st.integers(0, 80), pieces=st.lists(PIECES, max_size=20))
    def edit_elsewhere(self, share: float, count: int, pieces: list[str]) -> None:
        start = int(share * len(self.document.text))
        self.document.replace(start, start + count, "".join(pieces))
        self.ask()

    @rule()
    def switch(self) -> None:
        self.open = "b.py" if self.open == "a.py" else "a.py"

    @rule(count=st.integers(0, 2))
    def choose_context(self, count: int) -> None:
        self.document.context = CONTEXT[:count]

    @rule()
    def forget(self) -> None:
        self.engine.drop_sessions()

    @rule(steps=st.integers(0, 6), warm_up=st.booleans())
    def abandon(self, steps: int, warm_up: bool) -> None:
        run = self.engine.begin(self.open, self.document.prompt(self.open), GenerationParams(8, "none", warm_up))
        for _ in range(steps):
            run.step()
        run.cancel()

    @rule(max_tokens=st.integers(1, 9), stop=st.sampled_from(["line", "block", "none"]), paste=st.booleans())
    def complete(self, max_tokens: int, stop: str, paste: bool) -> None:
        params = GenerationParams(max_tokens, stop)  # type: ignore[arg-type]
        answer = self._checked(self._started(params))
        if paste:
            self.document.replace(self.document.cursor, self.document.cursor, answer.text)

    @precondition(lambda self: self.pending is None)
    @rule(steps=st.integers(0, 4))
    def pause(self, steps: int) -> None:
        """A request that something more urgent comes before."""
        self.pending = self._started(GenerationParams(6, "none"))
        for _ in range(steps):
            self.pending.run.step()

    @precondition(lambda self: self.pending is not None)
    @rule(cancel=st.booleans())
    def resume(self, cancel: bool) -> None:
        assert self.pending is not None
        if cancel:
            self.pending.run.cancel()
        else:
            self._checked(self.pending)
        self.pending = None

    def _started(self, params: GenerationParams) -> Pending:
        chunks: list[Chunk] = []
        prompt = self.document.prompt(self.open)
        # What stands behind the cursor and what stood there lately: guesses that hold now and then.
        expected = prompt.suffix[:20] if len(prompt.prefix) % 2 else self.written
        run = self.engine.begin(self.open, prompt, params, on_chunk=chunks.append, predicted=expected)
        return Pending(self.open, prompt, params, run, chunks)

    def _checked(self, request: Pending) -> Result:
        result = None
        while result is None:
            result = request.run.step()
        self.fresh.drop_sessions()
        chunks: list[Chunk] = []
        wanted = self.fresh.complete("new", request.prompt, request.params, on_chunk=chunks.append)
        assert wanted.computed_tokens == wanted.prompt_tokens == result.prompt_tokens
        assert (result.text, result.reason, result.generated_tokens) == (
            wanted.text,
            wanted.reason,
            wanted.generated_tokens,
        )
        assert request.chunks == chunks
        assert 1 <= result.computed_tokens <= result.prompt_tokens
        self.written = result.text
        return result

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            if self.pending is not None:
                self.pending.run.cancel()
            self.engine.drop_sessions()
            assert self.engine.status()["sessions"] == 0


@pytest.mark.parametrize("order", ["spm", "psm", "efim"])
def test_every_answer_is_the_one_from_scratch(order: FimOrder, tmp_path: Path) -> None:
    raw = small_config(
        num_nextn_predict_layers=1, mtp_layer_types=["sliding_attention"], mtp_mlp_layer_types=["sparse"]
    )
    base = Engine.load(write_checkpoint(tmp_path, raw, mtp=True))
    machine = type("Machine", (Editing,), {"base": base, "order": order})
    case = machine.TestCase
    case.settings = settings(max_examples=30, stateful_step_count=40, deadline=None, derandomize=True)
    case().runTest()
