"""Token healing: what was typed comes back character for character, and the piece is chosen as a whole."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.environment import model_directory
from mellum_ls.runtime.fim import Prompt
from mellum_ls.runtime.generate import GenerationParams
from mellum_ls.runtime.healing import Healer, Spelling
from mellum_ls.runtime.tokenizer import Tokenizer
from tests.fakes.checkpoints import write_checkpoint

TOKENIZER = Tokenizer.from_file(model_directory(None) / "tokenizer.json")
HEALER = Healer(TOKENIZER)


@pytest.mark.parametrize(
    ("prefix", "kept", "typed"),
    [
        ("def f(x):\n    retu", "def f(x):\n   ", " retu"),
        ("while x ", "while x", " "),
        ("x = [", "x =", " ["),
        # Whoever opens a parenthesis means to fill it.
        ("print(", "print(", ""),
        ("self.", "self", "."),
        ("", "", ""),
        # An indent stays: its depth was chosen by the user.
        ("def f():\n        ", "def f():\n        ", ""),
        ("x = 1\n\n", "x = 1\n\n", ""),
        # A digit is a token of its own: nothing continues it.
        ("x = 12", "x = 12", ""),
        ("# " + "-" * 90, "# " + "-" * 90, ""),
    ],
)
def test_the_last_piece_is_taken_back(prefix: str, kept: str, typed: str) -> None:
    assert HEALER.split(prefix) == (kept, typed)


@given(st.text(max_size=40))
def test_nothing_of_a_prefix_is_lost(prefix: str) -> None:
    kept, typed = HEALER.split(prefix)
    assert kept + typed == prefix


@settings(max_examples=60)
@given(st.sampled_from(["retu", " frobnic", " ", ".", "größ", "日", " x"]), st.integers(0, 2**31))
def test_any_scores_spell_what_was_typed(typed: str, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    spelling, written = Spelling(HEALER, typed), b""
    for _ in range(12):
        written += HEALER.piece(spelling.choose(_text_scores(generator)))
    assert written.startswith(typed.encode())


def _text_scores(generator: torch.Generator) -> torch.Tensor:
    scores = torch.randn(TOKENIZER.vocab_size, generator=generator)
    scores[list(TOKENIZER.special_ids.values())] = -torch.inf
    return scores


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(min_size=1, max_size=6) | st.sampled_from([" ", " ret", ".", "日", "==", " 🙂"]), st.integers(0, 3))
def test_what_fits_is_what_a_look_at_every_id_finds(typed: str, cut: int) -> None:
    try:
        missing = typed.encode()[cut:] or b" "
    except UnicodeEncodeError:
        return
    try:
        shortest = len(HEALER.piece(TOKENIZER.encode(missing.decode())[0]))
    except UnicodeDecodeError:
        shortest = 1
    wanted = {
        number
        for number, piece in TOKENIZER.pieces.items()
        if piece and (piece.startswith(missing) or (missing.startswith(piece) and len(piece) >= shortest))
    }
    found = HEALER.fitting(missing)
    assert sorted(found.tolist()) == sorted(wanted)
    assert HEALER.fitting(missing) is found, "remembered"


def test_the_likeliest_fitting_id_wins_and_a_lone_letter_does_not() -> None:
    scores = torch.zeros(TOKENIZER.vocab_size)
    wanted, letter = TOKENIZER.encode(" return")[0], TOKENIZER.encode(" r")[0]
    scores[letter], scores[wanted] = 9.0, 5.0
    assert Spelling(HEALER, " retu").choose(scores) == wanted


def test_a_completion_continues_the_word_under_the_cursor() -> None:
    engine = Engine.load(model_directory(None), dtype=torch.float32)
    prompt = Prompt(
        "def total(prices):\n    result = 0\n    for price in prices:\n        result += pri", "\n    return result\n"
    )
    chunks: list[str] = []
    result = engine.complete(
        "healing", prompt, GenerationParams(max_tokens=16), on_chunk=lambda chunk: chunks.append(chunk.text)
    )
    assert result.text == "ce"
    assert "".join(chunks) == "ce"


@settings(max_examples=12)
@given(st.sampled_from(["retu", "x = va", "größ", "a = [", "while x "]), st.integers(1, 6))
def test_random_weights_never_repeat_or_lose_a_character(prefix: str, tokens: int) -> None:
    """Whatever a model prefers: the ids spell the typed piece, and the text starts behind it."""
    result = _random_engine().complete("random", Prompt(prefix, ""), GenerationParams(max_tokens=tokens, stop="none"))
    assert result.generated_tokens <= tokens + 8
    assert result.reason in ("stop", "length")


_ENGINES: list[Engine] = []


@pytest.fixture(scope="module", autouse=True)
def _random_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder: Path = write_checkpoint(tmp_path_factory.mktemp("healing") / "model")
    _ENGINES.append(Engine.load(folder, dtype=torch.float32))


def _random_engine() -> Engine:
    return _ENGINES[0]
