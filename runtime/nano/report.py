"""Turns the figures of an evaluation into lines: a table for people, Markdown for the model card.

Knows names and targets of the figures, not how they are measured.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: where it stands in the results, what it is called, how it is written, what was aimed at."""

    path: str
    label: str
    form: str = "{:.1%}"
    target: str = ""


ROWS = (
    Row("next_token.top1", "Next token, top-1 accuracy", target=">= 50 %"),
    Row("baseline.top1", "- 5-gram with cache, the same tokens"),
    Row("next_token.bits_per_byte", "Bits per byte", "{:.3f}"),
    Row("baseline.bits_per_byte", "- 5-gram with cache", "{:.3f}"),
    Row("next_token.tokens", "- tokens scored", "{:,}"),
    Row("single_line.exact_match", "Single-line holes, exact match", target=">= 15 %"),
    Row("single_line.edit_similarity", "- edit similarity", target=">= 45 %"),
    Row("single_line.hit_budget", "- ran into the token budget", "{:.2%}", "< 2 %"),
    Row("single_line.repetition", "- repetition loops", "{:.2%}", "0"),
    Row("single_line.empty", "- empty suggestions", "{:.2%}"),
    Row("single_line.count", "- holes", "{:,}", ">= 1,000"),
    Row("single_line.line_start.exact_match", "- cursor after the indent: exact match"),
    Row("single_line.boundary.exact_match", "- cursor between two tokens: exact match"),
    Row("single_line.identifier.exact_match", "- cursor inside a name: exact match"),
    Row("shown.parsable", "File still parses with a shown suggestion", target=">= 95 %"),
    Row("shown.parsable_before", "- with any suggestion, shown or not"),
    Row("shown.suggestions", "- non-empty suggestions", "{:,}"),
    Row("shown.share", "- of these shown", target=">= 93 %"),
    Row("shown.mended", "- of these with brackets added or cut", "{:,}"),
    Row("shown.repetition", "- repetition loops among the shown", "{:.2%}", "0"),
    Row("shown.exact", "- holes filled exactly by what is shown"),
    Row("shown.truths_changed", "- holes whose own text would be hidden or changed", "{:,}"),
    Row("stop_rules.line.echo", "True rests of lines that end early as an echo", "{:.2%}", "< 1 %"),
    Row("stop_rules.line.loop", "- as a loop", "{:.2%}", "< 1 %"),
    Row("stop_rules.line.holes", "- rests of lines", "{:,}"),
    Row("stop_rules.block.echo", "True blocks that end early as an echo", "{:.2%}", "< 1 %"),
    Row("stop_rules.block.loop", "- as a loop", "{:.2%}", "< 1 %"),
    Row("stop_rules.block.holes", "- blocks", "{:,}"),
    Row("mid_token.exact_match", "Cursor inside a vocabulary token, exact match"),
    Row("mid_token.edit_similarity", "- edit similarity"),
    Row("mid_token.count", "- holes", "{:,}"),
    Row("multi_line.exact_match", "Blocks of 2-8 lines, exact match"),
    Row("multi_line.edit_similarity", "- edit similarity"),
    Row("multi_line.hit_budget", "- ran into the token budget", "{:.2%}"),
    Row("multi_line.repetition", "- repetition loops", "{:.2%}"),
    Row("multi_line.reachable", "- highest exact match that the stop rule allows"),
    Row("multi_line.count", "- holes", "{:,}"),
    Row("cross_file.arguments.exact_without", "Arguments of a call, exact match without context"),
    Row("cross_file.arguments.exact_with", "- with the definition from another file", target="rises"),
    Row("cross_file.arguments.only_with", "- right only with it", "{:,}"),
    Row("cross_file.arguments.only_without", "- right only without it", "{:,}"),
    Row("cross_file.arguments.similarity_without", "- edit similarity without"),
    Row("cross_file.arguments.similarity_with", "- edit similarity with"),
    Row("cross_file.whole_call.exact_without", "Whole call, exact match without context"),
    Row("cross_file.whole_call.exact_with", "- with the definition from another file", target="rises"),
    Row("cross_file.whole_call.similarity_without", "- edit similarity without"),
    Row("cross_file.whole_call.similarity_with", "- edit similarity with"),
    Row("cross_file.calls", "- calls", "{:,}"),
    Row("mtp.first_acceptance", "First draft accepted", target=">= 60 %"),
    Row("mtp.second_acceptance", "Second draft accepted, where the first was"),
    Row("mtp.tokens_per_step", "- tokens for each pass of the model", "{:.2f}"),
    Row("mtp.equal_outputs", "- prompts with the same output as without drafts", "{:,}", "all"),
    Row("mtp.prompts", "- prompts", "{:,}"),
    Row("humaneval.pass_at_1", "HumanEval-Infilling single line, tests passed"),
    Row("humaneval.pass_empty", "- with nothing in the gap"),
    Row("humaneval.exact_match", "- exact match"),
    Row("humaneval.problems", "- problems", "{:,}"),
)


def lines(sections: Mapping[str, Figures]) -> Iterator[tuple[str, str, str]]:
    """(label, value, target) of every figure that is there, in a fixed order."""
    for row in ROWS:
        value = _find(sections, row.path)
        if value is not None:
            yield row.label, row.form.format(value), row.target


def table(sections: Mapping[str, Figures]) -> str:
    """The figures in columns, for a terminal."""
    rows = list(lines(sections))
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(2)]
    return "\n".join(f"{a:<{widths[0]}}  {b:>{widths[1]}}  {c}".rstrip() for a, b, c in rows)


def markdown(sections: Mapping[str, Figures], machine: str) -> str:
    """The figures and the suggestions as Markdown."""
    parts = ["| measured on held-out packages, greedy | value | aimed at |", "| --- | ---: | ---: |"]
    parts += [f"| {label} | {value} | {target} |" for label, value, target in lines(sections)]
    parts += ["", f"Measured on {machine}."]
    shown = sections.get("suggestions", {}).get("shown", [])
    if shown:
        every = sections["suggestions"]["every"]
        parts += [
            "",
            f"Suggestions, unedited: every {every}th of the single-line holes. `⟦⟧` holds the suggestion.",
        ]
        parts += [line for entry in shown for line in _suggestion(entry)]
    return "\n".join(parts) + "\n"


def _suggestion(entry: Figures) -> Sequence[str]:
    fence = "````"
    verdict = "the same as the file" if entry["exact"] else "the file has"
    truth = [] if entry["exact"] else [fence + "python", str(entry["truth"]), fence]
    before = f"{entry['before']}⟦{entry['suggestion']}⟧"
    if entry["shown"] != entry["suggestion"].rstrip():
        verdict = (f"shown as `{entry['shown']}`; " if entry["shown"] else "not shown; ") + verdict
    return ["", f"`{entry['path']}`", "", fence + "python", before, fence, "", verdict, *truth]


def _find(sections: Mapping[str, Figures], path: str) -> Any:
    value: Any = sections
    for key in path.split("."):
        if not isinstance(value, Mapping) or key not in value:
            return None
        value = value[key]
    return value
