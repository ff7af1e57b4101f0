import pytest

from mellum_ls.context.languages.parsed import parsed
from mellum_ls.lsp_server.actions.checking import check
from mellum_ls.lsp_server.actions.kinds import DOCUMENT, FIX, REFACTOR, Kind
from mellum_ls.lsp_server.actions.region import Region
from mellum_ls.lsp_server.rewriting.fenced import Malformed
from mellum_ls.lsp_server.rewriting.sound import MOST_GROWTH

TEXT = "import os\n\n\ndef one():\n    return 1\n\n\nlast = 2\n"
PART = Region(3, 4)


def checked(new: str, kind: Kind = FIX, text: str = TEXT, part: Region = PART) -> str:
    return check(parsed(text, "a.py", "python"), part, new.split("\n"), kind, "a.py", "python")


def test_good_lines_take_their_place() -> None:
    assert checked("def one():\n    return 2") == TEXT.replace("return 1", "return 2")
    assert checked('def one():\n    """One."""\n    return 1', DOCUMENT).count("One") == 1
    assert "os.sep" in checked("def one():\n    return os.sep"), "which is imported"
    assert "odd" in checked("def one():\n    return odd + 1", text=TEXT + "print(odd)\n"), "as unknown as before"
    assert "odd" in check(parsed("x", "a.ts", ""), Region(0, 0), ["odd"], FIX, "a.ts", ""), "which may be known there"
    assert "uno" in checked("def uno():\n    return 1", REFACTOR)
    assert "..." in checked("def one():\n    ...", FIX), "which is code"


@pytest.mark.parametrize(
    ("new", "kind", "reason"),
    [
        ("def one():\n    return 1", FIX, "changes nothing"),
        ("def one():\n    return (1", FIX, "fault of syntax"),
        ("def two():\n    return 1", FIX, "loses one"),
        ("def one():\n    return 2", DOCUMENT, "only comments"),
        ("def one():\n    return math.pi * raduis", FIX, "uses math, raduis, which nothing defines"),
        ("def one():\n    return math.pi", REFACTOR, "uses math, which nothing defines"),
        ("def one():\n    # ... existing code ...", REFACTOR, "leaves out"),
        ("def one():\n    # the rest of the code is unchanged", REFACTOR, "leaves out"),
        ("def one():\n    return '<redacted>'", FIX, "a placeholder"),
        ("import os\n\n\ndef one():\n    return 2", FIX, "before the part"),
        ("def one():\n    return 2\n\n\nlast = 2", FIX, "behind the part"),
        ("def one():\n" + "    x = 1\n" * (MOST_GROWTH + 9) + "    return 2", FIX, "far longer"),
    ],
)
def test_what_cannot_be_offered_is_refused(new: str, kind: Kind, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        checked(new, kind)


def test_a_text_that_was_broken_may_stay_so_but_not_get_worse() -> None:
    broken = TEXT + "def (:\n"
    assert "return 2" in checked("def one():\n    return 2", text=broken)
    with pytest.raises(Malformed, match="fault of syntax"):
        checked("def one():\n    return ((2", text=broken)
