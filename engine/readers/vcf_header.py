"""The header of a VCF: what it declares, which genome it is in, and which columns are tumors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import ImportRefusedError
from engine.readers.options import GENOMES, Limits

FIXED_COLUMNS = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")
FIRST_SAMPLE = 9
STRUCTURED = ("INFO", "FORMAT", "FILTER", "ALT", "contig", "SAMPLE", "PEDIGREE")

CHROMOSOME_LENGTHS = {
    "GRCh37": {"1": 249250621, "2": 243199373, "3": 198022430, "7": 159138663, "9": 141213431,
               "12": 133851895, "17": 81195210, "21": 48129895, "X": 155270560},
    "GRCh38": {"1": 248956422, "2": 242193529, "3": 198295559, "7": 159345973, "9": 138394717,
               "12": 133275309, "17": 83257441, "21": 46709983, "X": 156040895},
}  # fmt: skip
"""Lengths in bases, enough to tell the two builds apart.

References:
    Genome Reference Consortium, GCF_000001405.25 and GCF_000001405.40.
"""

_VERSION = re.compile(r"##fileformat=VCFv4\.\d+")
_PAIR = re.compile(r'([A-Za-z_][\w.]*)=("(?:[^"\\]|\\.)*"|[^",<>]*)(?:,|$)')
_BUILD = re.compile(
    r"(?<![a-z])(GRCh3[78]|hg19|hg38|b37|g1k_v37|hs37d5|hs38)(?![0-9])", re.IGNORECASE
)
_BUILD_KEYS = ("reference", "assembly", "contig", "VEP", "SnpEffCmd", "SnpEffVersion")
_OTHER_NAMES = {"G1K_V37": "GRCh37", "HS37D5": "GRCh37", "HS38": "GRCh38"}
_NORMAL = re.compile(r"(^|[_.\-])(normal|germline|blood)([_.\-]|$)", re.IGNORECASE)
_TUMOR = re.compile(r"(^|[_.\-])(tumou?r|primary|metastasis)([_.\-]|$)", re.IGNORECASE)
_RNA = re.compile(r"(^|[_.\-])rna([_.\-]|$)", re.IGNORECASE)
_TCGA_NORMAL = re.compile(r"TCGA-\w\w-\w{4}-1\d")
_GENERIC = re.compile(r"(dna_?)?(tumou?r|primary|sample)|unknown", re.IGNORECASE)


@dataclass(frozen=True)
class FieldSpec:
    """What a header declares of an INFO or FORMAT field."""

    number: str  # a count, or A, R, G or .
    type: str  # Integer, Float, Flag, Character or String


@dataclass(frozen=True, kw_only=True)
class VcfHeader:
    """The header of a VCF.

    Attributes:
        file: Name of the file.
        meta: Lines that begin with `##`, without line break.
        columns: Names in the `#CHROM` line.
        info: Declared INFO fields.
        formats: Declared FORMAT fields.
        descriptions: Description of each INFO field.
    """

    file: str
    meta: tuple[str, ...]
    columns: tuple[str, ...]
    info: Mapping[str, FieldSpec]
    formats: Mapping[str, FieldSpec]
    descriptions: Mapping[str, str]

    @property
    def samples(self) -> tuple[str, ...]:
        """Names of the genotype columns."""
        return self.columns[FIRST_SAMPLE:]

    @property
    def num_lines(self) -> int:
        """Lines of the header, the `#CHROM` line included."""
        return len(self.meta) + 1

    def values(self, key: str) -> Iterator[str]:
        """Yield what stands behind `##key=` in each line of that key."""
        for line in self.meta:
            if line.startswith(f"##{key}="):
                yield line.partition("=")[2]


@dataclass(frozen=True)
class TumorColumns:
    """Which genotype columns are tumors.

    Attributes:
        columns: Position among the genotype columns and the sample id; without genotype columns
            one tumor at position None.
        has_normal: A matched normal is in the file, so its calls were judged somatic.
        note: How that was told, one sentence.
    """

    columns: tuple[tuple[int | None, str], ...]
    has_normal: bool
    note: str


def parse_header(file: str, lines: Sequence[str], limits: Limits) -> VcfHeader:
    """Read the header.

    Args:
        file: Name of the file.
        lines: All lines up to and including the first that does not begin with `##`.
        limits: Largest number of columns.

    Returns:
        The header.

    Raises:
        ImportRefusedError: If the file is no VCF 4, or the `#CHROM` line is missing or wrong.
    """
    if not lines or not any(lines):
        raise _refusal(file, "empty-file", "the file is empty; expected a VCF", None, None)
    if not _VERSION.fullmatch(lines[0].rstrip()):
        found = "the first line does not state version 4 of VCF; expected ##fileformat=VCFv4.2"
        raise _refusal(file, "fileformat", found, 1, lines[0])
    columns = tuple(lines[-1].split("\t"))
    if not lines[-1].startswith("#") or lines[-1].startswith("##"):
        found = "the line with column names is missing; expected #CHROM, POS, ID and so on"
        raise _refusal(file, "header-line", found, len(lines), lines[-1])
    _check_columns(file, columns, len(lines), limits)
    fields = {key: _declared(lines, key) for key in ("INFO", "FORMAT")}
    return VcfHeader(
        file=file,
        meta=tuple(lines[:-1]),
        columns=columns,
        info={name: _spec(pairs) for name, pairs in fields["INFO"].items()},
        formats={name: _spec(pairs) for name, pairs in fields["FORMAT"].items()},
        descriptions={name: pairs.get("Description", "") for name, pairs in fields["INFO"].items()},
    )


def parse_pairs(value: str) -> dict[str, str] | None:
    """Read `<ID=..,Number=..>`; None if it is malformed. Quotes around values are kept."""
    if not (value.startswith("<") and value.endswith(">")):
        return None
    inner, pairs, position = value[1:-1], {}, 0
    while position < len(inner):
        found = _PAIR.match(inner, position)
        if found is None:
            return None
        pairs[found[1]] = found[2]
        position = found.end()
    return pairs if pairs and not inner.endswith(",") else None


def find_genome(header: VcfHeader, stated: str | None) -> str | None:
    """Tell the genome build from contig lengths and from the names of references.

    Args:
        header: Header of the file.
        stated: GRCh37 or GRCh38 if the user states one.

    Returns:
        GRCh37 or GRCh38; `stated` if the header does not tell.

    Raises:
        ImportRefusedError: If the header contradicts itself or the user.
    """
    found = {_build_of(line): number for number, line in reversed([*enumerate(header.meta, 1)])}
    found.pop(None, None)
    if len(found) > 1:
        line = max(found.values())
        problem = "the header names both GRCh37 and GRCh38; expected one genome build"
        raise _refusal(header.file, "mixed-genomes", problem, line, header.meta[line - 1])
    genome = next(iter(found), None)
    if stated is not None and genome not in (None, stated):
        line = found[genome]
        problem = f"the header says {genome}, but {stated} is stated; expected the same build"
        raise _refusal(header.file, "mixed-genomes", problem, line, header.meta[line - 1])
    return genome or stated


def find_tumors(header: VcfHeader, path: Path) -> TumorColumns:
    """Tell which columns are tumors, from the header or from their names.

    Args:
        header: Header of the file.
        path: The file; its stem names a tumor whose column is called only TUMOR.

    Returns:
        The tumor columns and a note for the user.

    Raises:
        ImportRefusedError: If every column is a normal.
    """
    names, stem = header.samples, file_stem(path)
    if not names:
        note = f"The VCF has no sample column; its calls were read as those of one tumor, {stem}."
        return TumorColumns(((None, stem),), has_normal=False, note=note)
    tumors = set(header.values("tumor_sample"))
    normals = set(header.values("normal_sample")) | {n for n in names if _is_normal(n)}
    normals -= tumors
    if not tumors & set(names):
        tumors = {n for n in names if _TUMOR.search(n) and not _is_normal(n)}
        dna = {n for n in tumors if not _RNA.search(n)}
        tumors = dna or tumors or set(names) - normals
    chosen = [name for name in names if name in tumors]
    if not chosen:
        found = "every sample column is a normal; expected a tumor"
        raise _refusal(header.file, "no-tumor", found, header.num_lines, ", ".join(names))
    ids = [_sample_id(header, name, stem, alone=len(chosen) == 1) for name in chosen]
    columns = tuple((names.index(name), one) for name, one in zip(chosen, ids, strict=True))
    left_out = [name for name in names if name not in chosen]
    note = f"Read as tumor: {', '.join(chosen)}"
    note += f"; left out: {', '.join(left_out)}." if left_out else "; no normal column was found."
    return TumorColumns(columns, has_normal=bool(normals & set(names)), note=note)


def file_stem(path: Path) -> str:
    """Return the name of a file without `.gz` and without its ending."""
    return Path(path.name.removesuffix(".gz").removesuffix(".bgz")).stem


def _check_columns(file: str, columns: tuple[str, ...], line: int, limits: Limits) -> None:
    expected = FIXED_COLUMNS if len(columns) <= len(FIXED_COLUMNS) else (*FIXED_COLUMNS, "FORMAT")
    if columns[: len(expected)] != expected:
        found = "the column names are wrong; expected, separated by tabs, " + ", ".join(expected)
        raise _refusal(file, "header-line", found, line, "\t".join(columns))
    if len(columns) == FIRST_SAMPLE:
        found = "there is a FORMAT column and no sample column; expected at least one sample"
        raise _refusal(file, "header-line", found, line, columns[-1])
    if len(columns) > limits.max_columns:
        found = f"{len(columns):,} columns; expected at most {limits.max_columns:,}"
        raise _refusal(file, "too-many-columns", found, line, None)
    samples = columns[FIRST_SAMPLE:]
    if len(set(samples)) < len(samples) or "" in samples:
        repeated = max(samples, key=lambda name: (name == "", samples.count(name)))
        found = "a sample column is repeated or has no name; expected each sample once"
        raise _refusal(file, "repeated-sample", found, line, repeated)


def _declared(lines: Sequence[str], key: str) -> dict[str, dict[str, str]]:
    """Return the pairs of each sound declaration of a key by ID."""
    start = f"##{key}="
    parsed = (parse_pairs(line.removeprefix(start)) for line in lines if line.startswith(start))
    return {pairs["ID"]: pairs for pairs in parsed if pairs and "ID" in pairs}


def _spec(pairs: Mapping[str, str]) -> FieldSpec:
    return FieldSpec(pairs.get("Number", "."), pairs.get("Type", "String"))


def _build_of(line: str) -> str | None:
    """Tell the build that one line of the header shows; None if it shows none."""
    key, _, value = line.removeprefix("##").partition("=")
    if key not in _BUILD_KEYS:
        return None
    pairs = parse_pairs(value) or {}
    if key == "contig" and pairs.get("length", "").isdigit():
        name = pairs.get("ID", "").removeprefix("chr")
        for genome, lengths in CHROMOSOME_LENGTHS.items():
            if lengths.get(name) == int(pairs["length"]):
                return genome
    found = _BUILD.findall(value)
    names = {GENOMES.get(name.upper()) or _OTHER_NAMES[name.upper()] for name in found}
    return names.pop() if len(names) == 1 else None


def _is_normal(name: str) -> bool:
    return bool(_NORMAL.search(name) or _TCGA_NORMAL.match(name))


def _sample_id(header: VcfHeader, name: str, stem: str, *, alone: bool) -> str:
    """Name a tumor; a column called only TUMOR is no name."""
    if not _GENERIC.fullmatch(name):
        return name
    for value in header.values("SAMPLE"):
        pairs = parse_pairs(value) or {}
        if pairs.get("ID") == name and ("NAME" in pairs or "SampleName" in pairs):
            return (pairs.get("NAME") or pairs["SampleName"]).strip('"')
    return stem if alone else f"{stem}_{name}"


def _refusal(
    file: str, rule: str, problem: str, line: int | None, value: str | None
) -> ImportRefusedError:
    return ImportRefusedError(
        problem,
        advice="Check that this is a complete VCF 4 file as a variant caller wrote it",
        file=file,
        rule=rule,
        line=line,
        value=value,
    )
