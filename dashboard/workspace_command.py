"""`tumorxy workspace`: back up what people keep in the dashboard, and restore it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dashboard.console import Voice
from dashboard.settings import Settings


class Action(StrEnum):
    """What is done with the workspace."""

    BACKUP = "backup"
    RESTORE = "restore"


def workspace(
    action: Annotated[Action, typer.Argument(help="`backup` or `restore`.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of the backup.")],
    *,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON document on stdout, and nothing else there.")
    ] = False,
) -> None:
    """Back up saved sets, views, queues and decisions as files, or restore them from there.

    A backup names tumors: keep it where the TumorXY home itself may be kept, and delete it when a
    study in it must go. What is there before a backup is restored is kept beside it, as
    workspace.duckdb.before.
    """
    from cache.workspace import WorkspaceStore
    from cache.workspace_backup import back_up, restore

    voice, store = Voice(json=json), WorkspaceStore(Settings.from_environment().home)
    if action is Action.BACKUP:
        files = back_up(store.file, folder)
        told = f"The workspace is backed up in {folder.name}: {len(files)} files."
    else:
        restore(store.file, folder)
        files = []
        told = f"The workspace is restored from {folder.name}."
    document = {"action": action.value, "folder": str(folder), "files": [f.name for f in files]}
    voice.show(document, lambda console: console.print(told))
