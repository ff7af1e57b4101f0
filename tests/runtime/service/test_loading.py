from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mellum_ls.runtime.client import launch
from mellum_ls.runtime.client.launch import RuntimeClient, RuntimeOptions
from mellum_ls.runtime.client.messages import ChatRequest, Completed, CompletionRequest, TokenText
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.errors import ModelNotFound, SettingError
from mellum_ls.runtime.fim import ContextFile, Prompt
from mellum_ls.runtime.generate import GenerationParams
from mellum_ls.runtime.service.loading import load_engine
from tests.fakes.chat_templates import MELLUM_2_1
from tests.fakes.checkpoints import write_checkpoint
from tests.fakes.process_figures import wait_for_end

REQUEST = CompletionRequest(
    session="s",
    prefix="def add(left, right):\n    return ",
    suffix="\n",
    path="a.py",
    context=(("b.py", "x = 1\n"),),
    repository="r",
    max_tokens=12,
    stop="none",
)


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def expected(model_dir: Path) -> str:
    prompt = Prompt(REQUEST.prefix, REQUEST.suffix, "a.py", (ContextFile("b.py", "x = 1\n"),), "r")
    result = Engine.load(model_dir).complete("t", prompt, GenerationParams(12, "none"))
    assert result.generated_tokens > 0
    return result.text


def test_the_adapter_gives_what_the_engine_gives(model_dir: Path, expected: str) -> None:
    threads = torch.get_num_threads()
    engine = load_engine(model_dir, threads)
    pieces: list[str] = []
    run = engine.begin(REQUEST, pieces.append)
    num_steps, done = 1, run.step()
    while done is None:
        num_steps, done = num_steps + 1, run.step()
    assert done.text == "".join(pieces) == expected
    assert num_steps > done.usage.generated_tokens > 0
    assert 0 < done.usage.first_token_ms <= done.usage.total_ms
    assert done.usage.computed_tokens == done.usage.prompt_tokens > 0
    assert engine.begin(REQUEST, pieces.append).cancel().reason == "cancelled"
    assert engine.status()["requests"] == 2
    assert (engine.status()["sessions"], engine.status()["kv_bytes"]) > (0, 0)
    engine.drop_cache()
    assert (engine.status()["sessions"], engine.status()["kv_bytes"]) == (0, 0)


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_threads_are_the_given_ones_or_the_default(model_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(4)), raising=False)
    load_engine(model_dir, 2)
    assert torch.get_num_threads() == 2
    load_engine(model_dir, None)
    assert torch.get_num_threads() == 3


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="gone"):
        load_engine(tmp_path / "gone", None)


def test_the_real_process_gives_what_the_engine_gives(tmp_path: Path, model_dir: Path, expected: str) -> None:
    options = RuntimeOptions(tmp_path / "run", tmp_path / "cache", str(model_dir), threads=1)

    async def run() -> None:
        client = RuntimeClient(options)
        *pieces, last = [item async for item in client.complete(REQUEST)]
        assert isinstance(last, Completed)
        assert last.text == expected
        assert last.text == "".join(piece.text for piece in pieces if isinstance(piece, TokenText))
        *_, again = [item async for item in client.complete(replace(REQUEST, prefix=REQUEST.prefix + "left"))]
        assert isinstance(again, Completed)
        assert again.usage.computed_tokens < again.usage.prompt_tokens
        status = await client.status()
        assert status is not None
        assert (status.state, status.engine["requests"]) == ("ready", 2)
        await client.close()

    asyncio.run(run())
    assert launch.stop(options)
    log = options.log_file(options.address()).read_text()
    assert "def add" not in log
    assert "ended" in log


def test_the_cache_stays_within_its_limit(model_dir: Path) -> None:
    limit = 1_200_000
    engine = load_engine(model_dir, 1, limit)
    for number in range(5):
        run = engine.begin(replace(REQUEST, session=str(number), prefix=f"value_{number} = " + REQUEST.prefix), str)
        while run.step() is None:
            pass
        held = engine.status()["kv_bytes"]
        assert isinstance(held, int)
        assert 0 < held <= limit


