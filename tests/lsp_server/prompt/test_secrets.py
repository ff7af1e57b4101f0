from mellum_ls.lsp_server.prompt.secrets import without_secrets

TOKEN = "ghp_" + "a1B2" * 9


def test_a_token_becomes_a_placeholder_and_lines_keep_their_numbers() -> None:
    text = f"first\ntoken = '{TOKEN}'\nlast"
    assert without_secrets(text) == "first\ntoken = '<redacted>'\nlast"


def test_ordinary_code_stays_as_it_is() -> None:
    text = "def f(password):\n    return hash(password) == 'd41d8cd98f00b204e9800998ecf8427e'\n"
    assert without_secrets(text) == text
