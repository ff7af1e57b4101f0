"""What models write when they have nothing to say: empty comments, TODOs, licences, the tokens of their prompts.

Pure functions on text with \\n line ends, each of which says what of it is left. Knows no language.
"""

from __future__ import annotations

import re

from mellum_ls.lsp_server.rules.shape import in_text, is_comment

_PROMPT_TOKEN = re.compile(
    r"<\|?(?:fim_(?:prefix|middle|suffix|pad)|endoftext|file_sep|repo_name|im_start|im_end)\|?>"
    r"|<(?:PRE|MID|SUF|EOT)>|<\uff5c[^<>\uff5c]*\uff5c>"
)
_BARE = re.compile(r"#+!?|//+!?|--+|/\*+|\*|<!--(?:\s*-->)?|/\*+\s*\*/")
_MARKER = re.compile(r"\s*(?:#+!?|//+!?|--+|/\*+|\*+/?|<!--)\s*")
_PLACEHOLDER = re.compile(
    r"(?:todo|fixme|xxx|hack)\b|(?:add |put |write |insert )?your \w+ here\b|implement (?:me|this)\b"
    r"|(?:the )?(?:rest|remainder) of (?:the|your)\b|\.\.\.|…",
    re.IGNORECASE,
)
_LICENCE = re.compile(
    r"copyright|licensed under|licen[cs]e(?: (?:agreement|terms)|:)|all rights reserved|spdx-|permission is hereby"
    r"|free software|without warrant|@(?:licen[cs]e|author)\b",
    re.IGNORECASE,
)
# What stands in prompts where a secret was, see context/privacy/secret_text.py.
_REDACTED = "<redacted>"


def cut_prompt_token(text: str, nearby: str) -> str:
    """`text` up to the first thing that looks like a token of a prompt, unless the text around it has it too."""
    for found in _PROMPT_TOKEN.finditer(text):
        if found.group() not in nearby:
            return text[: found.start()]
    return text


def cut_redacted(text: str, nearby: str) -> str:
    """`text` up to the line with the placeholder of a secret that was not shown, unless the text around it has it."""
    at = -1 if _REDACTED in nearby else text.find(_REDACTED)
    return text if at < 0 else text[: text.rfind("\n", 0, at) + 1]


def drop_bare_comments(text: str) -> str:
    """Without lines at the end that hold nothing but the sign of a comment; the first line stays."""
    lines = text.split("\n")
    while len(lines) > 1 and (not lines[-1].strip() or _BARE.fullmatch(lines[-1].strip())):
        lines.pop()
    return "\n".join(lines)


def drop_comment_noise(text: str, before: str, previous: str) -> str:
    """Nothing instead of comments that say nothing, where the user has not begun a comment.

    That is a text of comments alone which are empty, or begin with a placeholder, or speak of a licence. `before` is
    the cursor's line up to it, `previous` the line above.
    """
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    # A sign at the end of a word is an operator.
    own_line = not before.strip() or before[-1].isspace() or text[:1].isspace()
    if not lines or not own_line or in_text(before) or not all(map(is_comment, lines)):
        return text
    said = [content for line in lines if (content := _MARKER.sub("", line, count=1))]
    if all(_BARE.fullmatch(line) for line in lines):
        return ""
    begun = not before.strip() and is_comment(previous)
    noise = bool(said) and (_PLACEHOLDER.match(said[0]) or any(map(_LICENCE.search, said)))
    return "" if noise and not begun else text
