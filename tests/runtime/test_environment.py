from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mellum_ls.runtime.environment import (
    DEFAULT_CACHE_IDLE_SECONDS,
    DEFAULT_IDLE_SECONDS,
    FORMATS,
    VARIABLES,
    examine_environment,
    model_directory,
    read_environment,
    unknown_variables,
    variables_with,
)
from mellum_ls.runtime.errors import ModelNotFound, SettingError
from mellum_ls.runtime.formats import WEIGHT_FORMATS


def test_defaults_are_absolute_and_private_to_the_user() -> None:
    environment = read_environment({})
    assert environment.cache_dir.is_absolute()
    assert environment.runtime_dir == environment.cache_dir / "run"
    assert (environment.model, environment.threads, environment.cache_mb) == (None, None, None)
    assert environment.cache_idle_seconds == DEFAULT_CACHE_IDLE_SECONDS
    assert (environment.log_level, environment.idle_seconds) == ("INFO", DEFAULT_IDLE_SECONDS)


def test_every_variable_is_read(tmp_path: Path) -> None:
    variables = {
        "MELLUM_MODEL": "somewhere",
        "MELLUM_RUNTIME_DIR": "run",
        "MELLUM_CACHE_DIR": str(tmp_path / "cache"),
        "MELLUM_LOG_LEVEL": "debug",
        "MELLUM_THREADS": "3",
        "MELLUM_IDLE_SECONDS": "1.5",
        "MELLUM_CACHE_IDLE_SECONDS": "0.5",
        "MELLUM_CACHE_MB": "200",
        "MELLUM_FORMAT": "int4",
        "XDG_RUNTIME_DIR": "/elsewhere",
    }
    environment = read_environment(variables)
    assert environment.model == "somewhere"
    assert environment.runtime_dir == Path.cwd() / "run"
    assert environment.cache_dir == tmp_path / "cache"
    assert environment.log_level == "DEBUG"
    assert environment.threads == 3
    assert environment.idle_seconds == 1.5
    assert (environment.cache_idle_seconds, environment.cache_mb) == (0.5, 200)
    assert environment.format == "int4"
    del variables["MELLUM_RUNTIME_DIR"]
    assert read_environment(variables).runtime_dir == Path("/elsewhere/mellum-ls")


def test_empty_variables_count_as_unset() -> None:
    names = (
        "MODEL",
        "RUNTIME_DIR",
        "CACHE_DIR",
        "LOG_LEVEL",
        "THREADS",
        "IDLE_SECONDS",
        "CACHE_IDLE_SECONDS",
        "CACHE_MB",
        "FORMAT",
    )
    assert read_environment({f"MELLUM_{name}": "" for name in names}) == read_environment({})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MELLUM_LOG_LEVEL", "loud"),
        ("MELLUM_THREADS", "0"),
        ("MELLUM_THREADS", "two"),
        ("MELLUM_THREADS", "²"),
        ("MELLUM_IDLE_SECONDS", "0"),
        ("MELLUM_IDLE_SECONDS", "soon"),
        ("MELLUM_IDLE_SECONDS", "nan"),
        ("MELLUM_IDLE_SECONDS", "inf"),
        ("MELLUM_CACHE_IDLE_SECONDS", "-1"),
        ("MELLUM_CACHE_IDLE_SECONDS", "never"),
        ("MELLUM_CACHE_MB", "0"),
        ("MELLUM_CACHE_MB", "1.5"),
        ("MELLUM_CACHE_MB", "-200"),
        ("MELLUM_FORMAT", "INT4"),
        ("MELLUM_FORMAT", "q4_k_m"),
    ],
)
def test_a_bad_value_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=f"{name} is '{value}'; use"):
        read_environment({name: value})


def test_what_cannot_be_used_is_told_and_the_rest_is_read() -> None:
    given = {"MELLUM_THREADS": "x", "MELLUM_CACHE_MB": "0", "MELLUM_LOG_LEVEL": "debug", "MELLUM_CACHE_DIR": "/c"}
    found, problems = examine_environment({**given, "MELLUM_MODLE": "m", "HOME": "/h"})
    assert (found.threads, found.cache_mb, found.log_level, found.cache_dir) == (None, None, "DEBUG", Path("/c"))
    assert problems == (
        "MELLUM_CACHE_MB is '0'; use a whole number of 1 or more",
        "MELLUM_THREADS is 'x'; use a whole number of 1 or more",
    )
    assert examine_environment({"HOME": "/h"})[1] == ()


