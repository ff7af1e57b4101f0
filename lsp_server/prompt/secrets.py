"""Texts on their way into a prompt lose what looks like a secret, whatever file it stands in."""

from __future__ import annotations


def without_secrets(text: str) -> str:
    """`text` with a placeholder for each key, token or password, and as many lines as before."""
    # Its patterns take some milliseconds to compile, which the start need not wait for.
    from mellum_ls.context.privacy.secret_text import redact

    return redact(text).text
