from pathlib import Path

import pytest
from huggingface_hub import scan_cache_dir, try_to_load_from_cache

from mellum_ls.runtime.checkpoints.hub_cache import HubModel, blob_path, find_snapshot, link, shown_name, write_ref
from tests.fakes.unprivileged import as_nobody

MODEL = HubModel("JetBrains/Mellum2-12B-A2.5B-Base")
COMMIT, OTHER = "a" * 40, "b" * 40


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("JetBrains/Mellum2-12B-A2.5B-Base", MODEL),
        ("a/b@refs/pr/1", HubModel("a/b", "refs/pr/1")),
        ("a/b@" + COMMIT, HubModel("a/b", COMMIT)),
        *((text, None) for text in ("a", "a/b/c", "/a/b", "../b", "a/..", "a b/c", "a/b@", "a/b@../x", "a--b/c", "")),
    ],
)
def test_names(text: str, parsed: HubModel | None) -> None:
    assert HubModel.parse(text) == parsed
    if parsed is not None:
        assert str(parsed) == text


def put(cache: Path, commit: str, *names: str) -> Path:
    folder = MODEL.folder(cache) / "snapshots" / commit
    for number, name in enumerate(names):
        blob = blob_path(MODEL, cache, f"{number:064x}")
        blob.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(b"{}")
        link(blob, folder / name)
    return folder


def test_the_layout_is_that_of_huggingface_hub(tmp_path: Path) -> None:
    folder = put(tmp_path, COMMIT, "tokenizer.json", "config.json")
    write_ref(MODEL, tmp_path, "main", COMMIT)
    write_ref(MODEL, tmp_path, COMMIT, COMMIT)
    assert try_to_load_from_cache(MODEL.id, "config.json", cache_dir=tmp_path) == str(folder / "config.json")
    (repo,) = scan_cache_dir(tmp_path).repos
    assert repo.repo_id == MODEL.id
    assert {name for revision in repo.revisions for name in revision.refs} == {"main"}
    assert find_snapshot(MODEL, tmp_path) == folder
    assert shown_name(folder) == MODEL.id
    assert shown_name(tmp_path / "mine") == "mine"


def test_a_snapshot_without_its_config_is_not_whole(tmp_path: Path) -> None:
    put(tmp_path, COMMIT, "tokenizer.json")
    write_ref(MODEL, tmp_path, "main", COMMIT)
    assert find_snapshot(MODEL, tmp_path) is None


def test_the_only_snapshot_is_meant_and_one_of_two_is_not(tmp_path: Path) -> None:
    assert find_snapshot(MODEL, tmp_path) is None
    folder = put(tmp_path, COMMIT, "config.json")
    assert find_snapshot(MODEL, tmp_path) == folder
    other = put(tmp_path, OTHER, "config.json")
    assert find_snapshot(MODEL, tmp_path) is None
    assert find_snapshot(HubModel(MODEL.id, OTHER), tmp_path) == other
    write_ref(MODEL, tmp_path, "v1/rc", COMMIT)
    assert find_snapshot(HubModel(MODEL.id, "v1/rc"), tmp_path) == folder


def test_a_damaged_ref_leads_nowhere(tmp_path: Path) -> None:
    put(tmp_path, COMMIT, "config.json")
    put(tmp_path, OTHER, "config.json")
    write_ref(MODEL, tmp_path, "main", COMMIT)
    ref = MODEL.folder(tmp_path) / "refs" / "main"
    for content in (b"../../../etc", b"", b"\xff"):
        ref.write_bytes(content)
        assert find_snapshot(MODEL, tmp_path) is None


def test_a_cache_that_may_not_be_read_has_nothing(tmp_path: Path) -> None:
    folder = put(tmp_path, COMMIT, "config.json")
    write_ref(MODEL, tmp_path, "main", COMMIT)
    folder.chmod(0)
    with as_nobody(tmp_path):
        assert find_snapshot(MODEL, tmp_path) is None
    folder.chmod(0o700)


def test_a_link_takes_the_place_of_what_was_there(tmp_path: Path) -> None:
    folder = put(tmp_path, COMMIT, "config.json")
    blob = blob_path(MODEL, tmp_path, "f" * 64)
    blob.write_bytes(b"new")
    link(blob, folder / "config.json")
    assert (folder / "config.json").read_bytes() == b"new"


def test_where_links_need_rights_it_is_a_second_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object) -> None:
        raise OSError("a required privilege is not held by the client")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    folder = put(tmp_path, COMMIT, "config.json")
    assert not (folder / "config.json").is_symlink()
    assert (folder / "config.json").stat().st_nlink == 2
