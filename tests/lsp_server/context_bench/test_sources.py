from pathlib import Path

from mellum_ls.lsp_server.context_bench.sources import MOST_BYTES, MOST_LINE, Sources
from tests.fakes.two_releases import OLD, write


def test_programs_are_read_and_their_definitions_found(tmp_path: Path) -> None:
    sources = Sources.read(write(tmp_path, OLD))
    assert list(sources.files) == ["shop/steps.py", "shop/stock.py", "shop/till.py"]
    [place] = sources.by_name["take_down"]
    assert (place.path, place.symbol.container, place.symbol.kind) == ("shop/stock.py", "Shelf", "method")
    assert "left" not in sources.by_name
    assert sources.symbols("shop/none.py") == ()


def test_what_a_function_defines_inside_is_its_own(tmp_path: Path) -> None:
    text = "def outer():\n    def inner():\n        class Deep:\n            pass\n    return inner\n"
    sources = Sources.read(write(tmp_path, {"a.py": text}))
    assert set(sources.by_name) == {"outer"}


def test_what_nobody_writes_is_left_out(tmp_path: Path) -> None:
    files = {
        "long.py": "x = 1 # " + "a" * MOST_LINE,
        "large.py": "x = 1\n" * (MOST_BYTES // 6 + 1),
        "null.py": "x = '\0'",
        ".hidden/a.py": "x = 1\n",
        "node_modules/a.js": "let x\n",
        "notes.txt": "x",
        "a.py": "x = 1\r\ny = 2\r",
    }
    write(tmp_path, files)
    (tmp_path / "latin.py").write_bytes(b"# \xe9\n")
    (tmp_path / "link.py").symlink_to(tmp_path / "a.py")
    sources = Sources.read(tmp_path)
    assert {path: source.text for path, source in sources.files.items()} == {"a.py": "x = 1\ny = 2\n"}


def test_only_the_paths_that_count_are_read_and_written(tmp_path: Path) -> None:
    root = write(tmp_path / "in", {"src/a.ts": "let a = 1\n", "dist/a.js": "let a\n", "main.js": "let m\n"})
    sources = Sources.read(root, ["src", "main.js", "absent"])
    assert list(sources.files) == ["main.js", "src/a.ts"]
    write(tmp_path / "out", {"stale.js": "let s\n"})
    sources.write(tmp_path / "out")
    assert Sources.read(tmp_path / "out").files == sources.files
