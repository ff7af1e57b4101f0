"""The embedded tokenizer keeps the released one's conventions."""

import json
from pathlib import Path

from mellum_ls.runtime.nano.train_tokenizer import NOT_SPECIAL, SPECIAL_TOKENS, main, sample_texts, train
from tests.fakes.checkpoints import ADDED_TOKENS


def test_special_tokens_have_the_released_ids() -> None:
    assert list(SPECIAL_TOKENS) == list(ADDED_TOKENS)
    tokenizer = train(iter(["def main():\n    return 42\n"] * 20), 400)
    assert [tokenizer.token_to_id(token) for token in SPECIAL_TOKENS] == list(range(35))
    assert tokenizer.get_vocab_size() <= 400
    flags = {token["id"]: token["special"] for token in json.loads(tokenizer.to_str())["added_tokens"]}
    assert {number for number, special in flags.items() if not special} == NOT_SPECIAL


def test_digits_stand_alone_and_bytes_survive() -> None:
    tokenizer = train(iter(["value = 1234 + 5678\n"] * 50), 400)
    tokens = tokenizer.encode("1234").tokens
    assert tokens == ["1", "2", "3", "4"]
    text = "naïve = '日本 \U0001f600'\n\tx\r\n"
    assert tokenizer.decode(tokenizer.encode(text).ids) == text


def test_command_line_and_sampling(tmp_path: Path) -> None:
    corpus = tmp_path / "train.jsonl"
    corpus.write_text("".join(json.dumps({"text": f"def name_{i}(): return {i}\n" * 3}) + "\n" for i in range(60)))
    assert len(list(sample_texts(corpus, 10**9))) == 60
    half = list(sample_texts(corpus, corpus.stat().st_size // 2))
    assert half == list(sample_texts(corpus, corpus.stat().st_size // 2))
    assert 10 < len(half) < 50
    main(["--corpus", str(corpus), "--out", str(tmp_path / "tokenizer.json"), "--vocab-size", "330"])
    assert json.loads((tmp_path / "tokenizer.json").read_text())["model"]["type"] == "BPE"
