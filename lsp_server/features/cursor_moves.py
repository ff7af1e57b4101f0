"""mellum/didMoveCursor: where the user has gone, so that the model can read ahead there before it is asked.

A notification of this server's own, announced as the capability `experimental.mellum.didMoveCursor`. Clients without
it lose nothing but that time.
"""

from __future__ import annotations

from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire import params
from mellum_ls.lsp_server.wire.host import Host


def register(host: Host, session: Session) -> None:
    """Follow the cursor."""

    def did_move_cursor(move: params.CursorMove) -> None:
        session.move(move.uri, move.start, move.end)

    host.handle("mellum/didMoveCursor", params.cursor_move, did_move_cursor)
