"""An analysis as bytes and back: nothing is lost, whatever the text."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.context.index.analysis import analyse
from mellum_ls.context.index.wire import from_bytes, to_bytes

TEXT = 'import a.b as c\nfrom . import d, e\n\nclass Cart:\n    """Holds."""\n    def total(self): return d(self)\n'


def test_what_was_found_comes_back() -> None:
    found = analyse("shop.py", TEXT)
    assert len(found.symbols) == 2
    assert len(found.imports) == 2
    assert from_bytes(to_bytes(found)) == found


@settings(deadline=None)
@given(st.text(), st.sampled_from(["a.py", "a.h", "a.md", "a"]))
def test_any_text_comes_back(text: str, path: str) -> None:
    found = analyse(path, text)
    assert from_bytes(to_bytes(found)) == found
