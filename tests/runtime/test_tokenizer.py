import hashlib
import json
from itertools import pairwise
from pathlib import Path

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers.pre_tokenizers import ByteLevel

from mellum_ls.runtime.errors import ModelNotFound, TokenizerError
from mellum_ls.runtime.tokenizer import Detokenizer, Tokenizer, byte_alphabet, well_formed
from tests.fakes.checkpoints import ADDED_TOKENS, VOCAB, tokenizer_json
from tests.fakes.texts import texts
from tests.fakes.unprivileged import as_nobody


def shared() -> Tokenizer:
    inner = tokenizers.Tokenizer.from_str(tokenizer_json())
    inner.encode_special_tokens = True
    raw = json.loads(tokenizer_json())
    ordinary = [token["content"] for token in raw["added_tokens"] if not token["special"]]
    inner.add_special_tokens(ordinary)
    return Tokenizer(inner, {token: number for number, token in enumerate(ADDED_TOKENS)}, "")


# Hypothesis draws many examples for one call, so these tests cannot take the fixture of a file.
SHARED = shared()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    path.write_text(tokenizer_json(), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def tokenizer(path: Path) -> Tokenizer:
    return Tokenizer.from_file(path)


def test_the_byte_alphabet_is_that_of_the_library() -> None:
    assert set(byte_alphabet()) == set(ByteLevel.alphabet())
    assert sorted(byte_alphabet().values()) == list(range(256))


def test_special_ids_are_those_of_mellum2(tokenizer: Tokenizer) -> None:
    assert [tokenizer.id_of(token) for token in ADDED_TOKENS] == list(range(35))
    assert tokenizer.id_of("<fim_middle>") == 9
    assert tokenizer.id_of("<no_such_token>") is None
    assert tokenizer.vocab_size == VOCAB


@pytest.mark.parametrize("token", ADDED_TOKENS)
def test_special_tokens_in_text_are_text(tokenizer: Tokenizer, token: str) -> None:
    text = f"x = '{token}'  # {token}"
    ids = tokenizer.encode(text)
    assert not set(ids) & set(range(35))
    assert tokenizer.decode(ids) == text


def test_ids_are_those_of_the_library_for_plain_text(path: Path, tokenizer: Tokenizer) -> None:
    text = "def größer(a, b=12):\n    return '日本語 🙂'\r\n\tend"
    assert tokenizer.encode(text) == tokenizers.Tokenizer.from_file(str(path)).encode(text).ids


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(), st.integers(1, 4))
def test_any_text_survives_and_no_piece_holds_half_a_character(text: str, size: int) -> None:
    tokenizer = Tokenizer(SHARED.inner, SHARED.special_ids, SHARED.sha256)
    ids = tokenizer.encode(text)
    detokenizer, shown = Detokenizer(tokenizer), ""
    for start in range(0, len(ids), size):
        shown += detokenizer.push(ids[start : start + size])
        assert text.startswith(shown)
    assert shown == text


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, VOCAB - 1), max_size=12))
def test_any_ids_decode_as_the_library_does(ids: list[int]) -> None:
    wanted = SHARED.inner.decode(ids, skip_special_tokens=True)
    found = Detokenizer(SHARED).push(ids)
    # The library shows a character that was cut off at the end as a replacement; a stream still waits for it.
    assert wanted.startswith(found)
    assert set(wanted[len(found) :]) <= {"\N{REPLACEMENT CHARACTER}"}


BY_BYTE = {piece: number for number, piece in SHARED.pieces.items() if len(piece) == 1}
# Lead and trail bytes of every length, and those that never stand in UTF-8.
BYTES = st.sampled_from([*"aé日🙂\ufffd".encode(), *range(0x80, 0xC0, 15), 0xC0, 0xE0, 0xED, 0xF0, 0xF4, 0xF5, 0xFF])


