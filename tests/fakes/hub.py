"""A hub on this machine: real HTTP, the routes and headers of huggingface.co, and the faults that networks have.

GET /api/models/ID/revision/REV?blobs=true, HEAD and GET /ID/resolve/REV/FILE with Range; large files lead, by a
redirect, to another path, as on the real one to a content network.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

LARGE = ".safetensors"


@dataclass
class HubState:
    """What is on the hub, what is to go wrong, and what was asked for."""

    model: str
    files: dict[str, bytes]
    commit: str = "1" * 40
    branches: tuple[str, ...] = ("main",)
    breaks: dict[str, list[int]] = field(default_factory=dict)
    """By file: after how many bytes of its content each coming answer breaks off."""
    damages: dict[str, int] = field(default_factory=dict)
    """By file: how many coming answers have a wrong byte."""
    refuses: dict[str, list[int]] = field(default_factory=dict)
    """By file, or "api": status codes of the coming answers."""
    ranges: bool = True
    served: Counter[str] = field(default_factory=Counter)
    """Bytes of content sent, by file."""
    requests: list[str] = field(default_factory=list)

    def etag(self, name: str) -> str:
        content = self.files[name]
        if name.endswith(LARGE):
            return hashlib.sha256(content).hexdigest()
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()

    def siblings(self) -> list[dict[str, object]]:
        listed: list[dict[str, object]] = []
        for name, content in self.files.items():
            sibling: dict[str, object] = {"rfilename": name, "size": len(content), "blobId": self.etag(name)[:40]}
            if name.endswith(LARGE):
                sibling["lfs"] = {"sha256": self.etag(name), "size": len(content), "pointerSize": 134}
            listed.append(sibling)
        return listed


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: HubState

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self, *, body: bool) -> None:
        state, path = self.state, urlsplit(self.path).path
        state.requests.append(f"{self.command} {path}")
        if path.startswith("/api/models/"):
            self._api(path)
            return
        *_, name = path.split("/")
        known = [f"/{state.model}/resolve/{revision}/{name}" for revision in (state.commit, *state.branches)]
        if path not in (*known, f"/cdn/{name}") or name not in state.files:
            self._fail(404, "EntryNotFound")
        elif state.refuses.get(name):
            self._fail(state.refuses[name].pop(0), "")
        elif name.endswith(LARGE) and not path.startswith("/cdn/"):
            self._head(302, 0, {**self._facts(name), "Location": f"/cdn/{name}"})
        else:
            self._file(name, body=body)

    def _api(self, path: str) -> None:
        state = self.state
        if state.refuses.get("api"):
            self._fail(state.refuses["api"].pop(0), "")
            return
        model, _, revision = path.removeprefix("/api/models/").partition("/revision/")
        if model != state.model:
            self._fail(404, "RepoNotFound")
        elif revision not in (*state.branches, state.commit):
            self._fail(404, "RevisionNotFound")
        else:
            content = json.dumps({"id": model, "sha": state.commit, "siblings": state.siblings()}).encode()
            self._head(200, len(content), {"Content-Type": "application/json"})
            self.wfile.write(content)

    def _file(self, name: str, *, body: bool) -> None:
        state, content, start = self.state, self.state.files[name], 0
        if state.damages.get(name, 0) > 0 and body:
            state.damages[name] -= 1
            content = content[:-1] + bytes([content[-1] ^ 1])
        wanted = self.headers.get("Range")
        headers = {**self._facts(name), "Accept-Ranges": "bytes"}
        if wanted and state.ranges:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        rest = content[start:]
        self._head(206 if "Content-Range" in headers else 200, len(rest), headers)
        if not body:
            return
        end = state.breaks[name].pop(0) if state.breaks.get(name) else len(content)
        sent = rest[: max(0, end - start)]
        # Before it is sent: who has all of a file must find it counted.
        state.served[name] += len(sent)
        self.wfile.write(sent)
        if end < len(content):
            self.wfile.flush()
            self.close_connection = True

    def _facts(self, name: str) -> dict[str, str]:
        return {
            "ETag": f'"{self.state.etag(name)}"',
            "X-Linked-Etag": f'"{self.state.etag(name)}"',
            "X-Linked-Size": str(len(self.state.files[name])),
            "X-Repo-Commit": self.state.commit,
        }

    def _fail(self, status: int, code: str) -> None:
        self._head(status, 0, {"X-Error-Code": code} if code else {})

    def _head(self, status: int, length: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in {"Content-Length": str(length), **headers}.items():
            self.send_header(key, value)
        self.end_headers()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is what the tests are about."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextmanager
def hub_server(state: HubState) -> Iterator[str]:
    """The address of a hub with this state, as long as the block lasts."""
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
