"""The command `mellum-ls`: arguments to the right module, which is imported only then. Decides nothing else.

`serve` is what editors start; its imports stay few, since the editor waits for them.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Sequence
from functools import partial

from mellum_ls.runtime.environment import FORMATS

MODEL_HELP = "folder, or OWNER/NAME that was pulled (default: MELLUM_MODEL, else the embedded model)"


def build_parser(command: str | None = None) -> argparse.ArgumentParser:
    """All commands and their options; those of `models` only if that is the `command`, or none is named."""
    parser = argparse.ArgumentParser(
        prog="mellum-ls",
        description="Inline code completions from Mellum2 on your own machine.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    serve = commands.add_parser("serve", help="the language server; what editors start (default)", allow_abbrev=False)
    way = serve.add_mutually_exclusive_group()
    way.add_argument("--stdio", action="store_true", help="talk over stdin and stdout (default)")
    way.add_argument("--pipe", metavar="PATH", help="connect to the Unix socket on which the editor waits")
    way.add_argument("--socket", metavar="PORT", type=_port, help="connect to the local port on which the editor waits")
    way.add_argument("--port", metavar="PORT", type=_port, help="wait for the editor on this local port; 0 takes any")
    serve.add_argument("--clientProcessId", metavar="PID", type=int, help="end when this process is gone")
    _add_model(serve)
    _add_format(serve)

    demo = commands.add_parser("demo", help="watch the server complete code in a real repository", allow_abbrev=False)
    demo.add_argument("--repo", metavar="DIR", help="repository to type in (default: an installed package)")
    demo.add_argument("--fast", action="store_true", help="type without waiting")
    demo.add_argument("--json", metavar="FILE", help="write the figures to FILE")
    _add_model(demo)

    runtime = commands.add_parser("runtime", help="the resident model process", allow_abbrev=False)
    actions = runtime.add_subparsers(dest="action", required=True, metavar="start|stop|status")
    for action, meaning in (
        ("start", "start the model process, or find it running"),
        ("stop", "end it"),
        ("status", "say how it is, without starting it"),
    ):
        sub = actions.add_parser(action, help=meaning, allow_abbrev=False)
        sub.add_argument("--json", action="store_true", help="print JSON")
        _add_model(sub)
        if action == "start":
            _add_format(sub)

    models = commands.add_parser("models", help="released checkpoints: list, fetch and examine", allow_abbrev=False)
    if command in (None, "models"):
        from mellum_ls.lsp_server.models_command.command import add

        add(models)

    _add_bench(commands.add_parser("bench", help="measure speed on this machine", allow_abbrev=False))

    _add_explain(commands.add_parser("context", help="the code of other files that the model sees", allow_abbrev=False))

    doctor = commands.add_parser("doctor", help="what works here, what not, and why", allow_abbrev=False)
    doctor.add_argument(
        "--workspace", metavar="DIR", help="folder whose files are looked at (default: the current one)"
    )
    doctor.add_argument("--json", action="store_true", help="print JSON")
    _add_model(doctor)

    settings = commands.add_parser("settings", help="every setting, its default and meaning", allow_abbrev=False)
    settings.add_argument("--schema", action="store_true", help="print a JSON schema instead of a table")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. Wrong arguments exit with 2."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or (given[0].startswith("-") and given[0] not in ("-h", "--help", "--version")):
        given = ["serve", *given]
    parsed = build_parser(given[0]).parse_args(given)
    if parsed.version:
        from importlib.metadata import version

        print(f"mellum-ls {version('mellum-ls')}")
        return 0
    if parsed.command == "serve":
        return _serve(parsed)
    if parsed.command == "demo":
        from mellum_ls.lsp_server.demo.run import main as demo

        return demo(parsed)
    if parsed.command == "runtime":
        return _runtime(parsed)
    if parsed.command == "models":
        from mellum_ls.lsp_server.models_command.command import run

        return run(parsed)
    if parsed.command == "context":
        return _context(parsed)
    if parsed.command == "doctor":
        return _doctor(parsed)
    if parsed.command == "settings":
        return _settings(as_schema=parsed.schema)
    if parsed.command == "bench":
        return _bench(parsed)
    build_parser().error("name a command")


def _serve(parsed: argparse.Namespace) -> int:
    from mellum_ls.lsp_server.serve import Connection, resident_backend, run

    connection = Connection(parsed.pipe, parsed.socket, parsed.port)
    model, parent = parsed.model or "", parsed.clientProcessId
    if parsed.format is None:
        return run(connection, model=model, parent=parent)
    return run(connection, model, parent, partial(resident_backend, format=parsed.format))


def _runtime(parsed: argparse.Namespace) -> int:
    from mellum_ls.lsp_server.runtime_command import run

    return run(parsed.action, parsed.model, getattr(parsed, "format", None), as_json=parsed.json, out=print)


def _context(parsed: argparse.Namespace) -> int:
    from mellum_ls.lsp_server.context_command import run

    return run(parsed.place, parsed.workspace, parsed.chars, as_json=parsed.json, with_texts=parsed.texts, out=print)


def _doctor(parsed: argparse.Namespace) -> int:
    from mellum_ls.lsp_server.doctor.run import run

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files may have what the terminal has not
    return run(parsed.model, parsed.workspace, as_json=parsed.json, out=print)


def _settings(*, as_schema: bool) -> int:
    from mellum_ls.lsp_server.settings import listing

    print(json.dumps(listing.as_schema(), indent=2) if as_schema else listing.as_markdown())
    return 0


def _bench(parsed: argparse.Namespace) -> int:
    if parsed.benchmark == "keystrokes":
        from mellum_ls.lsp_server.keystrokes.run import main as keystrokes

        return keystrokes(parsed)
    if parsed.benchmark == "context":
        from mellum_ls.lsp_server.context_bench.run import main as context

        return context(parsed)
    from mellum_ls.lsp_server.bench_command import run

    options = ["model", "tokens", "context", "repeats", "against", "json"]
    if parsed.benchmark == "kernels":
        options = ["static", "compiled", "formats", "contexts", "json", "markdown"]
    if parsed.benchmark == "quality":
        options = ["model", "random", "texts", "files", "tokens", "json"]
    if parsed.benchmark == "decode":
        options += ["drafting", "prompts", "explain"]
    if parsed.benchmark in ("decode", "prefill", "warm"):
        options += ["format"]
    if parsed.benchmark in ("decode", "prefill"):
        options += ["synthetic", "seed"]
    return run(parsed.benchmark, {name: getattr(parsed, name) for name in options})


def _add_explain(context: argparse.ArgumentParser) -> None:
    explain = context.add_subparsers(dest="action", required=True, metavar="explain").add_parser(
        "explain", help="what is chosen for a cursor, why, and what is left out", allow_abbrev=False
    )
    explain.add_argument("place", metavar="FILE:LINE:COL", help="the cursor; line and column count from 1")
    explain.add_argument("--workspace", metavar="DIR", help="workspace folder (default: the repository of FILE)")
    explain.add_argument("--chars", metavar="N", type=_count, help="most characters (default: those of a first prompt)")
    explain.add_argument("--texts", action="store_true", help="also print the texts themselves")
    explain.add_argument("--json", action="store_true", help="print JSON")


def _add_bench(parser: argparse.ArgumentParser) -> None:
    """The values stay text: the child that measures knows which are right."""
    kinds = parser.add_subparsers(
        dest="benchmark", required=True, metavar="decode|prefill|warm|kernels|quality|keystrokes|context"
    )
    for name, meaning in (
        ("decode", "tokens a second after a prompt"),
        ("prefill", "prompt tokens a second"),
        ("warm", "time of a key press with a warm cache, and from scratch"),
    ):
        sub = kinds.add_parser(name, help=meaning, description=meaning, allow_abbrev=False)
        _add_format(sub)
        if name != "warm":
            sub.add_argument(
                "--synthetic", metavar="released|layers=N|nano", help="random weights of this shape, made in the format"
            )
            sub.add_argument("--seed", metavar="N", help="of the random weights (default: 0)")
        sub.add_argument("--tokens", metavar="N", help="new tokens in each repeat")
        sub.add_argument("--context", metavar="N", help="tokens of the prompt")
        sub.add_argument("--repeats", metavar="N", help="how often to measure, 5 or more; keys to type for warm")
        sub.add_argument("--against", metavar="NAME", help="also measure this library; transformers is known")
        sub.add_argument("--json", metavar="FILE", help="write the figures to FILE")
        if name == "decode":
            sub.add_argument(
                "--drafting", metavar="FILE", help="with and without drafts, on the texts of a JSON-lines file"
            )
            sub.add_argument("--prompts", metavar="N", help="how many places of FILE")
            sub.add_argument("--explain", action="store_true", help="what checking drafts costs, and what would pay")
        _add_model(sub)
    _add_kernels(kinds)
    _add_quality(kinds)
    _add_keystrokes(kinds)
    _add_context(kinds)


def _add_kernels(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    meaning = "what a GPU's kernels take, or without one what can be counted of them"
    sub = kinds.add_parser("kernels", help=meaning, description=meaning, allow_abbrev=False)
    sub.add_argument("--static", action="store_true", help="count only, also where there is a GPU")
    sub.add_argument("--compiled", action="store_true", help="what each kernel compiles to, for five architectures")
    sub.add_argument("--formats", metavar="NAME,NAME", help="float, int8, int4 (default: all)")
    sub.add_argument("--contexts", metavar="N,N", help="tokens before those that are decoded")
    sub.add_argument("--json", metavar="FILE", help="write the figures to FILE")
    sub.add_argument("--markdown", metavar="FILE", help="write the page to FILE")


def _add_quality(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    meaning = "what quantising costs: how far each format's predictions are from those of the floats"
    sub = kinds.add_parser("quality", help=meaning, description=meaning, allow_abbrev=False)
    sub.add_argument("--random", action="store_true", help="a random model of middling size, and random tokens")
    sub.add_argument("--texts", metavar="FILE", help="JSON lines with a text each (default: sources of Python)")
    sub.add_argument("--files", metavar="N", help="most texts (default: 12)")
    sub.add_argument("--tokens", metavar="N", help="most tokens of a text (default: 512)")
    sub.add_argument("--json", metavar="FILE", help="write the figures to FILE")
    _add_model(sub)


def _add_keystrokes(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    meaning = "tokens computed, and time, at each keystroke of real typing"
    sub = kinds.add_parser("keystrokes", help=meaning, description=meaning, allow_abbrev=False)
    sub.add_argument("--recording", metavar="FILE", help="typing recorded in VS Code (workspaceRecording@1.0)")
    sub.add_argument("--before", metavar="DIR", help="sources before; the difference to --after is typed")
    sub.add_argument("--after", metavar="DIR", help="sources after")
    sub.add_argument("--limit", metavar="N", help="end after so many requests")
    sub.add_argument(
        "--pin", metavar="N|all", help="pin so many of the files that nobody types in (default: all; 0 with --context)"
    )
    sub.add_argument("--pinned-chars", metavar="N", help="pin at most so many characters of them (default: 24000)")
    sub.add_argument("--context", metavar="N", help="let the server choose at most so many characters of their code")
    sub.add_argument("--overtake", action="store_true", help="do not wait for answers before the next key")
    sub.add_argument(
        "--read-within",
        metavar="SECONDS",
        help="count as if a place were read so soon after the caret came to rest there, whatever this machine's speed",
    )
    sub.add_argument("--json", metavar="FILE", help="write the figures to FILE")
    _add_model(sub)


def _add_context(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    meaning = "how much the repository's code helps, on changes between releases of packages"
    sub = kinds.add_parser("context", help=meaning, description=meaning, allow_abbrev=False)
    sub.add_argument("--cases", metavar="N", help="cursors at which the defining code is looked for in the context")
    sub.add_argument("--scored", metavar="N", help="targets that the model is asked about; 0 loads no model")
    sub.add_argument("--budget", metavar="TOKENS", help="tokens of context before those targets")
    sub.add_argument("--packages", metavar="FILE", help="another list of packages and their releases")
    sub.add_argument("--data", metavar="DIR", help="where releases, indexes and answers are kept (default: the cache)")
    sub.add_argument("--json", metavar="FILE", help="write the figures to FILE")
    _add_model(sub)


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", metavar="MODEL", help=MODEL_HELP)


def _add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format", choices=FORMATS, help="what weights are kept as (default: MELLUM_FORMAT, else the best that fits)"
    )


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def _port(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port number")
    return number
