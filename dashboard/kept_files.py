"""A file that was made on a click stays until the reader's browser has fetched it.

Streamlit drops such a file when the second run after its making ends, whoever's run that is: with
many sessions, or on a busy machine, before the browser has asked for it. The download fails then.
"""

from __future__ import annotations

import time

from streamlit.runtime import media_file_manager
from streamlit.runtime.media_file_manager import MediaFileMetadata
from streamlit.runtime.media_file_storage import MediaFileKind

KEEP_SECONDS = 120.0


class KeptFile(MediaFileMetadata):
    """What Streamlit knows of a file; not to be deleted before its time.

    Args:
        kind: Whether it is shown in a page or downloaded.
    """

    def __init__(self, kind: MediaFileKind = MediaFileKind.MEDIA) -> None:
        super().__init__(kind)
        self._made = time.monotonic()

    @property
    def is_marked_for_delete(self) -> bool:
        """Whether nobody refers to it any more, and its time is over."""
        return super().is_marked_for_delete and time.monotonic() > self._made + KEEP_SECONDS


def keep_files() -> None:
    """Make Streamlit keep what is downloaded for `KEEP_SECONDS`; call once a process."""
    media_file_manager.MediaFileMetadata = KeptFile  # type: ignore[misc]
