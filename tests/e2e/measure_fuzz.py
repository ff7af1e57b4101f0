"""How a real server stands a storm of messages: nothing unanswered, nothing answered twice, no crash, no hang.

Run it with `python -m tests.e2e.measure_fuzz [MESSAGES] [SEED]`; a short form of it is in test_fuzz.py.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes.lsp_client import LspClient, Message, isolated_environment, server_process
from tests.fakes.message_storm import URIS, Storm
from tests.fakes.process_figures import activity, resident_mb

ERRATIC = (sys.executable, "-P", str(Path(__file__).parent.parent / "fakes" / "erratic_server.py"))
BATCHES = (1, 1, 1, 2, 5, 20, 80)
"""So many messages come at once: after few, requests get their answers; in many, one takes the place of another."""
FULL, SEED = 100_000, 1
STEPS, CALM_SECONDS = 10, 30.0


@dataclass
class Storming:
    """What came of one storm."""

    sent: Counter[str] = field(default_factory=Counter)
    """Messages by kind."""
    answers: Counter[str] = field(default_factory=Counter)
    """Answers to inline requests by outcome, other answers by error code."""
    silences: Counter[str] = field(default_factory=Counter)
    """Why the last request had got no suggestion, asked behind each batch."""
    due: int = 0
    """Answers that were due; each came exactly once, or the storm fails."""
    items: int = 0
    """Suggestions that were checked, those on the way included."""
    status: Message = field(default_factory=dict)
    """mellum/status after all documents were closed."""
    resident: list[float] = field(default_factory=list)
    """Memory of the server in 10**6 bytes: after the first batch, at each tenth of the way, and at the end."""
    longest_batch: float = 0.0
    """Seconds until a request behind a batch was answered, at worst."""
    seconds: float = 0.0
    cpu_seconds: float = 0.0


async def weather(folder: Path, count: int, seed: int) -> Storming:
    """Send `count` messages to a new server, a batch at a time. Raises AssertionError and TimeoutError."""
    result, storm, dice = Storming(), iter(Storm(seed)), random.Random(seed)
    start = time.perf_counter()
    async with server_process(ERRATIC, isolated_environment(folder, MELLUM_LOG_LEVEL="ERROR")) as client:
        client.configuration = lambda: _any_configuration(dice)
        _count_answers(client, result)
        capabilities = {"workspace": {"configuration": True}}
        await client.initialize({"streaming": True}, capabilities=capabilities, rootUri="file:///project")
        while (left := count - result.sent.total()) > 0:
            began = time.perf_counter()
            for _ in range(min(dice.choice(BATCHES), left)):
                message = next(storm)
                result.sent[message.kind] += 1
                client.referee.sent(message.body)
                client.send_bytes(message.frame)
            # A server that hangs leaves this unanswered, and the storm ends with a TimeoutError.
            said = await client.request("mellum/status")
            result.silences[said["result"]["reason"]] += 1
            result.longest_batch = max(result.longest_batch, time.perf_counter() - began)
            if result.sent.total() * STEPS >= count * len(result.resident):
                result.resident.append(resident_mb(client.process.pid))
        await _calm(client)
        result.status = (await client.request("mellum/status"))["result"]
        result.resident.append(resident_mb(client.process.pid))
        result.cpu_seconds = activity(client.process.pid).cpu_seconds
        assert await client.shut_down() == 0
        result.due = client.referee.expected.total()
        result.items = client.referee.items
        assert client.referee.answers == client.referee.expected
    result.seconds = time.perf_counter() - start
    return result


async def _calm(client: LspClient) -> None:
    """Close every document, which ends what hangs, and wait until nothing is owed."""
    opened = {*URIS, *client.referee.documents}
    for uri in sorted(opened):
        client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    deadline = time.monotonic() + CALM_SECONDS
    while owed := client.referee.unanswered:
        said = await client.request("mellum/status")
        assert time.monotonic() < deadline, f"never answered: {owed}, {said['result']}"


def _any_configuration(dice: random.Random) -> Message:
    error = {"code": -32601, "message": "no"}
    good: Message = {"result": [{"enable": True, "streaming": True}]}
    return dice.choice([good, {"result": [None]}, {"result": None}, {"result": 7}, {"result": []}, {"error": error}])


def _count_answers(client: LspClient, result: Storming) -> None:
    """Have each answer counted as it comes."""
    judge = client.referee.received

    def received(message: Any) -> None:
        if "method" not in message:
            answer = message.get("result")
            if "error" in message:
                result.answers[f"error {message['error']['code']}"] += 1
            elif isinstance(answer, dict) and "items" in answer:
                result.answers["a suggestion" if answer["items"] else "no suggestion"] += 1
            else:
                result.answers["another result"] += 1
        judge(message)

    client.referee.received = received  # type: ignore[method-assign]


def report(result: Storming) -> str:
    """The figures, a line each."""
    total = result.sent.total()
    lines = [
        f"{total} messages in {result.seconds:.1f} s ({result.cpu_seconds:.1f} s of the server's processor time)",
        f"{result.due} answers due, each came exactly once; {result.items} suggestions checked",
        f"a request behind a batch of up to {max(BATCHES)} waited at most {result.longest_batch * 1e3:.0f} ms",
        "resident memory in MB, from the first batch to the end: "
        + " ".join(f"{each:.1f}" for each in result.resident),
        f"documents {result.status['documents']}, active {result.status['active']} after all were closed",
        "answers: " + ", ".join(f"{name} {number}" for name, number in result.answers.most_common()),
        "reasons for silence, behind each batch: "
        + ", ".join(f"{name or 'none'} {number}" for name, number in result.silences.most_common()),
        "sent: " + ", ".join(f"{name or 'empty method'} {number}" for name, number in sorted(result.sent.items())),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    count, seed = [int(argument) for argument in sys.argv[1:3]] + [FULL, SEED][len(sys.argv[1:3]) :]
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(report(asyncio.run(weather(Path(folder), count, seed))))
