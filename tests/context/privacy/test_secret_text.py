import random
import re
import string
import time
from pathlib import Path

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.context.privacy.secret_text import PLACEHOLDER, redact

BASE62 = string.ascii_letters + string.digits


def drawn(length: int, alphabet: str = BASE62, seed: int = 7) -> str:
    return "".join(random.Random(seed).choices(alphabet, k=length))


HEX, UPPER = "0123456789abcdef", string.ascii_uppercase + "234567"
# Put together here, so that no other scanner takes this file for a leak.
TOKENS = [
    "AKIA" + drawn(16, UPPER),
    "AIza" + drawn(35),
    "GOCSPX-" + drawn(28),
    "ya29." + drawn(60),
    "ghp_" + drawn(36),
    "ghs_" + drawn(36),
    "github_pat_" + drawn(82),
    "glpat-" + drawn(20),
    "xoxb-" + drawn(12, string.digits) + "-" + drawn(24),
    "xapp-1-" + drawn(40),
    "sk_live_" + drawn(24),
    "whsec_" + drawn(32),
    "sk-" + drawn(48),
    "sk-proj-" + drawn(80),
    "sk-ant-api03-" + drawn(95),
    "npm_" + drawn(36),
    "pypi-AgE" + drawn(150),
    "hf_" + drawn(34),
    "SG." + drawn(22) + "." + drawn(43),
    "dop_v1_" + drawn(64, HEX),
    "shpat_" + drawn(32, HEX),
    "dapi" + drawn(32, HEX),
    "hvs." + drawn(90),
    "AGE-SECRET-KEY-1" + drawn(58, UPPER),
    "eyJ" + drawn(30) + ".eyJ" + drawn(60) + "." + drawn(43),
]
PLACES = [
    "{}",
    'x = "{}"',
    "x: {}\n",
    "f('{}')",
    "# see {} here",
    "A={}&b=1",
    '"\\n{}\\n"',
    "`{}`",
    "é{}",
    "?key={}#top",
]


@pytest.mark.parametrize("token", TOKENS, ids=lambda token: token[:8])
@pytest.mark.parametrize("place", PLACES)
def test_a_token_goes_wherever_it_stands(token: str, place: str) -> None:
    redacted = redact(place.format(token))
    assert redacted.text == place.format(PLACEHOLDER)
    assert redacted.count == 1


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("postgres://app:pa55@db.example.com/x", "postgres://app:<redacted>@db.example.com/x"),
        ("redis://:hunter2@localhost:6379", "redis://:<redacted>@localhost:6379"),
        (f"Authorization: Bearer {drawn(40)}", "Authorization: Bearer <redacted>"),
        (f"'authorization': 'basic {drawn(40)}'", "'authorization': 'basic <redacted>'"),
        (f"AccountName=x;AccountKey={drawn(86)}==;E=y", "AccountName=x;AccountKey=<redacted>;E=y"),
        (f"https://hooks.slack.com/services/T1/B2/{drawn(24)}x", "https://hooks.slack.com/services/<redacted>"),
        (f"bot12345678:AA{drawn(33)} ", "bot12345678:<redacted> "),
        ('password = "hunter2!"', 'password = "<redacted>"'),
    ],
)
def test_a_secret_goes_and_what_is_around_it_stays(text: str, left: str) -> None:
    assert redact(text).text == left


@pytest.mark.parametrize(
    "text",
    [
        "d41d8cd98f00b204e9800998ecf8427e",
        "id = 'f47ac10b-58cc-4372-a567-0e02b2c3d479'",
        "https://example.com:8080/a@b",
        "git@github.com:owner/repository.git",
        "postgres://user:password@localhost/db",
        "postgres://{user}:{password}@{host}/db",
        "class='sk-text-repr-fallback-of-an-estimator'",
        "npm_config_registry_of_the_whole_company_x",
        "task-identifier-with-a-long-name-2024",
        "headers = {'Authorization': f'Bearer {token}'}",
        "the bearer of this letter shall be admitted",
        "basic authentication_scheme_of_http",
        "ghp_short",
        "AKIA1",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
        "",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == type(redact(""))(text, 0)


CODE = st.sampled_from(
    ["x = 1\n", "def f():\n", "\r\n", "é\n", "    return token\n", "password = ", '"', "-----\n", " "]
)


@given(st.lists(st.one_of(CODE, st.sampled_from(TOKENS)), max_size=12).map(" ".join))
def test_redacting_keeps_lines_and_does_all_at_once(text: str) -> None:
    once = redact(text)
    assert once.text.count("\n") == text.count("\n")
    assert redact(once.text) == type(once)(once.text, 0)


@given(st.text(max_size=20), st.sampled_from(TOKENS), st.text(max_size=20))
def test_no_neighbour_hides_a_token(before: str, token: str, after: str) -> None:
    # A letter that touches it makes another word of it.
    assert token not in redact(f"{before} {token} {after}").text


@given(st.text(st.characters(codec=None), max_size=200))
def test_any_text_is_read(text: str) -> None:
    assert redact(text).text.count("\n") == text.count("\n")


def installed_code() -> list[str]:
    """The Python files of what is installed here: nobody's secrets, as far as their authors know."""
    folder = Path(hypothesis.__file__).parents[1]
    texts = []
    for name in ("hypothesis", "pygls", "rich", "platformdirs", "_pytest", "mypy"):
        texts += [path.read_text(encoding="utf-8") for path in sorted((folder / name).rglob("*.py"))]
    return texts


def test_installed_code_is_left_alone_and_costs_little() -> None:
    texts = installed_code()
    size = sum(map(len, texts))
    assert size > 3_000_000
    began = time.process_time()
    touched = [text for text in texts if redact(text).count]
    assert len(touched) <= len(texts) // 200
    # Measured 33 MB a second; the limit is loose since others may use the machine.
    assert size / (time.process_time() - began) > 5_000_000


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "piece", ["password=", "://a", "eyJ", "-----BEGIN PRIVATE KEY-----\n", "A" * 64 + "\n", '"token": "', "sk-" * 9]
)
def test_no_text_takes_forever(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    began = time.process_time()
    redact(text)
    assert time.process_time() - began < 20


def test_what_is_left_names_no_secret_in_its_placeholder() -> None:
    assert re.fullmatch(r"<\w+>", PLACEHOLDER)
