from pathlib import Path

import pytest
import torch

from mellum_ls.runtime.bench.decode import prompt_of
from mellum_ls.runtime.bench.rival import TransformersRival, import_transformers
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.errors import BenchmarkError
from tests.fakes.checkpoints import write_checkpoint


def test_transformers_gives_the_same_tokens_and_as_many_as_asked(tmp_path: Path) -> None:
    """The first id generated is made the checkpoint's end of text: it must not end the benchmark's run."""
    directory = write_checkpoint(tmp_path)
    engine = Engine.load(directory)
    prompt = prompt_of(engine, 60)
    wanted = engine.generate_ids(prompt, 12, ())
    (directory / "generation_config.json").write_text(f'{{"eos_token_id": {wanted[0]}, "do_sample": true}}')
    rival = TransformersRival(directory, engine.model.dtype, engine.model.device)
    for _ in range(2):
        found: list[int] = []
        rival.generate(prompt, 12, found.append)
        assert found == wanted
    assert rival.facts["name"] == "transformers"
    assert {"version", "attention", "experts"} < set(rival.facts)


def test_it_is_loaded_in_the_dtype_asked_for(tmp_path: Path) -> None:
    rival = TransformersRival(write_checkpoint(tmp_path), torch.bfloat16, torch.device("cpu"))
    assert rival._model.dtype == torch.bfloat16


def test_an_absent_library_is_named() -> None:
    with pytest.raises(BenchmarkError, match=r"no_such_library cannot be imported.*--against"):
        import_transformers("no_such_library")
