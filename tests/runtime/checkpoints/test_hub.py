from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from mellum_ls.runtime.checkpoints.hub import Hub, is_wanted
from mellum_ls.runtime.checkpoints.hub_cache import HubModel
from mellum_ls.runtime.errors import DamagedDownload, HubUnavailable
from tests.fakes.hub import HubState, hub_server

MODEL = HubModel("JetBrains/Mellum2-12B-A2.5B-Base")
SHARD = "model.safetensors"


@pytest.fixture
def state() -> HubState:
    return HubState(MODEL.id, {SHARD: bytes(range(200)), "config.json": b"{}", "image.png": b"x", "a/b.json": b"{}"})


@pytest.fixture
def hub(state: HubState) -> Iterator[Hub]:
    with hub_server(state) as address:
        yield Hub(address + "/", timeout=10)


def test_what_a_revision_consists_of(state: HubState, hub: Hub) -> None:
    found = hub.ask(MODEL)
    assert found.commit == state.commit
    assert {file.name: (file.size, file.checksum) for file in found.files} == {
        SHARD: (200, state.etag(SHARD)),
        "config.json": (2, state.etag("config.json")),
    }
    assert len(state.etag(SHARD)) == 64
    assert len(state.etag("config.json")) == 40


def test_a_stream_begins_where_it_is_asked_to(hub: Hub) -> None:
    revision = hub.ask(MODEL)
    for start in (0, 150):
        with hub.stream(revision, revision.files[0], start) as (first, pieces):
            assert (first, b"".join(pieces)) == (start, bytes(range(start, 200)))


def test_a_hub_that_sends_another_part(state: HubState, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    revision = hub.ask(MODEL)
    state.files[SHARD] = bytes(200)
    file = revision.files[0]

    class Shifted(httpx2.BaseTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            return httpx2.Response(206, headers={"Content-Range": "bytes 7-199/200"}, content=b"x")

    client = httpx2.Client(transport=Shifted())
    monkeypatch.setattr("mellum_ls.runtime.checkpoints.hub.get_session", lambda: client)
    words = r"model\.safetensors: asked for the bytes from 100 on, the hub sends"
    with pytest.raises(DamagedDownload, match=words), hub.stream(revision, file, 100):
        pass


def test_each_refusal_is_one_line_with_its_remedy(state: HubState, hub: Hub) -> None:
    cases = [
        (HubModel("JetBrains/Mellum2-12B-A2.5B-Bsae"), r"is JetBrains/Mellum2-12B-A2\.5B-Base meant\?.*models list"),
        (HubModel("x/y"), r"has no model x/y, or it is private: `mellum-ls models list`"),
        (HubModel(MODEL.id, "v9"), r"has no revision 'v9': leave out --revision"),
    ]
    for model, words in cases:
        with pytest.raises(HubUnavailable, match=words) as caught:
            hub.ask(model)
        assert "\n" not in str(caught.value)
        assert caught.value.code == 3
    for status, words in ((500, "run the command again later"), (403, "hf auth login"), (429, "again later")):
        state.refuses["api"] = [status]
        with pytest.raises(HubUnavailable, match=rf"answers {status} .*{words}"):
            hub.ask(MODEL)


def test_a_repository_of_another_format(state: HubState, hub: Hub) -> None:
    state.files = {"m.gguf": b"x", "README.md": b""}
    with pytest.raises(HubUnavailable, match="has GGUF files only: take a repository with safetensors"):
        hub.ask(MODEL)
    state.files = {"README.md": b""}
    with pytest.raises(HubUnavailable, match="has no weights"):
        hub.ask(MODEL)


def test_a_hub_that_is_not_there_or_is_none() -> None:
    with pytest.raises(HubUnavailable, match=r"127\.0\.0\.1:1 cannot be reached \(ConnectError\).*HF_ENDPOINT"):
        Hub("http://127.0.0.1:1", timeout=5).ask(MODEL)


def test_files_that_belong_into_a_model_folder(tmp_path: Path) -> None:
    names = ("model-00001-of-00005.safetensors", "chat_template.jinja", "LICENSE", "x.gguf", "../a.json", "a\\b.json")
    assert [is_wanted(name) for name in names] == [True, True, True, False, False, False]
