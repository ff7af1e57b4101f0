"""The README's table says what features.toml says, and that says something of every editor."""

from tests.editors.features import ROOT, as_markdown, read, written


def test_the_readme_holds_the_generated_table() -> None:
    assert written() == as_markdown(), "run python -m tests.editors.features"


def test_every_editor_is_judged_in_everything_and_has_its_page() -> None:
    features, editors = read()
    names = [editor["name"] for editor in editors]
    assert len(set(names)) == len(names) >= 6
    for editor in editors:
        assert editor.keys() == {*features, "name", "page", "shown_by"}
        assert all(editor[key] and "|" not in editor[key] for key in features)
        assert all((ROOT / editor[key]).exists() for key in ("page", "shown_by"))
    # Each folder of an editor has its page.
    for folder in (path for path in (ROOT / "editors").iterdir() if path.is_dir()):
        assert (folder / "README.md").is_file()
