"""Two windows typing at once into the embedded model: one process, all answers, and the same ones as alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from mellum_ls.runtime.client import launch
from mellum_ls.runtime.client.launch import RuntimeClient, RuntimeOptions
from mellum_ls.runtime.client.messages import Completed, CompletionRequest, TokenText
from mellum_ls.runtime.environment import model_directory
from tests.fakes.process_figures import processes_naming

NANO = model_directory(None)
BEFORE = "def total(numbers):\n    result = 0\n    for number in numbers:\n"
TYPED = "        result += number"
OTHER_BEFORE = "class Stack:\n    def __init__(self):\n        self.items = []\n\n"
OTHER_TYPED = "    def push(self, item):\n        self.it"


def request(before: str, session: str) -> CompletionRequest:
    return CompletionRequest(session, before, suffix="\n\nprint()\n", path="a.py", max_tokens=8)


async def complete(client: RuntimeClient, asked: CompletionRequest) -> Completed:
    pieces: list[str] = []
    async for item in client.complete(asked):
        if isinstance(item, TokenText):
            pieces.append(item.text)
        else:
            assert item.text == "".join(pieces)
            return item
    raise AssertionError("no end")


async def patiently(client: RuntimeClient, before: str, typed: str) -> dict[str, Completed]:
    """Type a key after each answer."""
    texts = [before + typed[:length] for length in range(len(typed) + 1)]
    return {text: await complete(client, request(text, "same name")) for text in texts}


async def hastily(client: RuntimeClient, before: str, typed: str) -> dict[str, Completed]:
    """Type all keys in bursts of three, waiting for nothing within a burst."""
    texts = [before + typed[:length] for length in range(len(typed) + 1)]
    answers = {}
    for start in range(0, len(texts), 3):
        burst = texts[start : start + 3]
        ends = await asyncio.gather(*(complete(client, request(text, "same name")) for text in burst))
        answers |= dict(zip(burst, ends, strict=True))
    return answers


@pytest.mark.skipif(not (NANO / "model.safetensors").exists(), reason="the embedded model has not been built")
def test_two_clients_typing_at_once_get_all_their_answers(tmp_path: Path) -> None:
    options = RuntimeOptions(tmp_path / "run", tmp_path / "cache", str(NANO), threads=1)

    async def run() -> None:
        first, second = RuntimeClient(options), RuntimeClient(options)
        patient, hasty = await asyncio.gather(
            patiently(first, BEFORE, TYPED), hastily(second, OTHER_BEFORE, OTHER_TYPED)
        )
        assert len(patient) == len(TYPED) + 1
        assert len(hasty) == len(OTHER_TYPED) + 1
        assert all(end.reason != "superseded" for end in patient.values())
        # Of a burst only the newest has to go to its end.
        newest = [end for index, end in enumerate(hasty.values()) if index % 3 == 2 or index == len(OTHER_TYPED)]
        assert all(end.reason != "superseded" for end in newest)
        superseded = sum(end.reason == "superseded" for end in hasty.values())
        assert superseded > len(OTHER_TYPED) / 3

        status = await first.status()
        assert status is not None
        assert processes_naming(str(options.address().socket_path)) == {status.pid}
        assert (status.clients, status.active, sum(status.queued.values())) == (2, 0, 0)
        assert (status.superseded, status.failed, status.cancelled) == (superseded, 0, 0)
        assert status.completed == len(patient) + len(hasty) - superseded

        alone = RuntimeClient(options)
        for text, end in [*list(patient.items())[::5], *list(hasty.items())[2::6]]:
            assert (await complete(alone, request(text, text))).text == end.text, "turns changed the answer"
        await asyncio.gather(first.close(), second.close(), alone.close())

    try:
        asyncio.run(run())
    finally:
        launch.stop(options)
    assert options.log_file(options.address()).read_text().count(" serving ") == 1
