"""Where the tests of a file belong, by the habits of its language. Knows paths relative to a workspace folder alone."""

from __future__ import annotations

from pathlib import PurePosixPath

_BESIDE = {
    ".go": "{}_test.go",
    ".ts": "{}.test.ts",
    ".tsx": "{}.test.tsx",
    ".js": "{}.test.js",
    ".jsx": "{}.test.jsx",
    ".mjs": "{}.test.mjs",
    ".rb": "{}_test.rb",
}
_SOURCES = frozenset({"src", "lib"})


def new_test_file(path: str) -> str:
    """The path of the file that tests of `path` go into; empty where no habit is known, or it is a test itself."""
    file = PurePosixPath(path)
    name = file.stem
    if any(part in ("tests", "test", "__tests__") for part in file.parts[:-1]):
        return ""
    if file.suffix == ".py" and not name.startswith(("test_", "__")) and not name.endswith("_test"):
        folders = file.parts[1:-1] if file.parts[0] in _SOURCES else file.parts[:-1]
        return str(PurePosixPath("tests", *folders, f"test_{name}.py"))
    if file.suffix == ".java" and not name.endswith("Test") and "main" in file.parts:
        where = file.parts.index("main")
        return str(PurePosixPath(*file.parts[:where], "test", *file.parts[where + 1 : -1], f"{name}Test.java"))
    pattern = _BESIDE.get(file.suffix, "")
    if not pattern or name.endswith((".test", ".spec", "_test")):
        return ""
    return str(file.with_name(pattern.format(name)))
