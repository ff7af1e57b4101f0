"""The engine as its callers see it, on small random checkpoints with a real tokenizer."""

import json
import re
from pathlib import Path

import pytest
import torch
from transformers import MellumForCausalLM

from mellum_ls.runtime.chat import Message
from mellum_ls.runtime.engine import MAX_SESSIONS, Engine, count_parameters, drafts_by_itself
from mellum_ls.runtime.errors import ModelNotFound, RequestError, TokenizerError
from mellum_ls.runtime.fim import ContextFile, Prompt
from mellum_ls.runtime.generate import Chunk, GenerationParams
from mellum_ls.runtime.model import Model
from mellum_ls.runtime.use_threads import threads_in_use
from mellum_ls.runtime.weights import expected_tensors
from tests.fakes.chat_templates import MELLUM_2_1
from tests.fakes.checkpoints import ADDED_TOKENS, small_config, write_checkpoint

PREFIX = "def add(left, right):\n    total = left + right\n    ret"
PROMPT = Prompt(PREFIX, "\n\n\nclass Stack:\n", path="src/add.py", context=(ContextFile("a.py", "x = 1\n"),))
FREE = GenerationParams(max_tokens=24, stop="none")


class Clock:
    """One second later at each look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("engine"), shards=2)


@pytest.fixture
def engine(directory: Path) -> Engine:
    return Engine.load(directory, clock=Clock())


def test_greedy_tokens_equal_those_of_transformers(directory: Path, engine: Engine) -> None:
    prompt = engine.prompt_ids(PROMPT, 24)
    theirs = MellumForCausalLM.from_pretrained(directory, dtype=torch.float32, experts_implementation="eager")
    ids = list(prompt)
    with torch.no_grad():
        for _ in range(24):
            ids.append(int(theirs(torch.tensor([ids])).logits[0, -1].argmax()))
    assert engine.generate_ids(prompt, 24, ()) == ids[len(prompt) :]


def test_it_drafts_by_itself_on_a_processor_only(engine: Engine) -> None:
    class Elsewhere(Model):
        def __init__(self, device: str) -> None:
            self.device = torch.device(device)

    assert drafts_by_itself(engine.model)
    assert not drafts_by_itself(Elsewhere("cuda"))


@pytest.mark.parametrize("draft", [False, True])
def test_what_drafts_need_is_made_where_they_are_wanted(
    directory: Path, monkeypatch: pytest.MonkeyPatch, draft: bool
) -> None:
    prepared: list[bool] = []
    monkeypatch.setattr(Model, "prepare_drafts", lambda self: prepared.append(True))
    Engine.load(directory, draft=draft)
    assert prepared == [True] * draft


def test_chunks_join_to_the_text_and_the_text_is_that_of_the_ids(engine: Engine) -> None:
    chunks: list[Chunk] = []
    result = engine.complete("s", PROMPT, FREE, on_chunk=chunks.append)
    ids = engine.generate_ids(engine.prompt_ids(PROMPT, 24), 24)
    shown = [i for i in ids if i not in engine.profile.stop_ids]
    assert result.text == "".join(chunk.text for chunk in chunks) == engine.tokenizer.decode(shown)
    assert not any(token in result.text for token in ADDED_TOKENS)
    assert all(chunk.text for chunk in chunks)
    assert [i for chunk in chunks for i in chunk.token_ids] == shown[: sum(len(c.token_ids) for c in chunks)]
    assert result.reason == ("length" if len(shown) == 24 else "stop")
    assert (result.prompt_tokens, result.generated_tokens) == (len(engine.prompt_ids(PROMPT, 24)), len(ids))
    assert 0 < result.first_token_s < result.total_s


def test_typing_computes_little_and_changes_nothing(directory: Path, engine: Engine) -> None:
    """A session that follows edits (typing, deleting, another suffix) answers as a fresh engine does."""
    edits = ["u", "ur", "urn", "", "urn total", "x\n    y = 2\n    ret", "urn"]
    for step, typed in enumerate(edits):
        suffix = PROMPT.suffix if step < 5 else "\n"
        prompt = Prompt(PREFIX + typed, suffix, PROMPT.path, PROMPT.context)
        fresh = Engine.load(directory).complete("new", prompt, FREE)
        found = engine.complete("s", prompt, FREE)
        assert (found.text, found.reason) == (fresh.text, fresh.reason)
        assert fresh.computed_tokens == fresh.prompt_tokens
        if 0 < step < 5:
            assert found.computed_tokens < 12
    status = engine.status()
    assert status["requests"] == len(edits)
    assert isinstance(status["reused_tokens"], int)
    assert status["reused_tokens"] > 0


def test_the_same_request_again_computes_one_token(engine: Engine) -> None:
    first = engine.complete("s", PROMPT, FREE)
    again = engine.complete("s", PROMPT, FREE)
    assert again.text == first.text
    assert (first.computed_tokens, again.computed_tokens) == (first.prompt_tokens, 1)


def test_line_and_block_stop_rules_are_applied(engine: Engine) -> None:
    free = engine.complete("s", PROMPT, GenerationParams(max_tokens=200, stop="none"))
    line = engine.complete("s", PROMPT, GenerationParams(max_tokens=200, stop="line"))
    assert line.text.lstrip() == re.split("[\r\n]", free.text.lstrip())[0]
    assert line.reason in ("line", "stop", "length")
    block = engine.complete("s", PROMPT, GenerationParams(max_tokens=200, stop="block"))
    assert free.text.startswith(block.text)


def test_a_cancelled_request_keeps_its_work(engine: Engine) -> None:
    looks = iter([False, False, False, True])
    chunks: list[Chunk] = []
    result = engine.complete("s", PROMPT, FREE, on_chunk=chunks.append, cancelled=lambda: next(looks))
    assert result.reason == "cancelled"
    assert result.generated_tokens == 2
    assert engine.complete("s", PROMPT, FREE).computed_tokens == 1


def test_cancelled_before_it_began(engine: Engine) -> None:
    result = engine.complete("s", PROMPT, FREE, cancelled=lambda: True)
    assert (result.text, result.reason, result.computed_tokens, result.first_token_s) == (
        "",
        "cancelled",
        0,
        0.0,
    )


def test_a_long_prompt_is_cut_to_the_model(engine: Engine) -> None:
    prompt = Prompt("x = 1\n" * 2000, "y = 2\n" * 2000, context=(ContextFile("z.py", "z\n" * 500),))
    result = engine.complete("s", prompt, FREE)
    assert result.prompt_tokens <= engine.config.max_position_embeddings - FREE.max_tokens
    assert result.generated_tokens > 0


def test_a_budget_without_room_for_a_prompt_is_refused(engine: Engine) -> None:
    with pytest.raises(RequestError, match="room for"):
        engine.complete("s", PROMPT, GenerationParams(max_tokens=510))
    with pytest.raises(RequestError, match="at least one prompt id"):
        engine.generate_ids([], 3)
    with pytest.raises(RequestError, match="no more than 512"):
        engine.generate_ids([40] * 500, 13)


def test_sessions_are_few_and_can_be_dropped(engine: Engine) -> None:
    for number in range(MAX_SESSIONS + 3):
        engine.complete(f"s{number}", PROMPT, GenerationParams(max_tokens=1))
    assert engine.status()["sessions"] == MAX_SESSIONS
    engine.drop_sessions()
    assert (engine.status()["sessions"], engine.status()["kv_bytes"]) == (0, 0)


def test_status_is_json_and_counts_parameters_as_the_checkpoint_does(tmp_path: Path) -> None:
    raw = small_config(num_mtp_layers=1, mlp_layer_types=["dense", "sparse", "sparse", "dense"])
    engine = Engine.load(write_checkpoint(tmp_path / "tiny", raw, mtp=True))
    status = json.loads(json.dumps(engine.status()))
    expected = expected_tensors(engine.config, mtp=True)
    assert status["parameters"] == sum(torch.Size(shape).numel() for shape in expected.values())
    assert status["parameters"] == count_parameters(engine.model.weights)
    assert status["threads"] == list(threads_in_use())
    assert (status["model"], status["dtype"], status["device"], status["mtp"]) == (
        "tiny",
        "float32",
        "cpu",
        True,
    )


def test_bfloat16_on_disk_and_in_memory(tmp_path: Path) -> None:
    directory = write_checkpoint(tmp_path, dtype=torch.bfloat16)
    assert Engine.load(directory).model.dtype == torch.float32
    low = Engine.load(directory, dtype=torch.bfloat16)
    assert low.complete("s", PROMPT, FREE).generated_tokens > 0


def test_directories_that_are_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="no model directory"):
        Engine.load(tmp_path / "nothing")
    with pytest.raises(ModelNotFound, match=r"config\.json"):
        Engine.load(tmp_path)
    write_checkpoint(tmp_path, small_config(tokenizer_sha256="0" * 64))
    with pytest.raises(TokenizerError, match="wants sha256"):
        Engine.load(tmp_path)
    write_checkpoint(tmp_path, small_config(vocab_size=300))
    with pytest.raises(TokenizerError, match="the weights 300"):
        Engine.load(tmp_path)


def test_without_sentinels_completion_is_refused_but_generation_works(tmp_path: Path) -> None:
    write_checkpoint(tmp_path)
    raw = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    raw["added_tokens"] = [token for token in raw["added_tokens"] if "fim" not in token["content"]]
    (tmp_path / "tokenizer.json").write_text(json.dumps(raw), encoding="utf-8")
    engine = Engine.load(tmp_path)
    with pytest.raises(RequestError, match="no fill-in-the-middle tokens"):
        engine.complete("s", PROMPT, FREE)
    assert len(engine.generate_ids([40, 41], 3, ())) == 3


TALK = (Message("system", "Be brief."), Message("user", "def add(left, right):"))


@pytest.fixture
def talker(directory: Path, tmp_path: Path) -> Engine:
    for file in directory.iterdir():
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "chat_template.jinja").write_text(MELLUM_2_1, encoding="utf-8")
    return Engine.load(tmp_path, clock=Clock())


def chatted(engine: Engine, max_tokens: int = 24) -> tuple[str, str]:
    """The text of an answer, and what was shown of it while it grew."""
    shown: list[str] = []
    run = engine.begin_chat("talk", TALK, max_tokens, on_chunk=lambda chunk: shown.append(chunk.text))
    while (result := run.step()) is None:
        pass
    return result.text, "".join(shown)


def test_a_conversation_is_answered_as_its_ids_are(talker: Engine) -> None:
    assert talker.profile.chat is not None
    assert talker.status()["no_chat"] == ""
    ids = talker.generate_ids(talker.profile.chat.ids(TALK), 24)
    expected = talker.tokenizer.decode(i for i in ids if i not in talker.profile.stop_ids)
    assert chatted(talker) == (expected, expected)
    assert expected
    # Nothing of the prompt but its last token is computed again for the same question.
    run = talker.begin_chat("talk", TALK, 1)
    while (result := run.step()) is None:
        pass
    assert result.computed_tokens == 1 < result.prompt_tokens
    assert (result.generated_tokens, result.reason) == (1, "length")


def test_thoughts_are_not_shown(talker: Engine) -> None:
    chat = talker.profile.chat
    assert chat is not None
    ids = talker.generate_ids(chat.ids(TALK), 24, ())
    begin = next(i for i in range(2, 20) if ids.index(ids[i]) == i)
    end = next(i for i in range(begin + 1, 24) if ids.index(ids[i]) == i)
    chat.think_id, chat.end_of_think_id = ids[begin], ids[end]
    kept, thinking = [], False
    for number in ids:
        thinking = number == ids[begin] or (thinking and number != ids[end])
        if not thinking and number != ids[end]:
            kept.append(number)
    assert chatted(talker)[0] == talker.tokenizer.decode(kept)
    assert len(kept) < 23


def test_a_model_without_a_template_cannot_chat(engine: Engine) -> None:
    with pytest.raises(RequestError, match="cannot chat: it has no chat template"):
        engine.begin_chat("talk", TALK, 8)
    assert engine.status()["no_chat"] == "it has no chat template"


def test_a_conversation_that_does_not_fit_is_refused_whole(talker: Engine) -> None:
    with pytest.raises(RequestError, match="wanted no more than"):
        talker.begin_chat("talk", TALK, talker.max_positions)
    with pytest.raises(RequestError, match="the chat template cannot render"):
        talker.begin_chat("talk", (), 8)