@given(st.lists(BYTES, max_size=24), st.lists(st.integers(0, 24), max_size=8))
def test_any_split_of_any_bytes_gives_the_text_of_them_at_once(data: list[int], cuts: list[int]) -> None:
    ids = [BY_BYTE[bytes([byte])] for byte in data]
    detokenizer, shown = Detokenizer(SHARED), ""
    bounds = sorted({0, *(min(cut, len(ids)) for cut in cuts), len(ids)})
    for start, end in pairwise(bounds):
        shown += detokenizer.push(ids[start:end])
        assert shown == SHARED.decode(ids[:end])
    # Only what can still become a character is held back: three bytes at most, and no text of its own.
    whole = bytes(data).decode("utf-8", "replace")
    assert whole.removeprefix(shown) in ("", "\N{REPLACEMENT CHARACTER}")
    held = next(size for size in range(4) if bytes(data[: len(data) - size]).decode("utf-8", "replace") == shown)
    assert all(byte >= 0x80 for byte in data[len(data) - held :])


def test_an_emoji_waits_for_its_last_byte(tokenizer: Tokenizer) -> None:
    by_byte = {piece: number for number, piece in tokenizer.pieces.items() if len(piece) == 1}
    detokenizer = Detokenizer(tokenizer)
    pieces = [detokenizer.push([by_byte[bytes([byte])]]) for byte in "a🙂b".encode()]
    assert pieces == ["a", "", "", "", "🙂", "b"]


def test_special_ids_are_not_shown(tokenizer: Tokenizer) -> None:
    assert tokenizer.decode([9, *tokenizer.encode("x"), 23, 0]) == "x"


def test_a_lone_surrogate_is_replaced(tokenizer: Tokenizer) -> None:
    assert tokenizer.decode(tokenizer.encode("a\ud83d b")) == "a? b"


@given(texts())
def test_what_has_no_utf8_form_is_replaced_one_for_one(text: str) -> None:
    clean = well_formed(text)
    assert len(clean) == len(text)
    assert all(new == ("?" if "\ud800" <= old <= "\udfff" else old) for old, new in zip(text, clean, strict=True))
    assert SHARED.decode(SHARED.encode(text)) == clean


def test_a_loaded_tokenizer_encodes_texts_in_parts(tokenizer: Tokenizer, caplog: pytest.LogCaptureFixture) -> None:
    assert tokenizer.obstacle is None
    assert not caplog.records


def test_an_obstacle_is_logged_once(path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    raw = {**json.loads(path.read_text(encoding="utf-8")), "normalizer": {"type": "NFC"}}
    other = tmp_path / "tokenizer.json"
    other.write_text(json.dumps(raw), encoding="utf-8")
    normalising = Tokenizer.from_file(other)
    assert [normalising.obstacle, normalising.obstacle] == ["it normalises text"] * 2
    assert [record.getMessage() for record in caplog.records] == [
        "the tokenizer encodes whole texts at every change: it normalises text"
    ]


def test_the_fingerprint(path: Path) -> None:
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    assert Tokenizer.from_file(path, expected_sha256=found).sha256 == found
    with pytest.raises(TokenizerError, match=f"wants sha256 {'0' * 64}, the file has {found}"):
        Tokenizer.from_file(path, expected_sha256="0" * 64)


def test_faults_of_the_file(path: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="has no tokenizer"):
        Tokenizer.from_file(tmp_path / "tokenizer.json")
    other = tmp_path / "tokenizer.json"
    for content in ("", "{}", "[]", '{"added_tokens": [{"id": 0}]}'):
        other.write_text(content)
        with pytest.raises(TokenizerError, match=r"tokenizer\.json cannot be read"):
            Tokenizer.from_file(other)
    other.chmod(0)
    with as_nobody(tmp_path), pytest.raises(TokenizerError, match="permission denied"):
        Tokenizer.from_file(other)
    other.chmod(0o600)
    raw = json.loads(path.read_text(encoding="utf-8"))
    for key in ("continuing_subword_prefix", "end_of_word_suffix"):
        # The library ends the process over some of these.
        other.write_text(json.dumps({**raw, "model": {**raw["model"], key: "x"}}))
        with pytest.raises(TokenizerError, match=rf"tokenizer\.json: model\.{key} is 'x', wanted none"):
            Tokenizer.from_file(other)
    other.write_text(json.dumps({**raw, "decoder": {"type": "Fuse"}}))
    with pytest.raises(TokenizerError, match="wanted ByteLevel"):
        Tokenizer.from_file(other)
