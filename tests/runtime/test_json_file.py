from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.runtime.errors import ConfigError
from mellum_ls.runtime.json_file import parsed, read_object
from tests.fakes.unprivileged import as_nobody


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "cannot be read as JSON: it is empty"),
        (b" \n", "it is empty"),
        (b"{", "cannot be read as JSON"),
        (b"[1]", "holds list, wanted an object"),
        (b'{"a": "\xff"}', "it is not UTF-8"),
        (b"[" * 200_000, "recursion"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "cannot be read as JSON"),
    ],
)
def test_what_is_no_object(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(ConfigError, match=rf"config\.json.*{words}"):
        read_object(tmp_path / "config.json", ConfigError)


def test_an_object_and_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": 1}')
    assert read_object(tmp_path / "a.json", ConfigError) == {"a": 1}
    assert read_object(tmp_path / "b.json", ConfigError) is None
    assert read_object(tmp_path / "a.json" / "b.json", ConfigError) is None


def test_a_folder_and_a_file_without_permission(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        read_object(tmp_path, ConfigError)
    file = tmp_path / "config.json"
    file.write_text("{}")
    file.chmod(0)
    with as_nobody(tmp_path), pytest.raises(ConfigError, match=r"config\.json.*permission denied.*right to read"):
        read_object(file, ConfigError)


@settings(max_examples=25)
@given(st.binary(max_size=64))
def test_any_bytes_are_a_value_or_a_fault(data: bytes) -> None:
    words = "here"
    try:
        parsed(data, ConfigError, "here")
    except ConfigError as error:
        words = str(error)
    assert "here" in words
