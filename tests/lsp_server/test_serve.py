import asyncio
import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from mellum_ls.lsp_server import serve
from mellum_ls.lsp_server.model.runtime_backend import RuntimeBackend
from mellum_ls.lsp_server.reports import logs

HEAVY = ("torch", "numpy", "tokenizers", "safetensors", "transformers")


def test_the_server_and_its_backend_import_no_model_library() -> None:
    source = (
        "import sys, mellum_ls.lsp_server.cli, mellum_ls.lsp_server.serve as serve\n"
        f"early = [name for name in {(*HEAVY, 'msgpack')!r} if name in sys.modules]\n"
        "serve.resident_backend('.')\n"
        f"late = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "print(early, late)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] []"


def test_the_default_backend_is_the_resident_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MELLUM_RUNTIME_DIR", str(tmp_path))
    assert isinstance(serve.resident_backend(str(tmp_path)), RuntimeBackend)


def test_an_editor_that_is_not_there_is_one_line_and_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(logs, "configure", lambda level: None)
    with caplog.at_level(logging.ERROR):
        assert serve.run(serve.Connection(pipe=str(tmp_path / "none"))) == 2
    assert "cannot reach the editor" in caplog.text


def test_a_pipe_serves_like_stdio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "configure", lambda level: None)
    path = str(tmp_path / "editor")

    def message(**fields: object) -> bytes:
        body = json.dumps({"jsonrpc": "2.0", **fields}).encode()
        return b"Content-Length: %d\r\n\r\n" % len(body) + body

    async def editor() -> tuple[list[bytes], int]:
        received: list[bytes] = []

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(message(id=1, method="initialize", params={"capabilities": {}}))
            writer.write(message(id=2, method="shutdown"))
            writer.write(message(method="exit"))
            while line := await reader.readline():
                received.append(line)
            writer.close()

        async with await asyncio.start_unix_server(connected, path):
            command = [sys.executable, "-P", "-m", "mellum_ls.lsp_server", "serve", f"--pipe={path}"]
            process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
            return received, await process.wait()

    received, code = asyncio.run(editor())
    assert code == 0
    assert sum(line.count(b"Content-Length") for line in received) == 2
