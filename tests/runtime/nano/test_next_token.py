"""Windows score every token once, and the figures are those of the plain definition."""

import math

import pytest
import torch

from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.nano import next_token
from mellum_ls.runtime.nano.baseline import Baseline
from mellum_ls.runtime.nano.corpus import SourceFile
from mellum_ls.runtime.nano.next_token import Document, documents, score_baseline, score_model
from mellum_ls.runtime.nano.ngram import KneserNey
from tests.fakes.checkpoints import small_config, write_checkpoint

FILES = [SourceFile("p", "1", f"p/{i}.py", f"def f{i}(größe):\n    return größe * {i}\n" * (i + 1)) for i in range(4)]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine.load(write_checkpoint(tmp_path_factory.mktemp("model"), small_config()))


def cut(engine: Engine, limit: int) -> list[Document]:
    assert engine.profile.fim is not None
    return list(documents(FILES, engine.tokenizer, engine.profile.fim, limit))


def test_documents_are_whole_files_after_their_header(engine: Engine) -> None:
    docs = cut(engine, 10**6)
    assert len(docs) == 4
    assert len(cut(engine, 1)) == 1
    for file, document in zip(FILES, docs, strict=True):
        assert engine.tokenizer.decode(document.ids[document.start :]) == file.text
        assert document.num_bytes == len(file.text.encode())
        assert document.ids[0] == engine.tokenizer.id_of("<filename>")
        assert engine.tokenizer.decode(document.ids[: document.start]) == file.path + "\n"


def test_one_window_is_the_plain_definition(engine: Engine) -> None:
    docs = cut(engine, 10**6)
    hits, nats = 0, 0.0
    for document in docs:
        ids = torch.tensor(document.ids)
        logits = engine.model.logits(engine.model.forward(ids, engine.model.new_cache()))
        scores = logits.log_softmax(-1)
        for position in range(document.start, len(ids)):
            hits += int(logits[position - 1].argmax()) == ids[position]
            nats -= float(scores[position - 1, ids[position]])
    found = score_model(engine, docs)
    tokens = sum(len(d.ids) - d.start for d in docs)
    assert (found.files, found.tokens) == (4, tokens)
    assert found.top1 == pytest.approx(hits / tokens)
    assert found.bits_per_byte == pytest.approx(nats / math.log(2) / sum(d.num_bytes for d in docs), rel=1e-4)


@pytest.mark.parametrize("length", [1, 2, 15, 16, 17, 24, 25, 31, 32, 33, 40, 41, 100])
def test_windows_score_each_token_once(engine: Engine, monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    monkeypatch.setattr(next_token, "WINDOW", 16)
    monkeypatch.setattr(next_token, "STRIDE", 8)
    monkeypatch.setattr(next_token, "CHUNK", 5)
    ids = [40 + i % 300 for i in range(3 + length)]
    assert score_model(engine, [Document(ids, 3, 100)]).tokens == length


def test_the_baseline_is_scored_over_the_same_tokens(engine: Engine) -> None:
    docs = cut(engine, 10**6)
    ids = [document.ids for document in docs]
    found = score_baseline(Baseline(KneserNey(ids, engine.tokenizer.vocab_size), ids), docs)
    wanted = score_model(engine, docs)
    assert (found.tokens, found.num_bytes, found.files) == (wanted.tokens, wanted.num_bytes, wanted.files)
    assert found.top1 > 0.9
    assert found.bits_per_byte < wanted.bits_per_byte
