"""Find the files of a cBioPortal study folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import ImportRefusedError
from engine.panel_notes import CNA, FUSIONS, MUTATIONS
from engine.readers.limits import member, open_text
from engine.readers.options import STUDY_ID, Limits

CLINICAL_PATIENT, CLINICAL_SAMPLE = "clinical patient", "clinical sample"
PANEL_MATRIX = "panel matrix"
ROLE_OF_META = {
    ("CLINICAL", "PATIENT_ATTRIBUTES"): CLINICAL_PATIENT,
    ("CLINICAL", "SAMPLE_ATTRIBUTES"): CLINICAL_SAMPLE,
    ("MUTATION_EXTENDED", "MAF"): MUTATIONS,
    ("COPY_NUMBER_ALTERATION", "DISCRETE"): CNA,
    ("STRUCTURAL_VARIANT", "SV"): FUSIONS,
    ("GENE_PANEL_MATRIX", "GENE_PANEL_MATRIX"): PANEL_MATRIX,
}
"""`genetic_alteration_type` and `datatype` of a meta file to what its data file is."""

STANDARD_NAMES = {
    CLINICAL_PATIENT: ("data_clinical_patient.txt",),
    CLINICAL_SAMPLE: ("data_clinical_sample.txt",),
    MUTATIONS: ("data_mutations.txt", "data_mutations_extended.txt"),
    CNA: ("data_cna.txt", "data_CNA.txt"),
    FUSIONS: ("data_sv.txt",),
    PANEL_MATRIX: ("data_gene_panel_matrix.txt",),
}
HARMONISED = "clinical_harmonised.tsv"
META_STUDY = "meta_study.txt"


@dataclass(frozen=True)
class StudyFiles:
    """The files of a study.

    Attributes:
        folder: The study folder.
        meta: Fields of `meta_study.txt`; empty if there is none.
        data: What a file is to its path.
        panels: Panel files, sorted.
        case_lists: Name of a case list (`sequenced`, `cna`, `sv`) to its samples.
        unread: Names of data files that are not used, sorted.
    """

    folder: Path
    meta: Mapping[str, str]
    data: Mapping[str, Path]
    panels: tuple[Path, ...] = ()
    case_lists: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unread: tuple[str, ...] = ()


def is_study(folder: Path) -> bool:
    """Tell whether a folder looks like a study: a `meta_study.txt` or any `data_` file."""
    return (folder / META_STUDY).exists() or any(folder.glob("data_*"))


def find_files(folder: Path, limits: Limits) -> StudyFiles:
    """Find the files of a study by its meta files, else by their usual names.

    Args:
        folder: Study folder.
        limits: How large a meta file may be.

    Returns:
        The files; all of them are inside the folder.

    Raises:
        ImportRefusedError: If a meta file names a file that is not there or outside the folder.
    """
    study_meta: Mapping[str, str] = {}
    data: dict[str, Path] = {}
    for path in sorted(folder.glob("meta_*.txt")):
        fields = read_fields(path, limits)
        if path.name == META_STUDY:
            study_meta = fields
            continue
        kind = (fields.get("genetic_alteration_type", ""), fields.get("datatype", ""))
        role = ROLE_OF_META.get((kind[0].upper(), kind[1].upper()))
        if role is not None and (role not in data or fields.get("stable_id") == role):
            data[role] = _data_file(folder, path, fields)
    for role, names in STANDARD_NAMES.items():
        there = [found for name in names if (found := _plain_or_gzip(folder, name)) is not None]
        if role not in data and there:
            data[role] = there[0]
    used = {path.name for path in data.values()}
    return StudyFiles(
        folder=folder,
        meta=study_meta,
        data=data,
        panels=_files_in(folder, "gene_panels"),
        case_lists=_case_lists(folder, limits),
        unread=tuple(sorted(p.name for p in folder.glob("data_*") if p.name not in used)),
    )


def read_fields(path: Path, limits: Limits) -> dict[str, str]:
    """Read a file of `name: value` lines.

    Args:
        path: Meta file, panel file or case list.
        limits: How large it may be.

    Returns:
        Values by name; lines without a colon are ignored.
    """
    with open_text(path, limits) as stream:
        text = b"".join(stream).decode("utf-8-sig", errors="replace")
    pairs = (line.partition(":") for line in text.splitlines())
    return {name.strip(): value.strip() for name, colon, value in pairs if colon}


def study_id_of(files: StudyFiles, stated: str | None) -> str:
    """Return the id of a study: as stated, else of its meta file, else the folder's name.

    Raises:
        ImportRefusedError: If it holds other characters than letters, digits, `_`, `.` and `-`.
    """
    found = stated or files.meta.get("cancer_study_identifier") or files.folder.resolve().name
    if STUDY_ID.fullmatch(found):
        return found
    raise ImportRefusedError(
        "the study id is not usable; expected up to 128 letters, digits, '_', '.' or '-'",
        advice="Correct cancer_study_identifier, or state another id with --study",
        file=META_STUDY if files.meta else files.folder.name,
        rule="study-id",
        value=found,
    )


def _data_file(folder: Path, meta: Path, fields: Mapping[str, str]) -> Path:
    name = fields.get("data_filename", "")
    path = _plain_or_gzip(folder, name) if name else None
    if path is not None:
        return path
    raise ImportRefusedError(
        "the data file that it names is not in the folder; expected it there",
        advice="Correct data_filename, or add the file",
        file=meta.name,
        rule="missing-file",
        column="data_filename",
        value=name,
    )


def _plain_or_gzip(folder: Path, name: str) -> Path | None:
    """Return the file of that name, compressed or not; None if there is neither."""
    names = (name, f"{name}.gz", name.removesuffix(".gz"))
    return next((path for n in names if (path := member(folder, n)).is_file()), None)


def _files_in(folder: Path, name: str) -> tuple[Path, ...]:
    return tuple(sorted(member(folder, name).glob("*.txt")))


def _case_lists(folder: Path, limits: Limits) -> dict[str, frozenset[str]]:
    lists = {}
    for path in _files_in(folder, "case_lists"):
        fields = read_fields(path, limits)
        name = fields.get("stable_id", "").rpartition("_")[2]
        lists[name] = frozenset(fields.get("case_list_ids", "").split())
    return lists
