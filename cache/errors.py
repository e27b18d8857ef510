"""What can go wrong in the store.

CacheError
├── NoSnapshotError         nothing was ever published
├── StudyNotFoundError      a study that the store does not hold was asked for
├── LayoutNotFoundError     a layout that the store does not hold was asked for
├── InvalidRowsError        rows that do not fit the store were handed to a writer
├── StoreBusyError          another writer holds the lock
├── CacheLockedError        a foreign program holds the snapshot file
├── LimitsDifferError       two stores of one process have different limits
├── WrongThreadError        a reader or writer was used outside the thread that opened it
├── SnapshotDamagedError    a file differs from what was published
├── SchemaTooNewError       the store was written by a newer version
├── DiskFullError           too little free space to write
├── HomeNotWritableError    this user may not write under TUMORXY_HOME
├── WriteFailedError        the disk failed while a snapshot was written
├── QueryMemoryError        a query needs more memory than a connection may use
├── WorkspaceBusyError      the workspace stays in use by another process
├── WorkspaceDamagedError   the workspace cannot be read as it was written
├── NotKeptError            the workspace does not hold what was asked for
└── InvalidEntryError       what is to be kept in the workspace is empty, too long or unknown

No message holds a path of the server, a process id or text of the database library.
"""

from __future__ import annotations

from collections.abc import Iterable


class CacheError(Exception):
    """Base class of every error that the store raises on purpose."""


class NoSnapshotError(CacheError):
    """Nothing was ever published."""

    def __init__(self) -> None:
        super().__init__(
            "The store is empty: no study was imported yet. "
            "Run `tumorxy import PATH`, or `tumorxy demo` for the bundled cohort."
        )


class StudyNotFoundError(CacheError):
    """A study that the store does not hold was asked for.

    Args:
        wanted: The ids that were asked for and are not there.
        known: The ids that are there.
    """

    def __init__(self, wanted: Iterable[str], known: Iterable[str]) -> None:
        self.wanted = tuple(wanted)
        self.known = tuple(known)
        there = ", ".join(self.known) if self.known else "no study"
        super().__init__(
            f"The store holds no study named {', '.join(map(repr, self.wanted))}; it holds "
            f"{there}. Import the study, or name one that is there."
        )


class LayoutNotFoundError(CacheError):
    """A layout that the store does not hold was asked for."""


class InvalidRowsError(CacheError):
    """Rows that do not fit the store were handed to a writer."""


class StoreBusyError(CacheError):
    """Another writer holds the lock."""


class CacheLockedError(CacheError):
    """A foreign program holds the snapshot file."""

    def __init__(self) -> None:
        super().__init__(
            "Another program has the snapshot open for writing. Close it (a DuckDB shell, "
            "perhaps) and try again; snapshots are never changed in place."
        )


class LimitsDifferError(CacheError):
    """Two stores of one process have different limits."""

    def __init__(self) -> None:
        super().__init__(
            "This process has the snapshot open with other limits of memory or threads. "
            "Give every Store of a process the same StoreLimits, or share one Store."
        )


class WrongThreadError(CacheError):
    """A reader or writer was used outside the thread that opened it."""

    def __init__(self) -> None:
        super().__init__(
            "A reader or writer was used outside the `with` block and thread that opened it, "
            "where rows of other sessions could come back. Call Store.read() in each thread."
        )


class SnapshotDamagedError(CacheError):
    """A file differs from what was published.

    Args:
        found: What is damaged and how that was seen, without a final period.
    """

    def __init__(self, found: str) -> None:
        super().__init__(
            f"{found}. Restore the TumorXY home from a backup, or delete its CURRENT and snapshots "
            "and import the studies again."
        )


class SchemaTooNewError(CacheError):
    """The store was written by a newer version.

    Args:
        found: Schema version of the snapshot.
        newest: Newest schema version that this program knows.
    """

    def __init__(self, found: int, newest: int) -> None:
        self.found = found
        self.newest = newest
        super().__init__(
            f"The store has schema version {found}; this program knows versions up to {newest}. "
            "Upgrade TumorXY, or set TUMORXY_HOME to another folder."
        )


class DiskFullError(CacheError):
    """Too little free space to write; the published snapshot is untouched.

    Args:
        found: How little there is, without a final period.
    """

    def __init__(self, found: str = "The disk ran full while writing") -> None:
        super().__init__(
            f"{found}. Nothing was changed. Free some space, or move TUMORXY_HOME to a larger disk."
        )


class HomeNotWritableError(CacheError):
    """This user may not write under TUMORXY_HOME."""

    def __init__(self) -> None:
        super().__init__(
            "The TumorXY home cannot be written by this user. Set TUMORXY_HOME to a folder that "
            "can, or ask its owner for write access."
        )


class WriteFailedError(CacheError):
    """The disk failed while a snapshot was written; the published one is untouched."""

    def __init__(self) -> None:
        super().__init__(
            "The disk reported an error while a snapshot was written. Nothing was changed. "
            "Check the disk and try again."
        )


class QueryMemoryError(CacheError):
    """A query needs more memory than a connection may use."""

    def __init__(self) -> None:
        super().__init__(
            "The query needs more memory than a connection to the store may use. "
            "Ask for fewer studies at once."
        )


class WorkspaceBusyError(CacheError):
    """The workspace stays in use by another process."""

    def __init__(self) -> None:
        super().__init__(
            "The saved sets, queues and decisions are in use by another program (a DuckDB shell, "
            "perhaps, or a backup). Nothing was changed. Close it and try again."
        )


class WorkspaceDamagedError(CacheError):
    """The workspace cannot be read as it was written."""

    def __init__(self) -> None:
        super().__init__(
            "The file of saved sets, queues and decisions (workspace.duckdb) cannot be read as it "
            "was written; the studies and maps are not concerned. Restore it with "
            "`tumorxy workspace restore`, or move it out of the TumorXY home to begin anew."
        )


class NotKeptError(CacheError):
    """The workspace does not hold what was asked for.

    Args:
        what: What was asked for, as a reader is told: "saved set".
    """

    def __init__(self, what: str) -> None:
        super().__init__(
            f"This {what} is not kept here: it was deleted, or the link is of another "
            f"installation. Choose another {what}, or make it anew."
        )


class InvalidEntryError(CacheError):
    """What is to be kept in the workspace is empty, too long or unknown."""