def test_a_limit_that_leaves_no_room_says_what_would(model_dir: Path) -> None:
    with pytest.raises(SettingError, match=r"MELLUM_CACHE_MB leaves room for \d+ tokens.*set it to 1 or more"):
        load_engine(model_dir, 1, 100_000)
    load_engine(model_dir, 1, 10**6)


def test_a_warm_up_says_nothing_and_leaves_the_next_request_little_to_compute(model_dir: Path) -> None:
    engine, pieces = load_engine(model_dir, 1), list[str]()

    def complete(request: CompletionRequest) -> Completed:
        run = engine.begin(request, pieces.append)
        while (done := run.step()) is None:
            pass
        return done

    warm = complete(replace(REQUEST, priority="warm_up"))
    assert (warm.text, warm.reason, warm.usage.generated_tokens, pieces) == ("", "warm", 0, [])
    assert warm.usage.computed_tokens == warm.usage.prompt_tokens > 0
    assert complete(REQUEST).usage.computed_tokens == 1


def test_sigterm_lets_the_real_process_answer_first(tmp_path: Path, model_dir: Path) -> None:
    options = RuntimeOptions(tmp_path / "run", tmp_path / "cache", str(model_dir), threads=1)

    async def run() -> None:
        client = RuntimeClient(options)
        stream = client.complete(REQUEST)
        first = await anext(stream)
        status = await client.status()
        assert status is not None
        os.kill(status.pid, signal.SIGTERM)
        *_, last = [first, *[item async for item in stream]]
        assert isinstance(last, Completed)
        assert last.reason in ("stop", "length", "loop")
        await client.close()
        await asyncio.to_thread(wait_for_end, status.pid)

    asyncio.run(run())
    assert not options.address().socket_path.exists()
    assert launch.status(options) is None


def test_the_wanted_format_is_taken_and_kept(model_dir: Path, tmp_path: Path) -> None:
    assert load_engine(model_dir, 1, cache_dir=tmp_path, format="int4").status()["format"] == "int4"
    assert [path.name for path in tmp_path.glob("packed/*/*.safetensors")] == ["int4.safetensors"]
    assert load_engine(model_dir, 1, cache_dir=tmp_path).status()["format"] == "float"


def test_a_predicted_text_saves_passes_and_changes_nothing(model_dir: Path, expected: str, tmp_path: Path) -> None:
    engine = load_engine(model_dir, torch.get_num_threads(), cache_dir=tmp_path, drafting=None)
    costs = list((tmp_path / "costs").iterdir())
    assert len(costs) == 1
    steps = {}
    for predicted in ("", expected):
        run, pieces = engine.begin(replace(REQUEST, predicted=predicted), lambda text: None), 0
        done = run.step()
        while done is None:
            pieces, done = pieces + 1, run.step()
        assert done.text == expected
        steps[predicted] = pieces
        engine.drop_cache()
    assert steps[expected] < steps[""]
    drafting = engine.status()["drafting"]
    assert isinstance(drafting, dict)
    assert drafting["available"] == ["remainder", "suffix"], "this checkpoint has no MTP layer"
    assert drafting["accepted"] > 0


def test_a_turn_of_a_conversation_that_is_predicted_takes_fewer_passes_too(model_dir: Path, tmp_path: Path) -> None:
    for file in model_dir.iterdir():
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "chat_template.jinja").write_text(MELLUM_2_1, encoding="utf-8")
    engine = load_engine(tmp_path, torch.get_num_threads(), cache_dir=tmp_path / "cache")
    request = ChatRequest("talk", (("user", "def add(left, right):"),), 16)
    told, steps = "", []
    for _ in range(2):
        run, count = engine.begin(replace(request, predicted=told), lambda text: None), 0
        while (done := run.step()) is None:
            count += 1
        assert done.text == (told or done.text) != ""
        told, steps = done.text, [*steps, count]
        engine.drop_cache()
    assert steps[1] < steps[0]
