"""What a variant does to its gene, from whatever words a file uses for it."""

from __future__ import annotations

import re
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from engine.kinds import KIND_OF_CLASSIFICATION, Kind

KIND_OF_CONSEQUENCE = {
    "transcript_ablation": Kind.TRUNCATING,
    "splice_acceptor_variant": Kind.SPLICE,
    "splice_donor_variant": Kind.SPLICE,
    "exon_loss_variant": Kind.SPLICE,
    "stop_gained": Kind.TRUNCATING,
    "frameshift_variant": Kind.TRUNCATING,
    "stop_lost": Kind.TRUNCATING,
    "start_lost": Kind.TRUNCATING,
    "initiator_codon_variant": Kind.TRUNCATING,
    "disruptive_inframe_insertion": Kind.IN_FRAME,
    "disruptive_inframe_deletion": Kind.IN_FRAME,
    "conservative_inframe_insertion": Kind.IN_FRAME,
    "conservative_inframe_deletion": Kind.IN_FRAME,
    "inframe_insertion": Kind.IN_FRAME,
    "inframe_deletion": Kind.IN_FRAME,
    "rare_amino_acid_variant": Kind.MISSENSE,
    "missense_variant": Kind.MISSENSE,
    "protein_altering_variant": Kind.IN_FRAME,
    "transcript_amplification": Kind.UNKNOWN,
    "coding_sequence_variant": Kind.UNKNOWN,
    "transcript_variant": Kind.NONCODING,
    "upstream_gene_variant": Kind.PROMOTER,
    "splice_region_variant": Kind.NONCODING,
    "splice_donor_5th_base_variant": Kind.NONCODING,
    "splice_donor_region_variant": Kind.NONCODING,
    "splice_polypyrimidine_tract_variant": Kind.NONCODING,
    "incomplete_terminal_codon_variant": Kind.SILENT,
    "start_retained_variant": Kind.SILENT,
    "stop_retained_variant": Kind.SILENT,
    "synonymous_variant": Kind.SILENT,
    "mature_miRNA_variant": Kind.NONCODING,
    "5_prime_UTR_premature_start_codon_gain_variant": Kind.NONCODING,
    "5_prime_UTR_variant": Kind.NONCODING,
    "3_prime_UTR_variant": Kind.NONCODING,
    "non_coding_transcript_exon_variant": Kind.NONCODING,
    "non_coding_transcript_variant": Kind.NONCODING,
    "NMD_transcript_variant": Kind.NONCODING,
    "intron_variant": Kind.NONCODING,
    "intragenic_variant": Kind.NONCODING,
    "downstream_gene_variant": Kind.NONCODING,
    "TFBS_ablation": Kind.NONCODING,
    "TF_binding_site_variant": Kind.NONCODING,
    "regulatory_region_variant": Kind.NONCODING,
    "regulatory_region_ablation": Kind.NONCODING,
    "feature_elongation": Kind.NONCODING,
    "feature_truncation": Kind.NONCODING,
    "intergenic_region": Kind.NONCODING,
    "intergenic_variant": Kind.NONCODING,
    "sequence_feature": Kind.NONCODING,
}
"""Sequence Ontology terms of VEP and SnpEff to kind, the most severe first.

Upstream of a gene is read as its promoter, as `5'Flank` is in a MAF.

References:
    Ensembl, "Calculated consequences", ensembl.org/info/genome/variation/prediction.
"""

_TERM_SEPARATORS = re.compile(r"[,&;|]")
_AMINO_ACIDS = {
    "Ala": "A", "Arg": "R", "Asn": "N", "Asp": "D", "Cys": "C", "Gln": "Q", "Glu": "E",
    "Gly": "G", "His": "H", "Ile": "I", "Leu": "L", "Lys": "K", "Met": "M", "Phe": "F",
    "Pro": "P", "Ser": "S", "Thr": "T", "Trp": "W", "Tyr": "Y", "Val": "V", "Sec": "U",
    "Ter": "*", "Xaa": "X",
}  # fmt: skip
_THREE_LETTERS = re.compile("|".join(_AMINO_ACIDS))
_SUBSTITUTION = re.compile(r"p\.([A-Z])\d+([A-Z])(?:/[A-Z])?")
_START_LOST = re.compile(r"p\.M1[A-Z?]")


def kind_of_consequence(terms: str) -> Kind | None:
    """Return the kind of the most severe of the Sequence Ontology terms.

    Args:
        terms: One term, or several joined by `&`, `,`, `;` or `|`.

    Returns:
        The kind, or None if no term is known.
    """
    kinds, severity = KIND_OF_CONSEQUENCE, _severity()
    known = [term for term in _TERM_SEPARATORS.split(terms) if term in kinds]
    return kinds[min(known, key=severity.__getitem__)] if known else None


def kind_of_classification(written: str) -> Kind | None:
    """Return the kind of a MAF classification or a Sequence Ontology term.

    Case, blanks, quotes, hyphens and underscores do not matter.

    Args:
        written: As in the file, for example `Missense_Mutation` or `missense_variant`.

    Returns:
        The kind, or None if it is not known.
    """
    return _classifications().get(_plain(written)) or kind_of_consequence(written)


def kind_of_protein_change(change: str) -> Kind:
    """Read the kind from a protein change in short form.

    Args:
        change: For example `p.G12C`, `p.R342*`, `p.V450Sfs*13`, `p.X1010_splice` or `p.P53=`.

    Returns:
        The kind; `Kind.UNKNOWN` where it cannot be told.
    """
    if "splice" in change:
        return Kind.SPLICE
    if change.endswith("="):
        return Kind.SILENT
    if any(word in change for word in ("fs", "*", "ext")) or _START_LOST.match(change):
        return Kind.TRUNCATING
    if any(word in change for word in ("del", "ins", "dup")):
        return Kind.IN_FRAME
    found = _SUBSTITUTION.fullmatch(change)
    if found is None:
        return Kind.UNKNOWN
    return Kind.SILENT if found[1] == found[2] else Kind.MISSENSE


def short_protein_change(written: str) -> str | None:
    """Bring a protein change to the short form of a MAF.

    Args:
        written: For example `ENSP00000256078.4:p.Gly12Cys`, `p.(G12C)` or `G12C`.

    Returns:
        For example `p.G12C`; None if nothing is stated.
    """
    change = written.rpartition(":")[2].replace("%3D", "=").strip()
    change = change.removeprefix("p.").removeprefix("(").removesuffix(")")
    if change in ("", ".", "-", "?", "NA", "None", "null"):
        return None
    return "p." + _THREE_LETTERS.sub(lambda found: _AMINO_ACIDS[found[0]], change)


FIRST_RESIDUE = r"^p\.\D*?(?P<first>\d{1,6})"
"""Finds the number of the first residue in a protein change in short form."""


def protein_position(changes: pa.StringArray) -> pa.Int32Array:
    """Read the first residue from protein changes in short form.

    Args:
        changes: For example `p.G12C` or `p.X1010_splice`, null where not known, (N,).

    Returns:
        12 or 1010, null where there is none, (N,), int32.
    """
    found = pc.extract_regex(changes, FIRST_RESIDUE)
    return pc.cast(pc.struct_field(found, "first"), pa.int32())


@cache
def _severity() -> dict[str, int]:
    return {term: rank for rank, term in enumerate(KIND_OF_CONSEQUENCE)}


@cache
def _classifications() -> dict[str, Kind]:
    return {_plain(name): kind for name, kind in KIND_OF_CLASSIFICATION.items()}


def _plain(name: str) -> str:
    return re.sub(r"[-_' ]", "", name).upper()
