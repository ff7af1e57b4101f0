"""Decides whether a package's declared licence lets its code train the embedded model: PSF, MIT, BSD or Apache only.

Reads what the package declares about itself and nothing else; anything unclear counts as a no.
"""

from __future__ import annotations

import re
from email.message import Message

# SPDX identifiers accepted as they stand (https://spdx.org/licenses/).
_SPDX = {"MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "Apache-2.0", "PSF-2.0", "Python-2.0"}
_CLASSIFIERS = {
    "MIT License": "MIT",
    "BSD License": "BSD",
    "Apache Software License": "Apache-2.0",
    "Python Software Foundation License": "PSF",
    "MIT No Attribution License (MIT-0)": "MIT-0",
}
_FREE_TEXT = re.compile(
    r"^(the )?(mit|bsd|apache|psf)\b[\s\-0-9.,()a-z]*(licen[cs]e)?[\s\-0-9.,()a-z]*$|^[23]-clause bsd",
    re.IGNORECASE,
)
_COPYLEFT = re.compile(
    r"gpl|gnu |mozilla|mpl|eclipse|epl|proprietary|commercial|dependency|cc-by|creative commons",
    re.IGNORECASE,
)


def permissive_licence(metadata: Message) -> str | None:
    """Name the permissive licence of a distribution's METADATA; None where it is absent, unclear or of another kind."""
    classifiers = [
        str(line).rsplit("::", 1)[-1].strip()
        for line in metadata.get_all("Classifier", [])
        if str(line).startswith("License ::") and not str(line).endswith("OSI Approved")
    ]
    expression = str(metadata.get("License-Expression") or "").strip()
    free_text = str(metadata.get("License") or "").strip().split("\n")[0].strip()
    if expression:
        parts = re.split(r"\s+AND\s+", expression)
        return expression if all(part.strip("() ") in _SPDX for part in parts) else None
    if any(_COPYLEFT.search(text) for text in [*classifiers, free_text]):
        return None
    if classifiers:
        names = [_CLASSIFIERS.get(text) for text in classifiers]
        return " / ".join(sorted({name for name in names if name})) if all(names) else None
    return free_text if _FREE_TEXT.match(free_text) else None
