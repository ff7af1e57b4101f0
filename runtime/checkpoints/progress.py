"""The bytes of a pull as bars on a terminal, by rich; elsewhere nothing until the end."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from mellum_ls.runtime.checkpoints.hub import RemoteFile

# Of smaller files a bar would only flicker.
LEAST_BYTES = 1 << 20


class Bars:
    """A Listener that draws; to be used in a `with` block, at whose end the bars stand."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tasks: dict[tuple[str, bool], TaskID] = {}
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Bars:
        self.progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.progress.stop()

    def __call__(self, file: RemoteFile, done: int, /, *, checking: bool = False) -> None:
        """As Listener."""
        if file.size < LEAST_BYTES:
            return
        key = file.name, checking
        if key not in self._tasks:
            says = f"checking {file.name}" if checking else file.name
            # What an earlier pull has brought is there at once and no speed.
            self._tasks[key] = self.progress.add_task(says, total=file.size, completed=0 if checking else done)
        self.progress.update(self._tasks[key], completed=done)
