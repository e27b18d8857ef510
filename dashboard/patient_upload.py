"""Upload of one patient's file: read in a child process, placed, kept in the browser session."""

from __future__ import annotations

import io
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import streamlit as st
from streamlit.typing import UploadedFile

from dashboard import explanation_resources, resources
from dashboard.errors import UploadRefusedError
from dashboard.jobs import Step, start_job
from dashboard.outcomes import PlacedTumor
from dashboard.resources import Published
from dashboard.settings import make_private
from dashboard.stated_options import FILE_TYPES, choose_options
from dashboard.uploads import Upload, safe_name
from dashboard.widgets import plain_text
from engine.readers.options import ReadOptions

if TYPE_CHECKING:
    from engine.cohort import Cohort

UPLOADED = "patient_uploaded"
"""Where the session keeps what was uploaded last."""

ROUND = "patient_upload_round"
"""Number in the key of the upload field: a new field is empty."""

MOST_MEGABYTES = 200
MOST_TUMORS = 50
"""Tumors of one file that this page places: it does so in the process that serves everybody."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Uploaded:
    """A file that was read and placed; nothing of it is stored.

    Attributes:
        file_id: Identity of the upload.
        snapshot: The snapshot on whose map it was placed; on another it is placed again.
        name: Name of the file.
        content: Its bytes, for storing it later when the reader says so.
        options: What the reader stated when it was read.
        cohort: What was read.
        tumors: Its tumors, placed.
        vectors: Their embeddings, (T, D), float32.
        storable: Whether `content` says everything that storing it needs.
    """

    file_id: str
    snapshot: Published
    name: str
    content: bytes
    options: ReadOptions
    cohort: Cohort
    tumors: tuple[PlacedTumor, ...]
    vectors: npt.NDArray[np.float32]
    storable: bool = True


def choose_upload(key: Published) -> Uploaded | None:
    """Let the reader upload a file, and read and place it once.

    Args:
        key: The snapshot whose map it is placed on.

    Returns:
        What was uploaded last in the browser session; None before the first upload.
    """
    field = f"patient_file_{st.session_state.get(ROUND, 0)}"
    file = st.file_uploader(
        "One patient's file",
        type=FILE_TYPES,
        key=field,
        on_change=_forget_if_removed,
        args=(field,),
        max_upload_size=MOST_MEGABYTES,
        help="MAF, VCF annotated by VEP or SnpEff, or a table with the columns sample, gene and "
        "kind; plain or .gz. It is read in a separate process, kept in this browser session only, "
        "and not stored unless you say so.",
    )
    known: Uploaded | None = st.session_state.get(UPLOADED)
    with st.expander("What the file may not say", icon=":material/tune:"):
        options = choose_options("patient", known.options if known else None)
    if file is None and known is not None:
        st.caption(f"{plain_text(known.name)} is kept from before in this browser session.")
    uploaded = _renew(key, known, file, options)
    if uploaded is not None:
        st.session_state[UPLOADED] = uploaded
    return uploaded


def _renew(
    key: Published, known: Uploaded | None, file: UploadedFile | None, options: ReadOptions
) -> Uploaded | None:
    """Read what is new, place again what lies on an older map, and keep what still holds."""
    if file is not None and (known is None or known.file_id != file.file_id):
        # A file that is refused must not leave another patient in its place.
        st.session_state.pop(UPLOADED, None)
        return _read_and_place(key, (file.file_id, file.name, file.getvalue()), options)
    if known is not None and known.options != options:
        # The field is empty after the page was left; the bytes are still here.
        return _read_and_place(key, (known.file_id, known.name, known.content), options)
    if known is not None and known.snapshot != key:
        return place_again(key, known)
    return known


def _read_and_place(key: Published, file: tuple[str, str, bytes], options: ReadOptions) -> Uploaded:
    file_id, name, content = file
    shown = plain_text(name)
    with st.status(f"Reading {shown}", type="compact") as status:
        cohort = _read(name, content, options)
        _check_size(name, cohort)
        status.update(label="Placing it on the map")
        tumors, vectors = place_cohort(key, cohort)
        status.update(label=f"{shown} is on the map", state="complete")
    return Uploaded(
        file_id=file_id,
        snapshot=key,
        name=name,
        content=content,
        options=options,
        cohort=cohort,
        tumors=tumors,
        vectors=vectors,
    )


def place_cohort(
    key: Published, cohort: Cohort
) -> tuple[tuple[PlacedTumor, ...], npt.NDArray[np.float32]]:
    """Place the tumors of a cohort on the current map.

    Args:
        key: The snapshot of the map.
        cohort: One or a few tumors.

    Returns:
        The tumors and their embeddings, in the order of `cohort.samples`.
    """
    placer = resources.load_placer(key)
    return placer.place(cohort), placer.vectors(cohort)


def place_again(key: Published, uploaded: Uploaded) -> Uploaded:
    """Place what lies on an older map on the current one."""
    with st.status(f"Placing {plain_text(uploaded.name)} on the current map", type="compact"):
        tumors, vectors = place_cohort(key, uploaded.cohort)
    return replace(uploaded, snapshot=key, tumors=tumors, vectors=vectors)


def _check_size(name: str, cohort: Cohort) -> None:
    found = cohort.samples.num_rows
    if found > MOST_TUMORS:
        raise UploadRefusedError(
            f"{name} holds {found:,} tumors; this page places at most {MOST_TUMORS}, since it does "
            "so within the server. Import the file on the Data page, which places any number."
        )


def _read(name: str, content: bytes, options: ReadOptions) -> Cohort:
    """Parse the bytes in a child process; the file is gone when it has ended."""
    from engine.sandbox import read_in_child

    uploads = make_private(resources.settings().home / "uploads")
    with tempfile.TemporaryDirectory(dir=uploads) as folder:
        path = Path(folder) / safe_name(name).name
        path.write_bytes(content)
        cohort: Cohort = read_in_child(path, options)
        return cohort


def forget_upload() -> None:
    """Drop what was uploaded from the browser session."""
    st.session_state.pop(UPLOADED, None)
    st.session_state.pop(explanation_resources.EXPLAINED, None)
    st.session_state.pop(explanation_resources.UNCHANGED, None)
    st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1


def _forget_if_removed(field: str) -> None:
    """Drop the upload when its field was emptied by hand; leaving the page keeps it."""
    if st.session_state.get(field) is None:
        st.session_state.pop(UPLOADED, None)


def store_upload(uploaded: Uploaded, study_id: str) -> str:
    """Import the uploaded file as a study of its own, in a job.

    Args:
        uploaded: What was uploaded.
        study_id: Name of the study.

    Returns:
        The id of the job.
    """
    stated = {
        "study_id": study_id,
        "genome": uploaded.options.genome,
        "panel": uploaded.options.panel,
        "cancer_type": uploaded.options.cancer_type,
    }
    job = start_job(
        resources.settings(),
        f"Store {uploaded.name} as {study_id}",
        [Step(verb="import", arguments=stated), Step(verb="embed")],
        uploads=[Upload(name=uploaded.name, content=io.BytesIO(uploaded.content))],
    )
    return job.job_id
