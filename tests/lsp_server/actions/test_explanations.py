from mellum_ls.lsp_server.actions.explanations import MOST, Explanations


def test_a_text_grows_by_lines_and_is_read_by_its_uri() -> None:
    kept = Explanations()
    uri = kept.begin("a b.py")
    assert uri == "mellum:/explanation-1/a_b.py.md"
    assert (kept.text(uri), kept.text("mellum:/other")) == ("", None)
    assert not kept.grow(uri, "one")
    assert kept.grow(uri, "one\ntw")
    assert not kept.grow(uri, "one\ntwo")
    assert not kept.grow("mellum:/other", "x\n")
    assert kept.text(uri) == "one\ntwo"


def test_the_oldest_go() -> None:
    kept = Explanations()
    uris = [kept.begin("a") for _ in range(MOST + 1)]
    assert len(set(uris)) == MOST + 1
    assert [kept.text(uri) for uri in uris[:2]] == [None, ""]


def test_a_file_is_the_users_alone_and_goes_at_the_end() -> None:
    kept = Explanations()
    uri = kept.begin("../../etc/x")
    kept.grow(uri, "so\n")
    path = kept.file(uri)
    assert path.read_text() == "so\n"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o400, 0o700)
    kept.close()
    assert not path.parent.exists()
    assert kept.text(uri) is None
