"""Texts for property tests of the tokenizer: code, and what is nasty about text, with edits of both."""

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

CODE = (
    "def total(prices: list[float], tax=0.19) -> float:\r\n    '''It's the sum, they'll say; größer → 日本語 🙂.'''\r\n"
    "    return sum(price * (1 + tax) for price in prices)\r\n\n\n"
    "class Stack:\n\tSIZE = 1024  # 10 * 102.4\n\n\tdef push(self, item):\n\t\tself.items.append(item)   \n    \n"
    'MESSAGE = f"<fim_middle> {x!r}: we\'ve <|endoftext|>"\n# ---------------------------- 1234567890\n'
)

FRAGMENTS = (
    *(
        "def ",
        "return",
        "x",
        " y",
        "Az",
        "s",
        "t",
        "re",
        "ll",
        "'",
        "'s",
        "'ll",
        "don't",
        '"',
        "_",
        "->",
        "==",
        "(",
        ")",
    ),
    *(
        " ",
        "  ",
        "    ",
        " " * 40,
        "\t",
        "\n",
        "\n\n",
        "\r\n",
        "\r",
        "\x0b",
        "\x0c",
        "\x1c",
        "\x85",
        "\u00a0",
        "\u2028",
        "\u3000",
    ),
    *("1", "12", "2024", "²", "½", "٣", "Ⅷ", "九"),
    *(
        "é",
        "e\u0301",
        "größ",
        "日本",
        "語。",
        "привет",
        "🙂",
        "👩\u200d👩\u200d👧",
        "\ufe0f",
        "\u200b",
        "\ufeff",
        "\u180e",
        "\x00",
        "\x7f",
    ),
    *("\ud83d", "\ude42", "\udfff"),
    *("<fim_middle>", "<think>", "<|endoftext|>"),
)


def texts(max_size: int = 60) -> SearchStrategy[str]:
    """Anything, lone surrogates included, mostly joined from the fragments on which a pattern may stumble."""
    pieces = st.one_of(st.sampled_from(FRAGMENTS), st.sampled_from(FRAGMENTS), st.characters())
    return st.lists(pieces, max_size=max_size).map("".join)


@st.composite
def edits(draw: st.DrawFn, text: str) -> str:
    """The text with a piece of it replaced: typed, pasted, deleted, all of it or nothing."""
    start = draw(st.integers(0, len(text)))
    end = draw(st.one_of(st.just(start), st.integers(start, min(len(text), start + 8)), st.integers(start, len(text))))
    return text[:start] + draw(texts(4)) + text[end:]
