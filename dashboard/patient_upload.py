"""Upload of one patient's file: read in a child process, placed, and kept only in this session."""

from __future__ import annotations

import io
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.typing import UploadedFile

from dashboard import resources
from dashboard.jobs import Step, start_job
from dashboard.outcomes import PlacedTumor
from dashboard.resources import Published
from dashboard.settings import make_private
from dashboard.uploads import Upload, safe_name
from engine.readers.options import ReadOptions

if TYPE_CHECKING:
    from engine.cohort import Cohort

UPLOADED = "patient_uploaded"
"""Where the session keeps what was uploaded last."""

ROUND = "patient_upload_round"
"""Number in the key of the upload field: a new field is empty."""

FILE_TYPES = ["maf", "txt", "tsv", "csv", "vcf", "gz"]
FROM_FILE = "As the file says"
GENOMES = (FROM_FILE, "GRCh37", "GRCh38")
WHOLE_EXOME = "exome"

MOST_MEGABYTES = 200


@dataclass(frozen=True, kw_only=True, eq=False)
class Uploaded:
    """A file that was read and placed; nothing of it is stored.

    Attributes:
        file_id: Identity of the upload, with what the reader stated about it.
        name: Name of the file.
        content: Its bytes, for storing it later when the reader says so.
        options: What the reader stated.
        cohort: What was read.
        tumors: Its tumors, placed.
    """

    file_id: tuple[str, ReadOptions]
    name: str
    content: bytes
    options: ReadOptions
    cohort: Cohort
    tumors: tuple[PlacedTumor, ...]


def choose_upload(key: Published) -> Uploaded | None:
    """Let the reader upload a file, and read and place it once.

    Args:
        key: The snapshot whose map it is placed on.

    Returns:
        What was uploaded last in this session; None before the first upload.
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
    with st.expander("What the file may not say", icon=":material/tune:"):
        options = _choose_options()
    if file is not None:
        _read_once(key, file, options)
    uploaded: Uploaded | None = st.session_state.get(UPLOADED)
    return uploaded


def _choose_options() -> ReadOptions:
    genome = st.selectbox(
        "Genome build",
        GENOMES,
        key="patient_genome",
        help="The reference that positions count in. GRCh37 is also called hg19, GRCh38 hg38.",
    )
    panels = [FROM_FILE, WHOLE_EXOME, *sorted(resources.gene_table().panels())]
    panel = st.selectbox(
        "Gene panel",
        panels,
        key="patient_panel",
        help="The genes that the laboratory looked at. A gene outside the panel is unknown, not "
        "wild type, so a wrong panel misplaces the tumor.",
    )
    cancer_type = st.text_input(
        "Cancer type (optional)", key="patient_cancer_type", placeholder="For example Melanoma"
    )
    return ReadOptions(
        genome=None if genome == FROM_FILE else genome,
        panel=None if panel == FROM_FILE else panel,
        cancer_type=(cancer_type or "").strip() or None,
    )


def _read_once(key: Published, file: UploadedFile, options: ReadOptions) -> None:
    identity = (file.file_id, options)
    known: Uploaded | None = st.session_state.get(UPLOADED)
    if known is not None and known.file_id == identity:
        return
    st.session_state.pop(UPLOADED, None)
    with st.status(f"Reading {file.name}", type="compact") as status:
        content = file.getvalue()
        cohort = _read(file.name, content, options)
        status.update(label="Placing it on the map")
        tumors = resources.load_placer(key).place(cohort)
        status.update(label=f"{file.name} is on the map", state="complete")
    st.session_state[UPLOADED] = Uploaded(
        file_id=identity,
        name=file.name,
        content=content,
        options=options,
        cohort=cohort,
        tumors=tumors,
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
    """Drop what was uploaded from this session."""
    st.session_state.pop(UPLOADED, None)
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
