"""The import form of the Data page: files become jobs in processes of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.typing import UploadedFile

from dashboard import resources
from dashboard.errors import UploadRefusedError
from dashboard.jobs import Step, start_job
from dashboard.stated_options import FILE_TYPES, choose_options
from dashboard.uploads import Upload
from dashboard.widgets import plain_text
from engine.readers.options import STUDY_ID

SOURCES = {"file": "A file", "folder": "A study folder", "server": "On the server"}

IMPORT_FOLDER = "imports"
"""Folder below the TumorXY home from which studies may be imported by their name."""


def show_import_form() -> None:
    """Let the reader import a study, and start the job."""
    source = st.segmented_control(
        "Import",
        list(SOURCES),
        format_func=SOURCES.__getitem__,
        default="file",
        required=True,
        key="data_source",
        width="stretch",
    )
    uploads, path = _choose_source(source)
    stated = _state_options()
    refit = st.checkbox(
        "Make the map anew afterwards",
        value=not _has_map(),
        key="data_refit",
        help="Without it the new tumors are placed on the map as it is, and nobody moves. A new "
        "map takes about a minute for 40,000 tumors and keeps its orientation.",
    )
    name = stated["study_id"]
    problem = _problem_with(name)
    if name and problem:
        st.caption(f":orange[{problem}]")
    ready = bool(uploads or path) and not problem
    if st.button("Import", type="primary", disabled=not ready, width="stretch", key="data_import"):
        _start(uploads, path, stated, refit=refit)


def _has_map() -> bool:
    key = resources.published()
    return key is not None and resources.load_map(key, None) is not None


def _choose_source(source: str) -> tuple[Sequence[UploadedFile], Path | None]:
    if source == "server":
        return (), _choose_on_server()
    if source == "folder":
        files = st.file_uploader(
            "Study folder",
            accept_multiple_files="directory",
            key="data_folder",
            help="A folder as cBioPortal publishes it: meta_study.txt, data_mutations.txt and the "
            "files beside them.",
        )
        return files, None
    files = st.file_uploader(
        "MAF, VCF or table",
        type=FILE_TYPES,
        accept_multiple_files=True,
        key="data_file",
        help="One MAF, one VCF annotated by VEP or SnpEff, or one table with the columns sample, "
        "gene and kind; plain or .gz. The files of a study folder can be dropped together.",
    )
    return files, None


def _choose_on_server() -> Path | None:
    folder = resources.settings().home / IMPORT_FOLDER
    names = importable(folder)
    if not names:
        st.info(
            f"Put a study folder or a file into the folder `{IMPORT_FOLDER}` of the TumorXY home "
            "on the server, and it can be chosen here. Other places of the server cannot be read "
            "from the browser; there, use `tumorxy import PATH`."
        )
        return None
    name = st.selectbox("In the import folder", names, index=None, key="data_server")
    return None if name is None else folder / name


def importable(folder: Path) -> list[str]:
    """Return what may be imported from a folder: its visible entries that are no links.

    Args:
        folder: The import folder; it need not exist.
    """
    if not folder.is_dir():
        return []
    entries = [e for e in folder.iterdir() if not e.name.startswith(".") and not e.is_symlink()]
    return sorted(entry.name for entry in entries)


def _state_options() -> dict[str, Any]:
    with st.expander("What the files may not say", icon=":material/tune:"):
        study_id = st.text_input(
            "Study id",
            key="data_study_id",
            placeholder="From the files",
            help="A study of the same id is replaced.",
        )
        options = choose_options("data")
    return {
        "study_id": (study_id or "").strip() or None,
        "genome": options.genome,
        "panel": options.panel,
        "cancer_type": options.cancer_type,
    }


def _problem_with(study_id: str | None) -> str:
    if study_id is None or STUDY_ID.fullmatch(study_id):
        return ""
    return "A study id has letters, digits, “_”, “.” and “-”, and begins with a letter or digit."


def _start(
    uploads: Sequence[UploadedFile], path: Path | None, stated: dict[str, Any], *, refit: bool
) -> None:
    arguments = stated if path is None else {**stated, "path": str(path)}
    steps = [Step(verb="import", arguments=arguments), Step(verb="embed")]
    if refit:
        steps.append(Step(verb="layout"))
    title = f"Import {path.name if path else title_of(uploads)}"
    try:
        start_job(
            resources.settings(),
            title,
            steps,
            uploads=[Upload(name=file.name, content=file) for file in uploads],
        )
    except UploadRefusedError as error:
        st.error(plain_text(str(error)))
        return
    st.rerun()


def title_of(uploads: Sequence[UploadedFile]) -> str:
    """Name what was uploaded: the file, or the folder the files have in common."""
    first = str(uploads[0].name)
    folder, separator, _ = first.partition("/")
    if len(uploads) == 1:
        return first
    return folder if separator else f"{first} and {len(uploads) - 1} more"


def start_mapping() -> None:
    """Start a job that embeds every study and makes the map anew."""
    start_job(resources.settings(), "Make the map", [Step(verb="embed"), Step(verb="layout")])
