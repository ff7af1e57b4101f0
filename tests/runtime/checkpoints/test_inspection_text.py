from pathlib import Path

from mellum_ls.runtime.checkpoints.inspect import Inspection, inspect_file
from mellum_ls.runtime.checkpoints.inspection_text import in_words
from mellum_ls.runtime.devices import choose_place
from mellum_ls.runtime.environment import model_directory
from mellum_ls.runtime.model_files import model_files

NANO = model_directory(None)
CPU = choose_place([])


def test_the_embedded_model_in_words() -> None:
    words = in_words(Inspection(model_files(NANO), None, CPU, 10**9).facts())
    for line in (
        "8 layers, 2 with full attention, the others with a window of 512; hidden size 320",
        "6 of 16 experts for each token",
        "context 131,072 tokens, YaRN by 16; vocabulary 10,240",
        "in 1 files, with tensors of an MTP layer",
        "8 <fim_prefix>, 9 <fim_middle>, 10 <fim_suffix>",
        "and is the one that config.json names",
        "no conversations: it has no chat template",
        "(config.json, generation_config.json, tokenizer_config.json, tokenizer.json)",
        "fits here as float32: the processor",
    ):
        assert line in words, line
    assert "wrong" not in words


def test_one_file_has_tensors_alone() -> None:
    words = in_words(inspect_file(NANO / "model.safetensors"))
    assert "experts" in words
    assert "config" not in words


def test_what_is_wrong_and_what_could_not_be_looked_at(tmp_path: Path) -> None:
    words = in_words(Inspection(model_files(tmp_path), None, CPU, 0).facts())
    assert "  wrong: " in words
    assert "no config.json" in words
    assert "  not looked at: config and tokenizer cannot be used" in words
