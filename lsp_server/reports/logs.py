"""Where the log goes and what never gets into it: stderr, and nothing that a user has written.

stdout belongs to the protocol.
"""

from __future__ import annotations

import logging
import sys

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
# pygls and asyncio put message bodies and the values of failed calls into their lines.
_TALKATIVE = ("pygls", "asyncio")


class Redacted(logging.Filter):
    """Leaves of a foreign library's line what it is about, and drops arguments and tracebacks."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record in place; always True."""
        if record.name.split(".")[0] in _TALKATIVE:
            fault = record.exc_info[0] if record.exc_info else None
            about = str(record.msg).split("\n", 1)[0]
            record.msg = f"{about} ({fault.__name__})" if fault else about
            record.args = None
            record.exc_info = None
            record.exc_text = None
        return True


def configure(level: str) -> None:
    """Log at `level` (a name of logging) to stderr; foreign libraries at WARNING, redacted."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(_FORMAT))
    handler.addFilter(Redacted())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
