"""What the embedded model makes of text that looks like its own special tokens, and whether it ever shows one."""

import asyncio
import re
from pathlib import Path

import pytest

from mellum_ls.runtime.client import launch
from mellum_ls.runtime.client.launch import RuntimeOptions
from mellum_ls.runtime.environment import model_directory, read_environment
from tests.fakes.item_rules import special_tokens
from tests.fakes.lsp_client import LspClient, inline_params, isolated_environment, server_process

NANO = model_directory(None)
SOURCES = sorted(Path(launch.__file__).parents[1].glob("*.py"))[:3]

pytestmark = pytest.mark.skipif(
    not (NANO / "model.safetensors").exists(), reason="the embedded model has not been built"
)


async def shown(client: LspClient, uri: str, text: str, line: int, character: int) -> list[str]:
    client.open(uri, text)
    answer = await client.request("textDocument/inlineCompletion", inline_params(uri, line, character))
    return [item["insertText"] for item in answer["result"]["items"]]


async def converse(client: LspClient) -> None:
    # Text that holds the tokens: were one read as a token, the prompt would be another and the text copied elsewhere.
    copied, tokens = 0, special_tokens()[::4]
    for number, token in enumerate(tokens):
        text = f"TOKENS = ['{token}', '{token}']\nfirst = TOKENS[0]  # {token}\nsecond = TOKENS"
        for suggestion in await shown(client, f"file:///project/{number}.py", text, 2, 15):
            copied += token in suggestion
    assert copied > len(tokens) / 3, "the model has not seen the tokens as text"

    # Ordinary code to the end of a file, where a model is most likely to write its end token. That none is shown is
    # the business of the client's referee.
    texts = 0
    for number, path in enumerate(SOURCES):
        lines = [line for line in path.read_text(encoding="utf-8").split("\n") if not re.search(r"<\W?\w+\W?>", line)]
        suggestions = await shown(client, f"file:///project/s{number}.py", "\n".join(lines), len(lines) - 1, 0)
        texts += len(suggestions)
        cut = len(lines) // 2
        texts += len(await shown(client, f"file:///project/c{number}.py", "\n".join(lines[:cut]) + "\n", cut, 0))
    assert texts > len(SOURCES) / 2


def test_special_tokens_in_a_users_text_are_text_and_none_is_ever_shown(tmp_path: Path) -> None:
    environment = isolated_environment(tmp_path, MELLUM_MODEL=str(NANO), MELLUM_THREADS="1")

    async def run() -> None:
        async with server_process(env=environment) as client:
            await client.initialize(
                {"maxTokens": 12, "prefixChars": 1_500, "suffixChars": 0, "warmUp": False}, rootUri="file:///project"
            )
            await converse(client)
            assert await client.shut_down() == 0

    try:
        asyncio.run(run())
    finally:
        launch.stop(RuntimeOptions.of(read_environment(environment)))
