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
from mellum_ls.runtime.healing import MAX_TYPED_CHARS, Healer, Spelling
from mellum_ls.runtime.tokenizer import Tokenizer, well_formed
from tests.fakes.checkpoints import write_checkpoint
from tests.fakes.texts import texts

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


@given(texts())
def test_nothing_of_a_prefix_is_lost(prefix: str) -> None:
    kept, typed = HEALER.split(prefix)
    assert len(kept + typed) == len(prefix)
    assert kept == prefix[: len(kept)]
    assert typed == well_formed(prefix[len(kept) :])
    assert typed == "" or len(typed) <= MAX_TYPED_CHARS


@given(texts(300))
def test_a_piece_is_the_same_however_long_the_text_before_it(prefix: str) -> None:
    """Only the tail is looked at; the piece is that of the library for the whole text."""
    _, typed = HEALER.split(prefix)
    pre_tokenizer = TOKENIZER.inner.pre_tokenizer
    assert pre_tokenizer is not None
    whole = well_formed(prefix)
    assert typed == "" or typed == whole[pre_tokenizer.pre_tokenize_str(whole)[-1][1][0] :]


@settings(max_examples=300)
@given(texts(3).map(well_formed).filter(bool), st.integers(0, 3))
def test_what_fits_is_what_all_pieces_compared_one_by_one_give(typed: str, cut: int) -> None:
    # Cut at the head, as after ids that spelled a part; that may leave the rest of a character.
    missing = typed.encode()[cut:] or typed.encode()
    fitting = HEALER.fitting(missing, torch.device("cpu")).tolist()
    assert len(set(fitting)) == len(fitting)
    assert set(fitting) == fitting_one_by_one(missing)


def fitting_one_by_one(missing: bytes) -> set[int]:
    try:
        shortest = len(TOKENIZER.pieces[TOKENIZER.encode(missing.decode())[0]])
    except UnicodeDecodeError:
        shortest = 1
    return {
        number
        for number, piece in TOKENIZER.pieces.items()
        if piece.startswith(missing) or (missing.startswith(piece) and len(piece) >= shortest)
    }


@settings(max_examples=100)
@given(
    st.one_of(st.sampled_from([" ", "retu", " x", "größ", "🙂", "->"]), texts(2).filter(bool)), st.integers(0, 2**31)
)
def test_the_choice_is_the_likeliest_of_what_fits(typed: str, seed: int) -> None:
    generator, typed = torch.Generator().manual_seed(seed), well_formed(typed)
    spelling, missing = Spelling(HEALER, typed), typed.encode()
    while missing:
        scores = _text_scores(generator)
        chosen = spelling.choose(scores)
        fitting = fitting_one_by_one(missing)
        assert chosen in fitting
        assert scores[chosen] == max(scores[number] for number in fitting)
        missing = missing[len(HEALER.piece(chosen)) :]


def test_what_fits_is_looked_up_not_collected() -> None:
    """A third of a vocabulary begins with a blank: the ids are a view of one tensor, for every text the same one."""
    blank, word = (HEALER.fitting(text, torch.device("cpu")) for text in (b" ", b" ret"))
    assert len(blank) > TOKENIZER.vocab_size // 10
    assert blank.untyped_storage().data_ptr() == word.untyped_storage().data_ptr()


def test_a_lone_surrogate_is_no_obstacle() -> None:
    assert HEALER.split("\ud83d\ude42 retu") == ("\ud83d\ude42", " retu")


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
