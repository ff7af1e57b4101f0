import base64
import random

import pytest

from mellum_ls.context.privacy.key_bodies import key_bodies


def body(size: int = 600, width: int = 64, seed: int = 1) -> list[str]:
    text = base64.b64encode(random.Random(seed).randbytes(size)).decode()
    return [text[at : at + width] for at in range(0, len(text), width)]


def block(kind: str = "RSA PRIVATE KEY", **more: int) -> list[str]:
    return [f"-----BEGIN {kind}-----", *body(**more), f"-----END {kind}-----"]


def found(lines: list[str]) -> list[str]:
    data = "\n".join(lines).encode()
    return [data[start:end].decode() for start, end in sorted(set(key_bodies(data)))]


@pytest.mark.parametrize(
    "kind", ["PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "PGP PRIVATE KEY BLOCK"]
)
@pytest.mark.parametrize("width", [40, 64, 76])
def test_the_body_between_its_lines_is_found(kind: str, width: int) -> None:
    assert found(["x = 1", *block(kind, width=width), "return 2"]) == body(width=width)


def test_headers_and_quotes_around_the_lines_are_no_hindrance() -> None:
    lines = block()
    with_headers = [lines[0], "Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,ABCD", "", *lines[1:]]
    assert found(with_headers) == body()
    assert found([f'    "{line}\\n"' for line in lines]) == body()
    assert found([f"// {line}" for line in lines]) == body()
    assert [line.lstrip("+") for line in found([f"+{line}" for line in lines])] == [line.lstrip("+") for line in body()]


def test_a_key_in_one_string_is_found() -> None:
    line = '"private_key": "' + "\\n".join(block()) + '\\n",'
    (only,) = found([line, "code()"])
    assert all(part in only for part in body())
    assert "BEGIN" not in only
    assert "code" not in only


@pytest.mark.parametrize("start", range(16))
@pytest.mark.parametrize("length", [2, 3, 5, 20])
def test_a_part_of_a_key_is_found_without_what_is_around_it(start: int, length: int) -> None:
    lines = ["def f():", *block(), "", "def g():"]
    part = lines[start : start + length]
    assert found(part) == [line for line in part if line in body()]


@pytest.mark.parametrize(
    "text",
    [
        'if line.startswith("-----BEGIN PRIVATE KEY-----"):\n    return\nelse:\n    pass',
        'BEGIN = "-----BEGIN RSA PRIVATE KEY-----"\nEND = "-----END RSA PRIVATE KEY-----"\nNAMES = 3',
        "sha256 = " + "0123456789abcdef" * 4,
        "0123456789abcdef" * 4,
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        "import averyveryveryverylongmodulenamethatgoesonandonandonandonandonandon",
        "/" * 70,
        '    "Qwen3OmniMoeTalkerCodePredictorModelForConditionalGeneration2B4",',
        "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----",
    ],
)
def test_code_about_keys_stays(text: str) -> None:
    assert found(text.split("\n")) == []
