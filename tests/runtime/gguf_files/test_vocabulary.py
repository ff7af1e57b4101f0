import json
from pathlib import Path
from typing import Any

import gguf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.runtime.environment import model_directory
from mellum_ls.runtime.errors import TokenizerError
from mellum_ls.runtime.gguf_files.header import Value, read_header
from mellum_ls.runtime.gguf_files.vocabulary import chat_template, named_tokens, read_tokenizer, tokenizer_json
from mellum_ls.runtime.tokenizer import Tokenizer
from tests.fakes.checkpoints import ADDED_TOKENS, VOCAB
from tests.fakes.checkpoints import tokenizer_json as small_tokenizer_json
from tests.fakes.gguf_models import add_vocabulary

FILE = Path("model.gguf")
NANO = model_directory(None)
ROOT = Path(__file__).parents[3]


def metadata_of(model_dir: Path, file: Path, size: int) -> dict[str, Value]:
    writer = gguf.GGUFWriter(file, "mellum")
    add_vocabulary(writer, model_dir, size)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return dict(read_header(file).metadata)


@pytest.fixture(scope="module")
def nano(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Value]:
    return metadata_of(NANO, tmp_path_factory.mktemp("nano") / "words.gguf", 10240)


@pytest.fixture
def small(tmp_path: Path) -> dict[str, Value]:
    (tmp_path / "tokenizer.json").write_text(small_tokenizer_json(), encoding="utf-8")
    (tmp_path / "tokenizer_config.json").write_text(
        json.dumps({"eos_token": "<|im_end|>", "bos_token": "<|endoftext|>", "chat_template": "{{ bos_token }}"})
    )
    (tmp_path / "config.json").write_text(json.dumps({"eos_token_id": 28, "bos_token_id": 0}))
    return metadata_of(tmp_path, tmp_path / "words.gguf", VOCAB + 5)


@pytest.fixture(scope="module")
def both(nano: dict[str, Value]) -> tuple[Tokenizer, Tokenizer]:
    return read_tokenizer(nano, FILE), Tokenizer.from_file(NANO / "tokenizer.json")


def test_it_is_the_tokenizer_of_the_model_directory(nano: dict[str, Value]) -> None:
    found, wanted = tokenizer_json(nano, FILE), json.loads((NANO / "tokenizer.json").read_text(encoding="utf-8"))
    assert found["model"]["vocab"] == wanted["model"]["vocab"]
    assert found["model"]["merges"] == [list(pair) for pair in wanted["model"]["merges"]]
    assert found["pre_tokenizer"] == wanted["pre_tokenizer"]
    assert found["added_tokens"] == [{**token, "special": True} for token in wanted["added_tokens"]]


def test_ids_of_code_are_equal(both: tuple[Tokenizer, Tokenizer]) -> None:
    found, wanted = both
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "runtime").glob("*.py"))[:12]]
    texts += [
        (ROOT / "tests/fakes/checkpoints.py").read_text(encoding="utf-8"),
        "x = 1234567890 ⅷ²٣\t\n\n    <|im_end|>",
    ]
    for text in texts:
        ids = found.encode(text)
        assert ids == wanted.encode(text)
        assert found.decode(ids) == text
    assert found.special_ids == wanted.special_ids
    assert (found.vocab_size, found.obstacle) == (wanted.vocab_size, wanted.obstacle)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_ids_of_any_text_are_equal(both: tuple[Tokenizer, Tokenizer], text: str) -> None:
    found, wanted = both
    assert found.encode(text) == wanted.encode(text)


def test_rows_without_a_token_are_no_tokens(small: dict[str, Value]) -> None:
    tokenizer = read_tokenizer(small, FILE)
    assert tokenizer.vocab_size == VOCAB
    assert list(tokenizer.special_ids) == ADDED_TOKENS


def test_the_template_and_its_names(small: dict[str, Value], nano: dict[str, Value]) -> None:
    assert chat_template(small) == ("{{ bos_token }}", "")
    assert chat_template(nano)[0] is None
    assert named_tokens(small) == {"bos_token": "<|endoftext|>", "eos_token": "<|im_end|>"}
    assert named_tokens({}) == {}


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("model", "llama", "a tokenizer of the kind 'llama', wanted 'gpt2'"),
        ("pre", "qwen2", "cuts texts as 'qwen2', wanted 'mellum2': every answer would be nonsense"),
        ("tokens", None, "has no tokenizer.ggml.tokens"),
        ("merges", [1, 2], "has no tokenizer.ggml.merges"),
        ("token_type", [1, 3], "does not say of what type each of its 405 tokens is"),
        ("merges", ["a b", "c"], "a merge that is not of two words"),
        ("merges", ["a nothing"], "cannot be read as a tokenizer.json"),
        ("tokens", ["same"] * 405, "the same token twice"),
    ],
)
def test_what_is_no_tokenizer_of_ours(small: dict[str, Value], key: str, value: Any, said: str) -> None:
    changed = {**small, f"tokenizer.ggml.{key}": value}
    with pytest.raises(TokenizerError, match=rf"model\.gguf.*{said}"):
        read_tokenizer({name: value for name, value in changed.items() if value is not None}, FILE)


@pytest.mark.parametrize("name", ["starcoder", "refact"])
def test_the_same_way_to_cut_under_an_older_name(small: dict[str, Value], name: str) -> None:
    text = "def f(): return 12345"
    assert read_tokenizer({**small, "tokenizer.ggml.pre": name}, FILE).encode(text) == (
        read_tokenizer(small, FILE).encode(text)
    )
