"""The one reader of environment variables: MELLUM_* to a frozen Environment, and a model name to its folder.

Standard library and platformdirs only: the language server imports it. Does not know what a model is.
"""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from mellum_ls.runtime.errors import ModelNotFound, SettingError
from mellum_ls.runtime.gguf_files.header import is_gguf

DEFAULT_IDLE_SECONDS = 1800.0
DEFAULT_CACHE_IDLE_SECONDS = 300.0
FORMATS = ("auto", "float", "bf16", "int8", "int4")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
APP = "mellum-ls"
VARIABLES = (
    "MELLUM_CACHE_DIR",
    "MELLUM_CACHE_IDLE_SECONDS",
    "MELLUM_CACHE_MB",
    "MELLUM_DRAFTING",
    "MELLUM_FORMAT",
    "MELLUM_IDLE_SECONDS",
    "MELLUM_LOG_LEVEL",
    "MELLUM_MODEL",
    "MELLUM_PROFILE",
    "MELLUM_RUNTIME_DIR",
    "MELLUM_THREADS",
)


@dataclass(frozen=True, slots=True)
class Environment:
    """What the user's environment says, with defaults filled in. Paths are absolute; none is created here."""

    model: str | None
    runtime_dir: Path
    cache_dir: Path
    log_level: str
    threads: int | None
    idle_seconds: float
    cache_idle_seconds: float
    cache_mb: int | None
    """Most memory for keys and values, in 10**6 bytes; None: what suits the device."""
    drafting: bool | None = None
    """Whether the model process drafts tokens; None: where that was shown to pay, on a processor."""
    profile: Path | None = None
    """A file of what the user says against the checkpoint's own files; None: mellum.json beside the weights."""
    hub_cache: Path = Path()
    """Where models of a hub lie, as huggingface_hub has it."""
    hub_offline: bool = False
    """Whether HF_HUB_OFFLINE forbids asking a hub."""
    format: str | None = None
    """What weights are kept as, one of FORMATS without `auto`; None: the best that fits the device."""


def read_environment(variables: Mapping[str, str] | None = None) -> Environment:
    """Read MELLUM_* from `variables` (default: this process's own).

    An empty variable counts as unset. Raises SettingError that names the variable and what it may be.
    """
    env = os.environ if variables is None else variables
    cache = _folder(env, "MELLUM_CACHE_DIR") or _default_cache_dir()
    return Environment(
        model=env.get("MELLUM_MODEL") or None,
        runtime_dir=_folder(env, "MELLUM_RUNTIME_DIR") or _default_runtime_dir(env, cache),
        cache_dir=cache,
        log_level=_log_level(env),
        threads=_whole(env, "MELLUM_THREADS"),
        idle_seconds=_seconds(env, "MELLUM_IDLE_SECONDS", DEFAULT_IDLE_SECONDS),
        cache_idle_seconds=_seconds(env, "MELLUM_CACHE_IDLE_SECONDS", DEFAULT_CACHE_IDLE_SECONDS),
        cache_mb=_whole(env, "MELLUM_CACHE_MB"),
        drafting=_switch(env, "MELLUM_DRAFTING"),
        profile=_folder(env, "MELLUM_PROFILE"),
        hub_cache=_hub_cache(env),
        hub_offline=(env.get("HF_HUB_OFFLINE") or "").upper() in ("1", "ON", "YES", "TRUE"),
        format=_format(env),
    )


def examine_environment(variables: Mapping[str, str] | None = None) -> tuple[Environment, tuple[str, ...]]:
    """What the environment says without the variables that cannot be used, and a sentence for each of those."""
    env = dict(os.environ if variables is None else variables)
    problems = []
    for name in VARIABLES:
        try:
            read_environment({name: env.get(name, "")})
        except SettingError as error:
            problems.append(str(error))
            del env[name]
    return read_environment(env), tuple(problems)


