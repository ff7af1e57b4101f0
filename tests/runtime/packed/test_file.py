import stat
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mellum_ls.runtime.packed.file import Unusable, Writer, read_whole
from mellum_ls.runtime.packed.layout import Layout

PARTS = [
    [("embedding", torch.randn(5, 3).bfloat16()), ("norm", torch.randn(3))],
    [("layers.0.data", torch.randint(-9, 9, (7, 3), dtype=torch.int8)), ("layers.0.scale", torch.randn(7))],
    [("layers.1.data", torch.randint(-9, 9, (2, 16), dtype=torch.int32))],
]
LAYOUT = Layout.of([pair for part in PARTS for pair in part], {"source": "a"})


def write(path: Path, parts: int = 3, layout: Layout = LAYOUT) -> Writer:
    writer = Writer(path, layout)
    for part in PARTS[writer.done : parts]:
        writer.write(part)
    return writer


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    write(tmp_path / "partial").finish(tmp_path / "whole")
    return tmp_path / "whole"


def test_what_is_read_is_what_was_written_and_lies_where_it_is_fast(whole: Path) -> None:
    seen: list[tuple[int, int]] = []
    found = read_whole(whole, LAYOUT, lambda done, total: seen.append((done, total)))
    for part in PARTS:
        for name, tensor in part:
            assert found[name].equal(tensor)
            assert found[name].data_ptr() % 64 == 0
    assert seen[-1] == (LAYOUT.size - LAYOUT.data_start,) * 2
    assert stat.S_IMODE(whole.stat().st_mode) == 0o600
    assert not (whole.parent / "partial").exists()


def test_writing_to_the_tensors_changes_no_file(whole: Path) -> None:
    before = whole.read_bytes()
    read_whole(whole, LAYOUT)["norm"].fill_(7)
    assert whole.read_bytes() == before


def test_an_unfinished_file_goes_on_where_it_ended(tmp_path: Path, whole: Path) -> None:
    path = tmp_path / "partial"
    write(path, 2).close()
    with pytest.raises(Unusable):
        read_whole(path, LAYOUT)
    again = Writer(path, LAYOUT)
    assert again.done == 2
    again.write(PARTS[2])
    again.finish(path)
    assert path.read_bytes() == whole.read_bytes()


def test_a_part_that_is_not_whole_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "partial"
    write(path, 2).close()
    start, end = LAYOUT.parts[1]
    with path.open("r+b") as file:  # a checksum that reached the disk before its bytes
        file.seek(start)
        file.write(bytes(end - start))
    again = Writer(path, LAYOUT)
    assert again.done == 1
    again.close()


@pytest.mark.parametrize("left", [b"", b"no header at all", bytes(100_000)])
def test_what_else_lies_there_is_written_over(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "partial").write_bytes(left)
    write(tmp_path / "partial").finish(tmp_path / "whole")
    assert read_whole(tmp_path / "whole", LAYOUT)["norm"].equal(PARTS[0][1][1])


def test_an_unfinished_file_of_other_weights_is_begun_anew(tmp_path: Path) -> None:
    write(tmp_path / "partial", 2).close()
    other = Layout.of([pair for part in PARTS for pair in part], {"source": "b"})
    again = Writer(tmp_path / "partial", other)
    assert again.done == 0
    again.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_byte_is_noticed_wherever_it_is(whole: Path, data: st.DataObject) -> None:
    content = bytearray(whole.read_bytes())
    damaged = whole.parent / "damaged"
    place = data.draw(st.one_of(st.integers(0, len(content) - 1), st.integers(LAYOUT.data_start, len(content) - 1)))
    content[place] ^= data.draw(st.integers(1, 255))
    damaged.write_bytes(content)
    with pytest.raises(Unusable):
        read_whole(damaged, LAYOUT)


@pytest.mark.parametrize("change", [lambda text: text[:-1], lambda text: text + b"x", lambda text: text[:10]])
def test_another_length_is_noticed(whole: Path, change: object) -> None:
    whole.write_bytes(change(whole.read_bytes()))  # type: ignore[operator]
    with pytest.raises(Unusable, match=r"bytes instead of|damaged"):
        read_whole(whole, LAYOUT)
