"""The answer of `mellum/status`: everything that a window can tell of itself, as one JSON object without any text."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mellum_ls.lsp_server.session import Session


async def window_report(session: Session) -> dict[str, object]:
    """How things are in the window of `session`. Starts nothing."""
    report: dict[str, object] = {
        "state": "stopped" if session.enabled else "disabled",
        "reason": session.silence,
        "model": session.model,
        "lastError": session.health.last_error,
        "documents": len(session.documents),
        "notebooks": len(session.notebooks),
        "parked": len(session.answering.parked),
        "modelRuns": session.asking.runs,
        "modelRunsAhead": session.asking.runs_ahead,
        "trusted": session.layers.trusted,
        "active": len({*session.scheduler, *session.answering}),
        "pinned": session.pinned.report(),
        "repository": session.repository.report(),
        **session.outcomes.report(),
        "status": asdict(session.standing.status),
        "metrics": session.metrics.report(),
        "nextEdits": await session.next_edits.report(),
        "actions": await session.actions.report(),
    }
    status = await session.asking.status()
    if status is None:
        return report
    if session.enabled:
        report["state"] = status.state
    report["model"] = status.model or session.model
    report["lastError"] = session.health.last_error or status.last_error
    if status.details is not None:
        report["runtime"] = status.details
    return report
