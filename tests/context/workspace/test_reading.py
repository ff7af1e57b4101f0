import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.context.privacy.gate import Gate
from mellum_ls.context.workspace.reading import Refused, Text, read


def gate_of(root: Path) -> Gate:
    return Gate(root, find_global=lambda _: None, clock=lambda: 0.0)


def read_bytes(root: Path, data: bytes, name: str = "a.py", **more: int) -> Text | Refused:
    (root / name).write_bytes(data)
    return read(name, gate_of(root), **more)


def test_a_file_is_read_with_its_size_and_time(tmp_path: Path) -> None:
    found = read_bytes(tmp_path, "x = 'é'\r\ny\rz\n".encode())
    assert found == Text("a.py", "x = 'é'\ny\nz\n", 14, (tmp_path / "a.py").stat().st_mtime_ns, 0)


def test_secrets_do_not_come_along(tmp_path: Path) -> None:
    found = read_bytes(tmp_path, b'x = 1\npassword = "hunter2!"\nurl = "ftp://u:pa55@h/"\n')
    assert isinstance(found, Text)
    assert found.text == 'x = 1\npassword = "<redacted>"\nurl = "ftp://u:<redacted>@h/"\n'
    assert found.redactions == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_encodings_that_are_sure_are_read(tmp_path: Path, encoding: str) -> None:
    text = "name = 'Jürgen'\n" * 3
    found = read_bytes(tmp_path, text.encode(encoding))
    assert isinstance(found, Text)
    assert found.text == text


def test_big_endian_and_cut_utf_16(tmp_path: Path) -> None:
    found = read_bytes(tmp_path, b"\xfe\xff" + "hé\n".encode("utf-16-be"))
    assert isinstance(found, Text)
    assert found.text == "hé\n"
    assert read_bytes(tmp_path, b"\xff\xfea\0b") == Refused("a.py", "is in no encoding that is known")
    assert read_bytes(tmp_path, b"\xff\xfea\0\0\0") == Refused("a.py", "is no text")
    assert read_bytes(tmp_path, b"\xef\xbb\xbf\xff") == Refused("a.py", "is in no encoding that is known")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"a\0b", "is no text"),
        (bytes(range(1, 256)) * 4, "is in no encoding that is known"),
        ("Привет, мир\n".encode("cp1251"), "is in no encoding that is known"),
        ("日本語のテキスト\n".encode("shift-jis"), "is in no encoding that is known"),
        (b"// @generated\nx", "says of itself that it is generated"),
        (b"x" * 20_000, "has a line of 20000 characters"),
    ],
)
def test_what_is_no_text_worth_reading_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    assert read_bytes(tmp_path, data) == Refused("a.py", reason)


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    assert read_bytes(tmp_path, b"x\n" * 50, max_bytes=99) == Refused("a.py", "has 100 bytes, more than 99")
    assert isinstance(read_bytes(tmp_path, b"x\n" * 50, max_bytes=100), Text)
    (tmp_path / "huge.py").write_bytes(b"")
    os.truncate(tmp_path / "huge.py", 1 << 40)
    assert read("huge.py", gate_of(tmp_path)) == Refused("huge.py", f"has {1 << 40} bytes, more than 1500000")


def test_a_file_that_says_less_of_its_size_than_it_has_is_not_read(tmp_path: Path) -> None:
    """As files of /proc do."""
    gate = Gate(Path("/proc/self"), find_global=lambda _: None)
    assert read("maps", gate, max_bytes=10) == Refused("maps", "has more than 10 bytes")


def test_what_the_gate_refuses_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("A=1")
    gate = gate_of(tmp_path)
    assert gate.refuses(".env")
    monkeypatch.delattr(os, "open")
    assert read(".env", gate) == Refused(".env", "holds environment values")
    assert read("../x", gate) == Refused("../x", "lies outside the workspace")


