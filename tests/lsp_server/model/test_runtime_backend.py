import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mellum_ls.lsp_server.model.backend import BackendUnavailable, Done, Message, Piece, Query
from mellum_ls.lsp_server.model.runtime_backend import RuntimeBackend
from mellum_ls.runtime.client.launch import RuntimeOptions, stop
from tests.fakes.chat_templates import MELLUM_2_1
from tests.fakes.checkpoints import write_checkpoint

# Whole requests from an editor on, through a real model process, are in tests/e2e/.


def backend(tmp_path: Path, model: str) -> RuntimeBackend:
    return RuntimeBackend(RuntimeOptions(runtime_dir=tmp_path / "run", cache_dir=tmp_path / "c", model=model))


def test_a_model_that_is_not_there_is_unavailable_and_named(tmp_path: Path) -> None:
    async def run() -> None:
        missing = backend(tmp_path, str(tmp_path / "nowhere"))
        with pytest.raises(BackendUnavailable, match="nowhere"):
            async for _ in missing.complete(Query("s", "", "")):
                pass
        status = await missing.status()
        assert status.state == "failed"
        assert "nowhere" in status.last_error
        await missing.close()

    asyncio.run(run())


def test_asking_for_the_status_starts_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        idle = backend(tmp_path, str(tmp_path))
        assert (await idle.status()).state == "stopped"
        await idle.close()

    asyncio.run(run())
    assert not (tmp_path / "c").exists()


def test_what_was_read_ahead_is_not_computed_again_and_context_is_part_of_it(tmp_path: Path) -> None:
    model = write_checkpoint(tmp_path / "model")
    options = RuntimeOptions(
        runtime_dir=tmp_path / "run", cache_dir=tmp_path / "c", model=str(model), idle_seconds=60.0, threads=1
    )
    query = Query("s", "x = left", "\n", "a.py", (("b.py", "def left(a):\n    return a\n"),), max_tokens=3)

    async def run() -> None:
        warm = RuntimeBackend(options)
        assert await warm.prefill(query)
        # Another context, so that the two are told apart by what they cost.
        bare = await answer(warm, replace(query, session="other", context=()))
        whole = await answer(warm, query)
        assert whole.usage.prompt_tokens > bare.usage.prompt_tokens > 0
        assert whole.usage.computed_tokens <= 4 < whole.usage.prompt_tokens
        assert whole.usage.total_ms >= whole.usage.first_token_ms > 0
        await warm.close()

    try:
        asyncio.run(run())
    finally:
        stop(options)


async def answer(warm: RuntimeBackend, query: Query) -> Done:
    done = [item async for item in warm.complete(query) if isinstance(item, Done)]
    assert len(done) == 1
    return done[0]


def test_reading_ahead_without_a_model_is_unavailable(tmp_path: Path) -> None:
    async def run() -> None:
        missing = backend(tmp_path, str(tmp_path / "nowhere"))
        with pytest.raises(BackendUnavailable, match="nowhere"):
            await missing.prefill(Query("s", "", ""))
        await missing.close()

    asyncio.run(run())


def test_a_failure_that_is_tried_again_passes_and_has_one_cause(tmp_path: Path) -> None:
    async def run() -> None:
        fails = (sys.executable, "-c", "import sys; sys.exit('no device here')")
        model = str(write_checkpoint(tmp_path / "model"))
        options = RuntimeOptions(tmp_path / "run", tmp_path / "c", model, service=fails, clock=lambda: 0.0)
        failing = RuntimeBackend(options)
        await failing.warm()
        assert (await failing.status()).state == "starting"
        causes = []
        for _ in range(4):
            with pytest.raises(BackendUnavailable, match="no device here") as raised:
                await failing.prefill(Query("s", "", ""))
            assert raised.value.passing
            causes.append(raised.value.cause)
        assert "trying again" in str(raised.value)
        assert causes[2:] == causes[:2]
        status = await failing.status()
        assert (status.state, status.last_error) == ("stopped", causes[0])
        await failing.close()

    asyncio.run(run())


def test_a_model_that_is_not_there_does_not_pass(tmp_path: Path) -> None:
    async def run() -> None:
        missing = backend(tmp_path, str(tmp_path / "nowhere"))
        with pytest.raises(BackendUnavailable) as raised:
            await missing.prefill(Query("s", "", ""))
        assert not raised.value.passing
        assert raised.value.cause == str(raised.value)
        await missing.close()

    asyncio.run(run())


TALK = (Message("system", "Be brief."), Message("user", "def add(left, right):"))


def test_a_model_with_a_template_is_talked_to_and_one_without_says_why_not(tmp_path: Path) -> None:
    model = write_checkpoint(tmp_path / "model")
    options = RuntimeOptions(tmp_path / "run", tmp_path / "c", str(model), idle_seconds=60.0, threads=1)

    async def refused() -> None:
        bare = RuntimeBackend(options)
        assert await bare.why_no_chat() == "the model is not loaded"
        await answer(bare, Query("s", "x = ", ""))
        assert await bare.why_no_chat() == "the model cannot chat: it has no chat template"
        with pytest.raises(BackendUnavailable, match="the model model cannot chat: it has no chat template") as raised:
            async for _ in bare.chat(TALK, session="s", max_tokens=4):
                pass
        assert not raised.value.passing
        await bare.close()

    async def answered() -> None:
        warm = RuntimeBackend(options)
        items = [item async for item in warm.chat(TALK, session="s", max_tokens=6)]
        assert await warm.why_no_chat() == ""
        done = items.pop()
        assert isinstance(done, Done)
        assert done.text == "".join(item.text for item in items if isinstance(item, Piece))
        assert done.usage.generated_tokens > 0
        # What is predicted changes nothing but the time.
        *_, again = [item async for item in warm.chat(TALK, session="s", max_tokens=6, predicted=done.text)]
        assert isinstance(again, Done)
        assert again.text == done.text
        stream = warm.chat(TALK, session="s", max_tokens=400)
        assert isinstance(await anext(stream), Piece)
        await stream.aclose()
        async with asyncio.timeout(30):
            while (await warm.status()).details["active"]:
                pass
        assert (await warm.status()).details["cancelled"] == 1
        await warm.close()

    try:
        asyncio.run(refused())
        stop(options)
        (model / "chat_template.jinja").write_text(MELLUM_2_1, encoding="utf-8")
        asyncio.run(answered())
    finally:
        stop(options)