def test_every_variable_that_is_read_is_known_by_name() -> None:
    read = set()

    class Asked(dict[str, str]):
        def get(self, name: str, default: Any = None) -> Any:
            read.add(name)
            return default

    read_environment(Asked())
    assert {name for name in read if name.startswith("MELLUM_")} == set(VARIABLES)


def test_a_misspelt_variable_is_found() -> None:
    assert unknown_variables({"MELLUM_MODLE": "m", "MELLUM_MODEL": "m", "MELLUMS": "", "HOME": "/h"}) == (
        "MELLUM_MODLE",
    )


def test_a_child_gets_this_process_variables_and_the_changed_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MELLUM_THREADS", "3")
    monkeypatch.setenv("MELLUM_RUNTIME_DIR", "/mine")
    found = read_environment(variables_with({"MELLUM_RUNTIME_DIR": "/its"}))
    assert (found.threads, found.runtime_dir) == (3, Path("/its"))
    assert read_environment().runtime_dir == Path("/mine")


def test_a_child_goes_without_what_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MELLUM_THREADS", "3")
    monkeypatch.setenv("MELLUM_RUNTIME_DIR", "/mine")
    found = variables_with({"MELLUM_RUNTIME_DIR": "/its"}, without=("MELLUM_THREADS", "MELLUM_RUNTIME_DIR"))
    assert "MELLUM_THREADS" not in found
    assert found["MELLUM_RUNTIME_DIR"] == "/its"
    assert variables_with({})["MELLUM_THREADS"] == "3"


def test_the_model_is_a_folder_or_the_embedded_one(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "link").symlink_to("model")
    (tmp_path / "file").touch()
    assert model_directory(str(tmp_path / "link")) == tmp_path / "model"
    (tmp_path / "sha256-00").write_bytes(b"GGUF")
    (tmp_path / "half.gguf").touch()
    (tmp_path / "named-00001-of-00002.gguf").symlink_to("sha256-00")
    for file in ("sha256-00", "half.gguf", "named-00001-of-00002.gguf"):
        assert model_directory(str(tmp_path / file)) == tmp_path / file
    assert model_directory(None).parts[-3:] == ("runtime", "nano", "mellum2-nano")
    with pytest.raises(ModelNotFound, match="is a file"):
        model_directory(str(tmp_path / "file"))
    with pytest.raises(ModelNotFound, match="not a folder on this machine, nor a name such as OWNER/NAME"):
        model_directory("Mellum2")


def test_a_model_of_a_hub_is_where_other_programs_keep_it(tmp_path: Path) -> None:
    env = {"HF_HUB_CACHE": str(tmp_path)}
    for name, remedy in (("a/b", "models pull a/b`"), ("a/b@v1", "models pull a/b --revision v1`")):
        with pytest.raises(ModelNotFound, match=rf"'{name}' is not on this machine.*mellum-ls {remedy}"):
            model_directory(name, env)
    snapshot = tmp_path / "models--a--b" / "snapshots" / ("c" * 40)
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").touch()
    assert model_directory("a/b", env) == snapshot
    for given, cache in (
        ({"HF_HOME": "/h"}, "/h/hub"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/huggingface/hub"),
        ({"HF_HUB_CACHE": "/c", "HF_HOME": "/h"}, "/c"),
        ({}, str(Path.home() / ".cache" / "huggingface" / "hub")),
    ):
        assert str(read_environment(given).hub_cache) == cache


def test_the_network_may_be_forbidden_and_a_profile_named() -> None:
    assert [read_environment({"HF_HUB_OFFLINE": value}).hub_offline for value in ("", "0", "1", "true")] == [
        False,
        False,
        True,
        True,
    ]
    assert read_environment({}).profile is None
    assert read_environment({"MELLUM_PROFILE": "/p/mine.json"}).profile == Path("/p/mine.json")


def test_drafting_is_switched_by_a_one_or_a_zero_and_by_nothing_else() -> None:
    assert [read_environment({"MELLUM_DRAFTING": value}).drafting for value in ("", "0", "1")] == [None, False, True]
    with pytest.raises(SettingError, match="MELLUM_DRAFTING is 'yes'; use 1 for on, 0 for off"):
        read_environment({"MELLUM_DRAFTING": "yes"})


def test_a_format_is_one_that_there_is_or_left_to_the_memory() -> None:
    found = [read_environment({"MELLUM_FORMAT": name}).format for name in FORMATS]
    assert found == [None, *WEIGHT_FORMATS]
