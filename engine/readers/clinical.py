"""Read clinical patient and sample files with their four header lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from engine.cohort import ATTRIBUTES, CLINICAL
from engine.errors import ImportRefusedError
from engine.readers.attributes import Attribute, AttributeCleaner, datatype_of
from engine.readers.context import ReadContext
from engine.readers.findings import Rule
from engine.readers.table import TextTable, read_table

PATIENT, SAMPLE = "patient", "sample"
PATIENT_ID, SAMPLE_ID = "PATIENT_ID", "SAMPLE_ID"
HEADER_LINES = ("display names", "descriptions", "datatypes", "priorities")
NO_ID = Rule("no-id", "The row names no patient or no sample and was left out.")
DUPLICATE_ID = Rule(
    "duplicate-id", "The patient or sample stands further up in the file; the row was left out."
)
NO_SAMPLE_OF_PATIENT = Rule(
    "patient-without-sample", "The patient has no sample in the study; the row was left out."
)
NO_PATIENT_ROW = Rule(
    "patient-not-in-file",
    "The patient of this sample has no row in the clinical patient file; the sample was kept "
    "without patient attributes.",
)
IN_BOTH_FILES = Rule(
    "attribute-in-both-files",
    "The attribute stands in the sample file too; the values of the sample file were taken.",
)


@dataclass(frozen=True)
class ClinicalFile:
    """One clinical file, validated.

    Attributes:
        table: Its rows; which are still in is told by the account.
        ids: Patient or sample of each row that is in, (N,).
        patients: Patient of each row that is in, (N,).
        values: Attribute to its values, null where nothing is stated, (N,) each.
        attributes: Attributes in the order of the file.
    """

    table: TextTable
    ids: tuple[str, ...]
    patients: tuple[str, ...]
    values: Mapping[str, pa.Array]
    attributes: tuple[Attribute, ...]


def read_clinical(
    path: Path, level: str, context: ReadContext, *, patients: frozenset[str] | None = None
) -> ClinicalFile:
    """Read a clinical file.

    Args:
        path: With four `#` lines (names, descriptions, datatypes, priorities) before the header.
        level: `patient` or `sample`.
        context: Shared state.
        patients: Patients with a sample, in order to leave out the others; None keeps all.

    Returns:
        The file, each row accounted for.

    Raises:
        ImportRefusedError: If the header lines or the id columns are missing.
    """
    table = _read(path, context)
    _check_ids(table, level)
    declared = _declared(table, level)
    return _validated(table, level, declared, context, patients)


def read_extra(path: Path, context: ReadContext, patients: frozenset[str]) -> ClinicalFile:
    """Read a plain table of patient attributes without header lines; numbers are recognized."""
    table = _read(path, context)
    _check_ids(table, PATIENT)
    declared = [
        Attribute(name, _in_words(name), "", datatype_of(table[name]), PATIENT)
        for name in table.written
        if name != PATIENT_ID
    ]
    return _validated(table, PATIENT, declared, context, patients)


def clinical_tables(
    samples: ClinicalFile, by_patient: Sequence[ClinicalFile], context: ReadContext
) -> tuple[pa.Table, pa.Table]:
    """Put all attributes into long form, those of a patient at each of its samples.

    Args:
        samples: The sample file.
        by_patient: Patient files; a later one wins over an earlier one, and samples over both.
        context: Is told of patients without a row and of attributes in both files.

    Returns:
        `CLINICAL` without missing values, and `ATTRIBUTES`.
    """
    columns: dict[str, tuple[Attribute, pa.Array]] = {}
    for file in by_patient:
        _warn_of_absent(samples, file, context)
        _warn_of_shared(samples, file, context)
        row_of = {name: row for row, name in enumerate(file.ids)}
        rows = pa.array([row_of.get(name) for name in samples.patients], pa.int64())
        for attribute in file.attributes:
            values = file.values[attribute.attribute].take(rows)
            columns[attribute.attribute] = (attribute, values)
    for attribute in samples.attributes:
        columns[attribute.attribute] = (attribute, samples.values[attribute.attribute])
    described = [vars(attribute) for attribute, _ in columns.values()]
    clinical = _long(samples.ids, {name: values for name, (_, values) in columns.items()})
    return clinical, pa.Table.from_pylist(described, schema=ATTRIBUTES)


def _read(path: Path, context: ReadContext) -> TextTable:
    table = read_table(path, context.limits, context.collector)
    context.digests[path.name] = table.digest
    return table


def _check_ids(table: TextTable, level: str) -> None:
    needed = [PATIENT_ID] if level == PATIENT else [PATIENT_ID, SAMPLE_ID]
    for name in needed:
        if name not in table:
            raise ImportRefusedError(
                f"the column {name} is missing; required are {' and '.join(needed)}",
                advice="Add the column",
                file=table.file,
                rule="missing-column",
                line=table.header_line,
                column=name,
                value=", ".join(table.written.values()),
            )


def _declared(table: TextTable, level: str) -> list[Attribute]:
    """Read the four header lines."""
    fields = [line.removeprefix("#").split("\t") for line in table.comments]
    for number, words in enumerate(HEADER_LINES):
        if number < len(fields) and len(fields[number]) == len(table.written):
            continue
        found = (
            f"{len(fields)} such lines" if number >= len(fields) else "another number of columns"
        )
        raise ImportRefusedError(
            f"the file must begin with four lines that begin with '#' ({', '.join(HEADER_LINES)}), "
            f"one column each per column of the header; for the {words} there are {found}",
            advice="Write the header lines as cBioPortal describes them",
            file=table.file,
            rule="clinical-header",
            line=number + 1,
        )
    columns = zip(table.written, *fields[:3], strict=True)
    return [
        Attribute(name, display.strip(), description.strip(), datatype.strip().upper(), level)
        for name, display, description, datatype in columns
        if name not in (PATIENT_ID, SAMPLE_ID)
    ]


def _validated(
    table: TextTable,
    level: str,
    declared: Sequence[Attribute],
    context: ReadContext,
    patients: frozenset[str] | None,
) -> ClinicalFile:
    key = PATIENT_ID if level == PATIENT else SAMPLE_ID
    _account_for_ids(table, key, patients)
    rows = pa.array(table.account.load())
    cleaner = AttributeCleaner(table, rows, context)
    values: dict[str, pa.Array] = {}
    attributes, dropped = [], []
    for attribute in declared:
        cleaned = cleaner.clean(attribute)
        if cleaned is None:
            dropped.append(attribute.attribute)
        else:
            known, values[attribute.attribute] = cleaned
            attributes.append(known)
    cleaner.report_dropped(dropped)
    ids = tuple(table[key].take(rows).to_pylist())
    owners = tuple(table[PATIENT_ID].take(rows).to_pylist())
    return ClinicalFile(table, ids, owners, values, tuple(attributes))


def _account_for_ids(table: TextTable, key: str, patients: frozenset[str] | None) -> None:
    ids = table[key].to_pylist()
    owners = table[PATIENT_ID].to_pylist()
    blank = np.array([not a or not b for a, b in zip(ids, owners, strict=True)], dtype=np.bool_)
    table.account.reject(blank, NO_ID, column=table.written[key])
    repeated = pd.Series(ids).duplicated().to_numpy(dtype=np.bool_)
    table.account.reject(repeated, DUPLICATE_ID, column=table.written[key], values=ids)
    if patients is not None:
        absent = np.array([name not in patients for name in owners], dtype=np.bool_)
        table.account.skip(
            absent, NO_SAMPLE_OF_PATIENT, column=table.written[PATIENT_ID], values=owners
        )


def _warn_of_absent(samples: ClinicalFile, patients: ClinicalFile, context: ReadContext) -> None:
    there = frozenset(patients.ids)
    lines = samples.table.account.line_numbers[samples.table.account.keep]
    absent = [row for row, name in enumerate(samples.patients) if name not in there]
    if absent:
        context.collector.warn(
            samples.table.file,
            NO_PATIENT_ROW,
            lines[absent],
            column=PATIENT_ID,
            values=samples.patients[absent[0]],
        )


def _warn_of_shared(samples: ClinicalFile, patients: ClinicalFile, context: ReadContext) -> None:
    there = {attribute.attribute for attribute in samples.attributes}
    shared = [a.attribute for a in patients.attributes if a.attribute in there]
    if shared:
        table = patients.table
        numbers = np.full(len(shared), table.header_line, dtype=np.int64)
        context.collector.warn(
            table.file, IN_BOTH_FILES, numbers, column=shared[0], values=", ".join(shared)
        )


def _long(ids: Sequence[str], columns: Mapping[str, pa.Array]) -> pa.Table:
    """Write each stated value on a line of its own, `CLINICAL`."""
    names = pa.array(ids, pa.string())
    tables = [CLINICAL.empty_table()]
    for name, values in columns.items():
        stated = pc.is_valid(values)
        there = values.filter(stated)
        part = [names.filter(stated), pa.repeat(name, len(there)), there]
        tables.append(pa.table(part, schema=CLINICAL))
    return pa.concat_tables(tables).combine_chunks()


def _in_words(name: str) -> str:
    return name.replace("_", " ").capitalize()
