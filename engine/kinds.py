"""The kinds of alteration, their groups, and how files name them."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What an alteration does to its gene. The value is what is stored, shown and exported."""

    MISSENSE = "missense"
    TRUNCATING = "truncating"
    IN_FRAME = "in-frame"
    SPLICE = "splice"
    PROMOTER = "promoter"
    UNKNOWN = "unknown consequence"
    SILENT = "silent"
    NONCODING = "noncoding"
    AMPLIFICATION = "amplification"
    DEEP_DELETION = "deep deletion"
    GAIN = "gain"
    SHALLOW_DELETION = "shallow deletion"
    FUSION = "fusion"


MUTATION_KINDS = (
    Kind.MISSENSE,
    Kind.TRUNCATING,
    Kind.IN_FRAME,
    Kind.SPLICE,
    Kind.PROMOTER,
    Kind.UNKNOWN,
)
"""Mutations that count as altering the gene. An unknown consequence is altered, never silent."""

PASSENGER_KINDS = (Kind.SILENT, Kind.NONCODING)
"""Mutations that are kept and listed, and never make a gene altered."""

COPY_NUMBER_KINDS = (Kind.AMPLIFICATION, Kind.DEEP_DELETION)
"""Copy-number calls that make a gene altered."""

SINGLE_COPY_KINDS = (Kind.GAIN, Kind.SHALLOW_DELETION)
"""Copy-number calls that are kept and summed up, and never make a gene altered."""

ALTERING_KINDS = (*MUTATION_KINDS, *COPY_NUMBER_KINDS, Kind.FUSION)
"""Every kind that makes a gene altered."""

KIND_OF_CLASSIFICATION = {
    "Missense_Mutation": Kind.MISSENSE,
    "Nonsense_Mutation": Kind.TRUNCATING,
    "Frame_Shift_Del": Kind.TRUNCATING,
    "Frame_Shift_Ins": Kind.TRUNCATING,
    "Nonstop_Mutation": Kind.TRUNCATING,
    "Translation_Start_Site": Kind.TRUNCATING,
    "Start_Codon_SNP": Kind.TRUNCATING,
    "Start_Codon_Ins": Kind.TRUNCATING,
    "Start_Codon_Del": Kind.TRUNCATING,
    "Stop_Codon_Ins": Kind.TRUNCATING,
    "Stop_Codon_Del": Kind.TRUNCATING,
    "Truncating": Kind.TRUNCATING,
    "In_Frame_Del": Kind.IN_FRAME,
    "In_Frame_Ins": Kind.IN_FRAME,
    "Splice_Site": Kind.SPLICE,
    "Splice_Site_SNP": Kind.SPLICE,
    "Splice_Site_Ins": Kind.SPLICE,
    "Splice_Site_Del": Kind.SPLICE,
    "5'Flank": Kind.PROMOTER,
    "Silent": Kind.SILENT,
    "Splice_Region": Kind.NONCODING,
    "3'UTR": Kind.NONCODING,
    "5'UTR": Kind.NONCODING,
    "3'Flank": Kind.NONCODING,
    "Intron": Kind.NONCODING,
    "RNA": Kind.NONCODING,
    "lincRNA": Kind.NONCODING,
    "IGR": Kind.NONCODING,
    "De_novo_Start_InFrame": Kind.NONCODING,
    "De_novo_Start_OutOfFrame": Kind.NONCODING,
    "De_novo_Start_Out_Frame": Kind.NONCODING,
    "Fusion": Kind.FUSION,
    "Targeted_Region": Kind.UNKNOWN,
    "Unknown": Kind.UNKNOWN,
    "": Kind.UNKNOWN,
}
"""MAF `Variant_Classification` to kind. Readers compare without case and treat `-` like `_`."""

KIND_OF_CNA = {
    "-2": Kind.DEEP_DELETION,
    "-1.5": Kind.DEEP_DELETION,
    "-1": Kind.SHALLOW_DELETION,
    "0": None,
    "1": Kind.GAIN,
    "2": Kind.AMPLIFICATION,
}
"""cBioPortal discrete copy number to kind; 0 is no alteration."""
