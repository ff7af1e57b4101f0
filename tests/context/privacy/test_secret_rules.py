import re

import pytest

from mellum_ls.context.privacy.secret_rules import ASSIGNMENT_WORDS, RULES, TOKENS, assigned, entropy, looks_random


def value_of(line: str) -> str | None:
    """What is taken for a secret in a line, tried at each telling word of it."""
    data = line.encode()
    places = [found.start() for word in ASSIGNMENT_WORDS for found in re.finditer(word, data.lower())]
    spans = {span for at in places for span in assigned(data, at)}
    assert len(spans) < 2
    return next((data[start:end].decode() for start, end in spans), None)


RANDOM = "q7Zp2LxV9tRb4KmW8sYd"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ('password = "hunter2!"', "hunter2!"),
        ("db_passwd: 'Tr0ub4dor'", "Tr0ub4dor"),
        ('{"password": "s3cret"}', "s3cret"),
        ('settings["password"] = "abc123"', "abc123"),
        ('const pwd: string = "p4ssw0rd";', "p4ssw0rd"),
        ('Password := "x9x9x9"', "x9x9x9"),
        (f'api_key = "{RANDOM}"', RANDOM),
        (f"'client_secret' => '{RANDOM}',", RANDOM),
        (f"auth-token: {RANDOM}", RANDOM),
        (f"export API_TOKEN={RANDOM}\n", RANDOM),
        (f"aws_secret_access_key = {RANDOM}+/{RANDOM}\n", f"{RANDOM}+/{RANDOM}"),
    ],
)
def test_a_value_given_to_a_telling_name_is_a_secret(line: str, value: str) -> None:
    assert value_of(line) == value


@pytest.mark.parametrize(
    "line",
    [
        'password = os.environ["PASSWORD_2"]',
        'password = getpass("Password 1:")',
        "password: string;",
        'if password == "hunter2!":',
        'password = "${DB_PASSWORD_1}"',
        'password = "<password1>"',
        'password = "{password1}"',
        'label_password = "Password"',
        'token = "access_token"',
        '"tokenizers": "tokenizers>=0.23.1,<0.24.0"',
        'TOKEN_URL = "https://example.com/oauth2/token/v2"',
        'token_path = "/var/run/secrets/token1"',
        'secret_name = "projects/app/secrets/db-2"',
        'token_type = "oauth2.bearer.access"',
        f'commit = "{RANDOM}"',
        f"token = make_token({RANDOM})",
        "token = tokenizer.tokens_by_index_2",
        "self.token = sha256_of_input_text_1",
        'primary_key = "user_id_2"',
        'secret = "change-me-123456789"',
    ],
)
def test_ordinary_code_is_none(line: str) -> None:
    assert value_of(line) is None


def test_randomness_is_told_from_words() -> None:
    assert looks_random(RANDOM.encode())
    assert looks_random(b"d41d8cd98f00b204e9800998ecf8427e")
    assert not looks_random(b"ApplicationSettings2024Default1")
    assert not looks_random(b"1234567890123456")
    assert not looks_random(b"short1A2")
    assert entropy(b"") == 0.0
    assert entropy(b"aaaa") == 0.0
    assert entropy(b"abcd") == 2.0


def test_each_kind_is_tried_where_its_word_stands() -> None:
    for word, rule in TOKENS.items():
        assert len(word) in (3, 4)
        assert word in rule.words
    assert all(word == word.lower() for rule in RULES if not rule.exact_case for word in rule.words)
