"""The released checkpoints of Mellum2 by their names on the hub, and what is known of each without reading it.

From the model cards and JetBrains' announcements; what the files say once they are here goes before it. Sizes are
computed from the shape (sizes.py), not noted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

EMBEDDED = "mellum2-nano"


@dataclass(frozen=True, slots=True)
class Release:
    """One checkpoint. All have the shape of synthetic.RELEASED and fill in the middle; none has an MTP layer."""

    id: str
    what: str
    chat: bool
    thinking: bool
    context: int = 131072
    yarn: bool = True

    @property
    def config_changes(self) -> dict[str, Any]:
        """What differs from synthetic.RELEASED in its config."""
        return {"max_position_embeddings": self.context}


_2 = "JetBrains/Mellum2-12B-A2.5B-"
RELEASES = (
    Release(_2 + "Base", "completes code; the one to begin with", chat=False, thinking=False),
    Release(
        _2 + "Base-Pretrain",
        "the base before its context was made longer",
        chat=False,
        thinking=False,
        context=8192,
        yarn=False,
    ),
    Release(_2 + "Instruct", "completes and follows instructions", chat=True, thinking=False),
    Release(_2 + "Thinking", "completes, and thinks before it answers", chat=True, thinking=True),
    Release(
        "JetBrains/Mellum2.1-12B-A2.5B-Thinking",
        "as Thinking, newer; thoughts can be switched off",
        chat=True,
        thinking=True,
    ),
)
