"""Which declared licences let code into the training data."""

from email.message import Message

import pytest

from mellum_ls.runtime.nano.licences import permissive_licence


def metadata(**fields: str | list[str]) -> Message:
    message = Message()
    for key, values in fields.items():
        for value in [values] if isinstance(values, str) else values:
            message[key.replace("_", "-")] = value
    return message


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ({"License_Expression": "MIT"}, "MIT"),
        ({"License_Expression": "Apache-2.0 AND MIT"}, "Apache-2.0 AND MIT"),
        ({"Classifier": ["License :: OSI Approved", "License :: OSI Approved :: BSD License"]}, "BSD"),
        ({"Classifier": "License :: OSI Approved :: Python Software Foundation License"}, "PSF"),
        ({"License": "BSD 3-Clause License"}, "BSD 3-Clause License"),
        ({"License": "Apache License, Version 2.0"}, "Apache License, Version 2.0"),
    ],
)
def test_permissive(fields: dict[str, str | list[str]], licence: str) -> None:
    assert permissive_licence(metadata(**fields)) == licence


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"License": "see LICENSE file"},
        {"License_Expression": "GPL-3.0-or-later"},
        {"License_Expression": "Apache-2.0 OR GPL-2.0-or-later"},
        {"License_Expression": "MIT AND MPL-2.0"},
        {"License": "MIT", "Classifier": "License :: OSI Approved :: GNU General Public License v3 (GPLv3)"},
        {"Classifier": ["License :: OSI Approved :: MIT License", "License :: Other/Proprietary License"]},
        {"Classifier": "License :: Public Domain"},
    ],
)
def test_unclear_or_copyleft_is_a_no(fields: dict[str, str | list[str]]) -> None:
    assert permissive_licence(metadata(**fields)) is None
