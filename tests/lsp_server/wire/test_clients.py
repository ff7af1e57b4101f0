from mellum_ls.lsp_server.wire.clients import Client


def test_only_an_editor_known_to_keep_bare_lines_gets_them() -> None:
    assert Client(name="Neovim").keeps_bare_lines
    assert not any(Client(name=name).keeps_bare_lines for name in ("", "Visual Studio Code", "neovim-like"))
