"""The verbs for heads of the user's own: train, list, remove, predict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cache.store import Store
from dashboard.errors import NothingToDoError, require_source
from dashboard.outcomes import FinetuneOutcome, OwnHeadSummary
from dashboard.own_cards import read_summaries
from engine.progress import Progress, no_progress

if TYPE_CHECKING:
    from engine.embed import Encoder


class OwnHeadVerbs:
    """What can be asked for of the heads of one TumorXY home.

    Args:
        folder: Folder of the heads, one folder each; it need not exist.
        store: The store of the home.
        encoder: Loads the encoder, when it is needed.
    """

    def __init__(self, folder: Path, store: Store, encoder: Callable[[], Encoder]) -> None:
        self.folder = folder
        self._store = store
        self._encoder = encoder

    def train(self, labels: Path, task: str, progress: Progress = no_progress) -> FinetuneOutcome:
        """Train a head on labels, and predict every embedded tumor with it.

        Args:
            labels: Table with `sample_id` and `label`, and where needed `study_id`, `patient_id`.
            task: Name of the head; a head of that name gives way.
            progress: Told how far the work is.

        Returns:
            What is behind the head, and how well it does beside simple models.

        Raises:
            NothingToDoError: If no study is imported.
            SourceNotFoundError: If there is nothing at `labels`.
            FinetuneError: If the name is taken or not a name.
            ImportRefusedError: If the labels cannot be used.
        """
        from dashboard.finetuning import finetune

        if not self._store.exists():
            raise NothingToDoError(
                "A head is trained on labeled tumors of imported studies, and none is imported. "
                "Begin with `tumorxy import PATH`."
            )
        require_source(labels)
        return finetune(self._store, self._encoder(), self.folder, labels, task, progress)

    def list_all(self) -> tuple[OwnHeadSummary, ...]:
        """Return what is known of every head, those of other models too."""
        return read_summaries(self.folder)

    def remove(self, task: str) -> None:
        """Delete a head with all that it predicted.

        Raises:
            FinetuneError: If there is no head of that name.
        """
        from dashboard.finetuning import remove_head
        from dashboard.published_map import installed_digest

        remove_head(self._store, installed_digest(), self.folder, task)

    def predict(self, study_ids: Sequence[str] | None, progress: Progress) -> int:
        """Predict embedded tumors that a head has not predicted yet; return how many."""
        if not self.folder.is_dir():
            return 0
        from dashboard.finetuning import predict_own

        return predict_own(self._store, self._encoder(), self.folder, study_ids, progress)
