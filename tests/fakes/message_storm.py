"""A seeded storm of messages as no editor sends them: valid, half-valid, cancelled, repeated, garbled.

Knows what the messages look like; who is to make what of them is others' business.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

URIS = (
    "file:///project/a.py",
    "file:///project/b.rs",
    "file:///project/deep/er/c%20d.ts",
    "file:///project/.env",
    "file:///project/id_rsa",
    "file:///C%3A/project/e.go",
    "untitled:Untitled-1",
    "vscode-notebook-cell:/project/n.ipynb#X10",
    "",
    "file://%ZZ/\u0000",
    "file:///project/" + "long" * 500,
    "🎉",
)
TEXTS = (
    "",
    "x = ",
    "def f(a, b):\n    return ",
    "fn main() {\r\n    let x = (\r\n}\r\n",
    "a\rb\r\nc\nd\u2028e\x0bf\x85g",
    "🎉 = '語' + \"é\"\n\t🎉🎉(\n",
    "\ud83d lone\n",
    "<fim_middle><|endoftext|>\n<fim_suffix> = ",
    "\n" * 40,
    "word " * 800,
    'if (x) {\n\tfoo([1, 2], "a")\n\t}\n',
    "    \t  ",
    "\r",
)
NUMBERS = (0, 0, 0, 1, 1, 2, 3, 4, 5, 8, 11, 17, 40, 99, -1, -7, 1 << 31, 1 << 40)
JUNK = (None, True, False, 0, -1, 1.5, 1e308, "", "x", [], {}, [None], [[]], {"uri": 1}, "\ud800", 1 << 70)
MAX_LINE = 60_000
"""A reader may take less than this for a header line."""
HEADER_NOISE = (
    b"X-Trace: 1\r\n",
    b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n",
    b"no header at all\r\n\r\n",
    b"\r\n\r\n",
    b"Content-Length: many\r\n\r\n",
    b"Content-Length: -5\r\n\r\n",
    b"Content-Length: 0\r\n\r\n",
    b"\xff\xfe\x00\r\n",
    b"y" * 70_000 + b"\r\n",
)


@dataclass(frozen=True)
class Message:
    """One thing to send: `body` is what a reader of the framing gets, `frame` the bytes on the wire."""

    kind: str
    body: bytes
    frame: bytes


class Storm:
    """Messages without end; equal seeds give equal messages."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._count = 0
        self._recent: list[int | str] = []
        kinds: list[tuple[int, Callable[[], Json]]] = [
            (10, self._open),
            (18, self._change),
            (2, self._close),
            (24, self._inline),
            (4, self._next_edit),
            (8, self._cancel),
            (3, self._status),
            (3, self._move),
            (3, self._settings),
            (1, self._folders),
            (3, self._notebook),
            (4, self._unknown),
            (1, self._initialize),
            (2, self._response),
        ]
        self._makers = [maker for _, maker in kinds]
        self._weights = [weight for weight, _ in kinds]

    def __iter__(self) -> Iterator[Message]:
        while True:
            yield self.next()

    def next(self) -> Message:
        """The next message."""
        self._count += 1
        chance = self._dice.random()
        if chance < 0.04:
            return self._garbage()
        message = self._dice.choices(self._makers, self._weights)[0]()
        kind = message.get("method") or "response"
        if chance < 0.24:
            kind += " (spoiled)"
            _spoil(self._dice, message)
        body = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=self._dice.random() < 0.5)
        return self._framed(kind, body.encode("utf-8", "surrogatepass"))

    def _framed(self, kind: str, body: bytes) -> Message:
        name = self._dice.choice([b"Content-Length: ", b"Content-Length: ", b"content-length:", b"CONTENT-LENGTH:  "])
        head = name + b"%d\r\n\r\n" % len(body)
        chance = self._dice.random()
        if chance < 0.03:
            return Message(f"{kind} behind noise", body, self._dice.choice(HEADER_NOISE) + head + body)
        if chance < 0.035 and b"\n" not in body and 20 < len(body) < MAX_LINE:
            # Announced too short: what is left over stands before the next header, on one line with it.
            short = self._dice.randrange(5, len(body) - 1)
            head = name + b"%d\r\n\r\n" % short
            return Message("cut short", body[:short], head + body)
        return Message(kind, body, head + body)

    def _garbage(self) -> Message:
        dice = self._dice
        whole = json.dumps({"jsonrpc": "2.0", "id": self._new_id(), "method": "mellum/status", "params": {}})
        bodies: list[tuple[str, bytes]] = [
            ("broken JSON", whole[: dice.randrange(1, len(whole))].encode()),
            ("UTF-16 body", whole.encode("utf-16")),
            ("Latin-1 body", '{"é": "ü"}'.encode("latin-1")),
            ("not UTF-8", bytes(dice.randrange(256) for _ in range(40)) + b"\xff"),
            ("deep nesting", b'{"a":' * 50_000),
            ("a number too long", b'{"jsonrpc": "2.0", "id": ' + b"9" * 5_000 + b', "method": "a"}'),
            ("batch", json.dumps([json.loads(whole)]).encode()),
            ("scalar", dice.choice([b"1", b'"a"', b"null", b"true", b"NaN", b"[]", b"{}"])),
            ("no version", json.dumps({"id": self._new_id(), "method": "mellum/status"}).encode()),
            ("wrong version", json.dumps({"jsonrpc": 2, "id": self._new_id(), "method": "shutdown"}).encode()),
            ("no usable id", json.dumps({"jsonrpc": "2.0", "id": self._junk_id(), "method": "mellum/status"}).encode()),
            ("no method name", json.dumps({"jsonrpc": "2.0", "id": self._new_id(), "method": 7}).encode()),
            ("key twice", b'{"jsonrpc": "2.0", "method": "mellum/status", "id": 1.5, "id": null}'),
        ]
        return self._framed(*dice.choice(bodies))

    def _junk_id(self) -> object:
        return self._dice.choice([None, True, 1.5, [], {}, [1]])

    def _new_id(self) -> int | str:
        number = 1_000_000 + self._count
        made: int | str = self._dice.choice([number, -number, f"id-{number}", f"🎉{number}", str(number)])
        self._recent = [*self._recent[-30:], made]
        return made

    def _request(self, method: str, params: object) -> Json:
        # Now and then an id that is, or was just, in use.
        again = self._recent and self._dice.random() < 0.03
        number = self._dice.choice(self._recent) if again else self._new_id()
        return {"id": number, "method": method, "params": params}

    def _place(self) -> Json:
        return {"line": self._dice.choice(NUMBERS), "character": self._dice.choice(NUMBERS)}

    def _range(self) -> Json:
        start = self._place()
        if self._dice.random() < 0.5:
            return {"start": start, "end": dict(start)}
        return {"start": start, "end": self._place()}

    def _document(self) -> Json:
        # The first ones come often, so that there is something to complete.
        uri = self._dice.choice(URIS[:3]) if self._dice.random() < 0.6 else self._dice.choice(URIS)
        return {"uri": uri, "version": self._count}

    def _open(self) -> Json:
        text = "".join(self._dice.choices(TEXTS, k=self._dice.choice([1, 1, 2, 3])))
        document = {**self._document(), "languageId": self._dice.choice(["python", "rust", "", "x"]), "text": text}
        return {"method": "textDocument/didOpen", "params": {"textDocument": document}}

    def _change(self) -> Json:
        changes: list[Json] = []
        for _ in range(self._dice.choice([1, 1, 1, 2, 5, 0])):
            change: Json = {"text": self._dice.choice([*TEXTS[:6], "a", ")", " ", "é🎉", "\n"])}
            if self._dice.random() < 0.9:
                change["range"] = self._range()
            changes.append(change)
        return {
            "method": "textDocument/didChange",
            "params": {"textDocument": self._document(), "contentChanges": changes},
        }

    def _close(self) -> Json:
        return {"method": "textDocument/didClose", "params": {"textDocument": {"uri": self._dice.choice(URIS)}}}

    def _inline(self) -> Json:
        dice = self._dice
        context: Json = {"triggerKind": dice.choice([1, 2, 2, 2, 0, 9])}
        params: Json = {"textDocument": self._document(), "position": self._place(), "context": context}
        if dice.random() < 0.2:
            text = dice.choice(["print", "x", "", "語🎉", "a\nb", "f("])
            span = self._range()
            if dice.random() < 0.7:
                line, character = params["position"]["line"], params["position"]["character"]
                span = {
                    "start": {"line": line, "character": max(0, character - dice.randrange(4))},
                    "end": {"line": line, "character": character + dice.randrange(3)},
                }
            context["selectedCompletionInfo"] = {"text": text, "range": span}
        if dice.random() < 0.3:
            params["partialResultToken"] = f"token-{self._count}"
        if dice.random() < 0.2:
            params["formattingOptions"] = {"tabSize": dice.choice([2, 4, 8]), "insertSpaces": dice.random() < 0.5}
        if dice.random() < 0.2:
            params["workDoneToken"] = self._count
        if dice.random() < 0.05:
            del params["context"]
        return self._request("textDocument/inlineCompletion", params)

    def _next_edit(self) -> Json:
        # Mostly without a version, since no other is answered with anything.
        document: Json = {**self._document(), "version": self._dice.choice([*NUMBERS[:3], *[None] * 6])}
        params = {"textDocument": document, "position": self._place(), "context": {"triggerKind": 2}}
        return self._request(self._dice.choice(["textDocument/copilotInlineEdit", "mellum/nextEdit"]), params)

    def _cancel(self) -> Json:
        known = self._recent or [1]
        number = self._dice.choice([*known[-4:], *known[-4:], self._count, "never", None, 1.5, []])
        return {"method": "$/cancelRequest", "params": {"id": number}}

    def _status(self) -> Json:
        return self._request("mellum/status", self._dice.choice([{}, None]))

    def _move(self) -> Json:
        return {"method": "mellum/didMoveCursor", "params": {"textDocument": self._document(), "range": self._range()}}

    def _settings(self) -> Json:
        dice = self._dice
        settings: object = dice.choice(
            [
                None,
                {"mellum": {"enable": dice.random() < 0.85, "streaming": True}},
                {"enable": True, "maxLines": dice.randrange(1, 60), "prefixChars": dice.randrange(64, 9_000)},
                {
                    "suffixChars": dice.randrange(0, 99),
                    "prefixLines": dice.randrange(1, 9),
                    "warmUp": dice.random() < 0.5,
                },
                {"mellum": {"pinnedFiles": ["missing.py", "../x", ""], "pinnedChars": 0}},
                {"mellum": {"model": dice.choice(["", "/no/model"])}},
                {"mellum": {"enable": "yes", "maxLines": -1, f"unknown-{dice.randrange(5)}": 1}},
                copy.deepcopy(dice.choice(JUNK)),
            ]
        )
        return {"method": "workspace/didChangeConfiguration", "params": {"settings": settings}}

    def _folders(self) -> Json:
        folders = [{"uri": uri, "name": "x"} for uri in self._dice.choices(["file:///project", "file:///", ""], k=2)]
        event = {"added": folders[:1], "removed": folders[1:]}
        return {"method": "workspace/didChangeWorkspaceFolders", "params": {"event": event}}

    def _notebook(self) -> Json:
        what = self._dice.choice(["didOpen", "didChange", "didSave", "didClose"])
        cell = {"kind": 2, "document": URIS[7]}
        item = {"uri": URIS[7], "languageId": "python", "version": 1, "text": self._dice.choice(TEXTS)}
        notebook = {"uri": "file:///project/n.ipynb", "notebookType": "jupyter-notebook", "version": 1, "cells": [cell]}
        change = {"cells": {"textContent": [{"document": {"uri": URIS[7], "version": 2}, "changes": [{"text": "x"}]}]}}
        params = {
            "notebookDocument": notebook,
            "cellTextDocuments": [item],
            "change": change,
        }
        return {"method": f"notebookDocument/{what}", "params": params}

    def _unknown(self) -> Json:
        method = self._dice.choice(
            ["no/such", "$/such", "textDocument/hover", "$/setTrace", "", "workspace/executeCommand"]
        )
        params = self._dice.choice([{}, None, {"value": "off"}, []])
        if self._dice.random() < 0.5:
            return {"method": method, "params": params}
        return self._request(method, params)

    def _initialize(self) -> Json:
        return self._request("initialize", {"processId": None, "capabilities": {}})

    def _response(self) -> Json:
        number = self._dice.choice(["mellum-ls-1", 1, None, "x", [], *self._recent[-2:]])
        end = self._dice.choice([{"result": [{"mellum": 1}]}, {"error": {"code": 1, "message": "no"}}, {}])
        return {"id": number, **end}


def _spoil(dice: random.Random, message: Json) -> None:
    """Put something else in a random place of the params, or take it out."""
    if "params" not in message:
        return
    place: Any = message
    key: Any = "params"
    while True:
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or dice.random() < 0.15:
            break
        place, key = inner, dice.choice(list(inner)) if isinstance(inner, dict) else dice.randrange(len(inner))
    if isinstance(place, dict) and dice.random() < 0.3:
        del place[key]
    else:
        place[key] = copy.deepcopy(dice.choice(JUNK))