def unknown_variables(variables: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Names that begin like those of mellum-ls and that nobody reads, likely misspelt."""
    env = os.environ if variables is None else variables
    return tuple(sorted(name for name in env if name.startswith("MELLUM_") and name not in VARIABLES))


def variables_with(changes: Mapping[str, str], without: Collection[str] = ()) -> dict[str, str]:
    """The variables for a child process: this process's own without some, and `changes` in place of the same names."""
    own = {name: value for name, value in os.environ.items() if name not in without}
    return {**own, **changes}


def model_directory(model: str | None, variables: Mapping[str, str] | None = None) -> Path:
    """The absolute path of `model`: a folder, a GGUF file whatever its name, the name of a model on a hub that was
    pulled, or None for the embedded mellum2-nano.

    Asks no network. Raises ModelNotFound when it is not on this machine. The loader says whether it holds a model.
    """
    if model is None:
        from importlib.resources import files  # not needed, and not paid for, when a folder is named

        return Path(str(files("mellum_ls.runtime.nano") / "mellum2-nano"))
    path = Path(model).expanduser()
    if path.is_dir():
        return path.resolve()
    if is_gguf(path) or (path.suffix == ".gguf" and path.is_file()):
        # Not resolved: parts of a split file are found by their names, and downloads are links to nameless files.
        return Path(os.path.abspath(path))
    if path.exists():
        raise ModelNotFound(
            f"model {model!r} is a file and no GGUF file; name the folder that holds config.json, or a GGUF file"
        )
    from mellum_ls.runtime.checkpoints.hub_cache import HubModel, find_snapshot

    named = HubModel.parse(model)
    if named is None:
        raise ModelNotFound(
            f"model {model!r} is not a folder on this machine, nor a name such as OWNER/NAME; "
            "`mellum-ls models list` shows those that are known"
        )
    snapshot = find_snapshot(named, _hub_cache(os.environ if variables is None else variables))
    if snapshot is None:
        revision = "" if named.revision is None else f" --revision {named.revision}"
        raise ModelNotFound(
            f"model {model!r} is not on this machine, neither as a folder nor pulled to its end: "
            f"`mellum-ls models pull {named.id}{revision}` fetches it"
        )
    return snapshot


def _folder(env: Mapping[str, str], name: str) -> Path | None:
    value = env.get(name)
    return Path(os.path.abspath(os.path.expanduser(value))) if value else None


def _hub_cache(env: Mapping[str, str]) -> Path:
    """As huggingface_hub finds it, whose programs share what is fetched."""
    named = _folder(env, "HF_HUB_CACHE") or _folder(env, "HUGGINGFACE_HUB_CACHE")
    home = _folder(env, "HF_HOME") or (_folder(env, "XDG_CACHE_HOME") or Path.home() / ".cache") / "huggingface"
    return named or home / "hub"


def _default_cache_dir() -> Path:
    from platformdirs import user_cache_path  # only when no variable says where

    return user_cache_path(APP, appauthor=False)


def _default_runtime_dir(env: Mapping[str, str], cache: Path) -> Path:
    # Without XDG_RUNTIME_DIR the usual fallback is a guessable folder in /tmp that anyone may have made.
    base = _folder(env, "XDG_RUNTIME_DIR")
    return base / APP if base else cache / "run"


def _log_level(env: Mapping[str, str]) -> str:
    value = env.get("MELLUM_LOG_LEVEL") or "INFO"
    level = value.upper()
    if level not in LOG_LEVELS:
        raise SettingError(f"MELLUM_LOG_LEVEL is {value!r}; use one of {', '.join(LOG_LEVELS)}")
    return level


def _format(env: Mapping[str, str]) -> str | None:
    value = env.get("MELLUM_FORMAT") or FORMATS[0]
    if value not in FORMATS:
        raise SettingError(f"MELLUM_FORMAT is {value!r}; use one of {', '.join(FORMATS)}")
    return None if value == FORMATS[0] else value


def _switch(env: Mapping[str, str], name: str) -> bool | None:
    value = env.get(name)
    if not value:
        return None
    if value not in ("0", "1"):
        raise SettingError(f"{name} is {value!r}; use 1 for on, 0 for off")
    return value == "1"


def _whole(env: Mapping[str, str], name: str) -> int | None:
    value = env.get(name)
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or int(value) < 1:
        raise SettingError(f"{name} is {value!r}; use a whole number of 1 or more")
    return int(value)


def _seconds(env: Mapping[str, str], name: str, default: float) -> float:
    value = env.get(name)
    if not value:
        return default
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not (0 < seconds < math.inf):
        raise SettingError(f"{name} is {value!r}; use a number of seconds above 0")
    return seconds
