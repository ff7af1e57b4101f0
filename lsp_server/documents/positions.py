"""UTF-16 columns of one line to string indices and back, clamped so that no client can send a bad one.

Knows single lines only; what a line is belongs to store.py.
"""


def utf16_length(text: str) -> int:
    """Length of `text` in UTF-16 code units: astral characters count two, everything else (lone surrogates too) one."""
    if text.isascii():
        return len(text)
    return len(text) + sum(character > "\uffff" for character in text)


def index_of(line: str, character: int) -> int:
    """String index of the UTF-16 column `character` in `line` (given without its line end).

    A column past the end is the end, a negative one the start, and one between the halves of a surrogate pair the
    start of that character.
    """
    if character <= 0:
        return 0
    if line.isascii():
        return min(character, len(line))
    units = 0
    for index, letter in enumerate(line):
        units += 2 if letter > "\uffff" else 1
        if units > character:
            return index
    return len(line)


def column_of(line: str, index: int) -> int:
    """UTF-16 column of the string index `index` in `line`; an index past the end is the end."""
    return utf16_length(line[: max(index, 0)])
