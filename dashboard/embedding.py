"""Embeddings that are not there yet: computed once per different tumor, then published."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cache.reader import Reader
from cache.store import Store
from dashboard.outcomes import EmbedOutcome
from dashboard.predicting import predict_missing
from dashboard.published_map import place_unplaced
from dashboard.stored import choose_studies, require_unchanged, tables_of
from engine.progress import Progress

if TYPE_CHECKING:
    from engine.embed import Encoder


PORTION = 10_000
"""Embeddings that are worth a publication of their own: a stop later does not lose them."""


@dataclass(frozen=True, kw_only=True)
class _Computed:
    """Embeddings of one study that the store does not hold yet.

    Attributes:
        study: Its row of `list_studies`, as it was read.
        inputs: Columns study_id, sample_id, input_digest; every tumor of the study.
        digests: The different inputs that were unknown, K.
        vectors: Their embeddings, (K, D).
    """

    study: dict[str, Any]
    inputs: pa.Table
    digests: list[str]
    vectors: npt.NDArray[np.float32]


def embed_studies(
    store: Store, encoder: Encoder, study_ids: Sequence[str] | None, progress: Progress
) -> EmbedOutcome:
    """Embed what is not embedded, study by study, and place those tumors on the current map.

    Args:
        store: The store; something must be published.
        encoder: The encoder.
        study_ids: Studies; all when None.
        progress: Told how far the work is.

    Returns:
        How many embeddings were computed, and how many were there.

    Raises:
        StudyNotFoundError: If a study is not in the store.
    """
    started = time.monotonic()
    with store.read() as reader:
        studies = choose_studies(reader, study_ids)
    num_computed = 0
    for computed in _in_portions(store, encoder, studies, progress):
        _publish(store, encoder.digest, computed, progress)
        num_computed += sum(len(part.digests) for part in computed)
    chosen = [study["study_id"] for study in studies]
    num_tumors = sum(study["num_samples"] for study in studies)
    return EmbedOutcome(
        study_ids=tuple(chosen),
        num_tumors=num_tumors,
        num_computed=num_computed,
        num_reused=num_tumors - num_computed,
        num_placed=place_unplaced(store, encoder.digest, chosen, progress),
        num_predicted=predict_missing(store, encoder, chosen, progress),
        model_digest=encoder.digest,
        elapsed_s=time.monotonic() - started,
    )


def _in_portions(
    store: Store, encoder: Encoder, studies: Sequence[dict[str, Any]], progress: Progress
) -> Iterator[list[_Computed]]:
    """Embed the studies whose inputs the store does not know in full; yield worthwhile portions."""
    with store.read() as reader:
        known = reader.known_inputs(encoder.digest)
        portion: list[_Computed] = []
        for study in studies:
            inputs = reader.inputs(encoder.digest, [study["study_id"]])
            if inputs.num_rows == study["num_samples"]:
                continue
            portion.append(_compute_study(reader, encoder, study, known, progress))
            known.update(portion[-1].digests)
            if sum(len(part.digests) for part in portion) >= PORTION:
                yield portion
                portion = []
    if portion:
        yield portion


def _compute_study(
    reader: Reader,
    encoder: Encoder,
    study: dict[str, Any],
    known: set[str],
    progress: Progress,
) -> _Computed:
    study_id = study["study_id"]
    progress(f"Reading {study_id}", 0, 1)
    tokens = encoder.tokenize(tables_of(reader, study))
    progress(f"Reading {study_id}", 1, 1)
    rows = unknown_rows(tokens.input_digests, known)

    def report(stage: str, done: int, total: int) -> None:
        progress(f"Embedding {study_id}", done, total)

    inputs = {
        "study_id": [study_id] * len(tokens),
        "sample_id": tokens.sample_ids,
        "input_digest": tokens.input_digests,
    }
    return _Computed(
        study=study,
        inputs=pa.table({name: pa.array(values, pa.string()) for name, values in inputs.items()}),
        digests=[tokens.input_digests[row] for row in rows],
        vectors=encoder.embed(tokens.take(rows), progress=report),
    )


def unknown_rows(digests: Sequence[str], known: set[str]) -> npt.NDArray[np.int64]:
    """Return the first row of every different input that is not known, in order.

    Args:
        digests: Input digests, N.
        known: Digests that need no computation.
    """
    first: dict[str, int] = {}
    for row, digest in enumerate(digests):
        if digest not in known:
            first.setdefault(digest, row)
    return np.array(list(first.values()), dtype=np.int64)


def _publish(
    store: Store, model_digest: str, computed: Sequence[_Computed], progress: Progress
) -> None:
    progress("Publishing embeddings", 0, 1)
    with store.write(purpose="embed") as writer:
        require_unchanged(store, [part.study for part in computed])
        for part in computed:
            writer.add_inputs(model_digest, part.inputs)
            writer.add_embeddings(model_digest, part.digests, part.vectors)
    progress("Publishing embeddings", 1, 1)
