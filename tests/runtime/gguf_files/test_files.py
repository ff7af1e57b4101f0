import json
from pathlib import Path

import pytest
import torch

from mellum_ls.runtime.chat import Message
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.environment import model_directory
from mellum_ls.runtime.errors import TokenizerError
from mellum_ls.runtime.fim import Prompt
from mellum_ls.runtime.generate import GenerationParams
from mellum_ls.runtime.gguf_files.files import GgufFiles
from mellum_ls.runtime.model_files import model_files
from mellum_ls.runtime.overrides import NONE
from tests.fakes.checkpoints import small_config, write_checkpoint
from tests.fakes.gguf_models import write_gguf

NANO = model_directory(None)
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
)
PROMPT = Prompt(prefix="def area(width, height):\n    return ", suffix="\n\n\ndef volume(")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = write_checkpoint(tmp_path_factory.mktemp("small") / "model", small_config(hidden_size=64))
    (made / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<|im_end|>", "bos_token": "<|endoftext|>"}))
    (made / "chat_template.jinja").write_text(TEMPLATE)
    return made


@pytest.fixture
def file(directory: Path, tmp_path: Path) -> Path:
    return write_gguf(directory, tmp_path / "model.gguf", "F32")


@pytest.mark.skipif(not (NANO / "model.safetensors").exists(), reason="the embedded model has not been built")
def test_the_embedded_model_writes_the_same_from_a_file_that_is_named_like_a_blob(tmp_path: Path) -> None:
    blob = write_gguf(NANO, tmp_path / "sha256-0123456789", "BF16")
    params = GenerationParams(max_tokens=24)
    written = []
    for path in (NANO, blob):
        engine = Engine.load(path, dtype=torch.float32, device="cpu")
        written.append(engine.complete("here", PROMPT, params))
    assert written[0].text == written[1].text
    assert written[0].text


def test_the_profile_is_that_of_the_directory(directory: Path, file: Path) -> None:
    theirs, ours = model_files(directory), model_files(file)
    wanted = theirs.profile(theirs.config(), theirs.tokenizer(None), NONE)
    found = ours.profile(ours.config(), ours.tokenizer(ours.config()), NONE)
    assert (found.fim, found.stop_ids, found.no_chat) == (wanted.fim, wanted.stop_ids, "")
    assert found.origins == {"fim_order": "default", "fim": "model.gguf", "stop_ids": "model.gguf"}
    assert found.chat is not None
    assert wanted.chat is not None
    said = [Message("user", "Was ist <|im_end|>?")]
    assert found.chat.ids(said) == wanted.chat.ids(said)


def test_what_the_user_says_lies_beside_the_file(file: Path) -> None:
    (file.parent / "mellum.json").write_text(json.dumps({"fim_order": "psm", "chat_template": None, "yarn": False}))
    files = model_files(file)
    overrides = files.overrides(None)
    config = overrides.apply(files.config())
    profile = files.profile(config, files.tokenizer(config), overrides)
    assert (profile.fim_order, profile.chat) == ("psm", None)
    assert profile.no_chat == "mellum.json says that it does not"
    assert profile.origins["fim_order"] == "mellum.json"
    assert config.rope["full_attention"].yarn is None


def test_another_template(file: Path) -> None:
    (file.parent / "mine.jinja").write_text("{% for m in messages %}{{ m.content }}{% endfor %}")
    (file.parent / "mellum.json").write_text(json.dumps({"chat_template": "mine.jinja"}))
    files = model_files(file)
    config = files.config()
    profile = files.profile(config, files.tokenizer(config), files.overrides(None))
    assert profile.chat is not None
    assert profile.chat.text([Message("user", "a")]) == "a"


def test_a_template_that_cannot_be_used(directory: Path, tmp_path: Path) -> None:
    file = write_gguf(directory, tmp_path / "m.gguf", "F32", change=lambda w: w.add_chat_template("{{ broken"))
    files = model_files(file)
    config = files.config()
    profile = files.profile(config, files.tokenizer(config), NONE)
    assert profile.chat is None
    assert profile.no_chat.startswith("it cannot be used: the chat template is no usable Jinja")


def test_an_end_of_text_that_is_an_ordinary_word(directory: Path, tmp_path: Path) -> None:
    file = write_gguf(directory, tmp_path / "m.gguf", "F32", change=lambda w: w.add_eot_token_id(300))
    files = GgufFiles(file)
    with pytest.raises(TokenizerError, match=r"m\.gguf ends texts with the id 300, which is no special token"):
        files.tokenizer(files.config())


def test_fewer_rows_than_tokens(directory: Path, tmp_path: Path) -> None:
    file = write_gguf(directory, tmp_path / "m.gguf", "F32", change=lambda w: w.add_vocab_size(399))
    files = GgufFiles(file)
    with pytest.raises(TokenizerError, match=r"m\.gguf has 400 ids, its weights 399"):
        files.tokenizer(files.config())
