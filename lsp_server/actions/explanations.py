"""The texts of explanations, which clients read by URI while they grow; where they cannot, in files of this process.

Knows texts and names. The newest few are kept.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

SCHEME = "mellum"
MOST = 20


class Explanations:
    """The explanations of one window."""

    def __init__(self) -> None:
        self._texts: OrderedDict[str, str] = OrderedDict()
        self._count = 0
        self._folder: Path | None = None

    def begin(self, name: str) -> str:
        """A new document about the file `name`; its URI."""
        self._count += 1
        uri = f"{SCHEME}:/explanation-{self._count}/{_plain(name)}.md"
        self._texts[uri] = ""
        if len(self._texts) > MOST:
            self._texts.popitem(last=False)
        return uri

    def grow(self, uri: str, text: str) -> bool:
        """All of the text so far; whether there is a further whole line of it to show."""
        before = self._texts.get(uri)
        if before is None:
            return False
        self._texts[uri] = text
        return text.count("\n") > before.count("\n")

    def text(self, uri: str) -> str | None:
        """The text so far; None for a document that there is not, or no longer."""
        return self._texts.get(uri)

    def file(self, uri: str) -> Path:
        """A file of its own, which only this user may read and nobody should write, with the text as it is now.

        Raises OSError.
        """
        if self._folder is None:
            import tempfile  # some milliseconds of the start, for what few clients need

            self._folder = Path(tempfile.mkdtemp(prefix="mellum-"))
        path = self._folder / uri.removeprefix(f"{SCHEME}:/").replace("/", "-")
        path.write_text(self._texts.get(uri, ""), encoding="utf-8")
        path.chmod(0o400)
        return path

    def close(self) -> None:
        """Forget everything, files included."""
        self._texts.clear()
        if self._folder is not None:
            import shutil

            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in name)[:80] or "code"