def test_folders_pipes_and_nothing_are_refused_without_waiting(tmp_path: Path) -> None:
    (tmp_path / "folder.py").mkdir()
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "a.py").write_text("")
    (tmp_path / "loop.py").symlink_to("loop.py")
    gate = gate_of(tmp_path)
    assert read("folder.py", gate) == Refused("folder.py", "is no file")
    assert read("pipe.py", gate) == Refused("pipe.py", "is no file")
    assert read("gone.py", gate) == Refused("gone.py", "is not there")
    assert read("a.py/x.py", gate) == Refused("a.py/x.py", "is not there")
    assert read("loop.py", gate) == Refused("loop.py", "is a link that leads nowhere")


def test_a_closed_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(13, "closed")

    (tmp_path / "a.py").write_text("")
    gate = gate_of(tmp_path)
    assert gate.refuses("a.py") is None
    # The tests may run as root, for whom nothing is closed.
    monkeypatch.setattr(os, "supports_dir_fd", set())
    monkeypatch.setattr(os, "open", refuse)
    assert read("a.py", gate) == Refused("a.py", "may not be opened")


def test_links_are_followed_inside_only(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "a.py").write_text("inside")
    (root / ".env").write_text("A=1")
    (tmp_path / "far.py").write_text("outside")
    links = {"in.py": "sub/a.py", "dir": "sub", "out.py": "../far.py", "up": "..", "env.py": ".env"}
    for name, target in links.items():
        (root / name).symlink_to(target)
    gate = gate_of(root)
    for path in ("in.py", "dir/a.py"):
        found = read(path, gate)
        assert isinstance(found, Text)
        assert found.text == "inside"
    for path in ("out.py", "up/far.py", "env.py"):
        assert isinstance(read(path, gate), Refused)


def exchange(place: Path, far: Path) -> None:
    """Put a link to something outside where a file or a folder of the workspace was."""
    place.rename(place.with_name("old"))
    place.symlink_to(far)


@pytest.mark.parametrize(("path", "outside"), [("x/a.py", "x"), ("a.py", "x/a.py")])
@pytest.mark.parametrize("moment", ["when the gate has been asked", "when it was found out where a link leads"])
def test_a_link_that_is_put_in_while_a_file_is_read_leads_nowhere(
    tmp_path: Path, moment: str, path: str, outside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, far = tmp_path / "root", tmp_path / "far"
    for folder in (root / "x", far / "x"):
        folder.mkdir(parents=True)
        (folder / "a.py").write_text("outside" if folder == far / "x" else "inside")
    (root / "a.py").write_text("inside")
    first = path.partition("/")[0]
    if moment == "when the gate has been asked":
        gate = gate_of(root)
        assert isinstance(read(path, gate), Text)
        asked: Any = gate.refuses
        place = root / first
        exchanging: tuple[object, str] = (gate, "refuses")
    else:
        (root / first).rename(root / "meant")
        (root / first).symlink_to("meant")
        gate = gate_of(root)
        assert isinstance(read(path, gate), Text)
        asked, place = os.path.realpath, root / "meant"
        exchanging = (os.path, "realpath")

    def too_early(*arguments: Any) -> Any:
        """What the real one says, and then what it has looked at is exchanged."""
        said = asked(*arguments)
        monkeypatch.undo()
        exchange(place, far / outside)
        return said

    monkeypatch.setattr(*exchanging, too_early)
    found = read(path, gate)
    assert not place.with_name("old").is_symlink(), "nothing was exchanged"
    assert place.is_symlink(), "nothing was exchanged"
    assert isinstance(found, Refused), "it was read from outside the workspace"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("root")


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=100).map(lambda text: text.encode("utf-8", "ignore"))))
def test_any_bytes_are_read_or_refused(root: Path, data: bytes) -> None:
    found = read_bytes(root, data)
    if isinstance(found, Text):
        assert "\0" not in found.text
        assert "\r" not in found.text
    else:
        assert found.reason
