"""What a variant does to which gene, as VEP (CSQ) or SnpEff (ANN) wrote it into INFO."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from engine.genes import GeneTable
from engine.kinds import Kind
from engine.readers.consequence import FIRST_RESIDUE, KIND_OF_CONSEQUENCE, short_protein_change
from engine.readers.vcf_header import VcfHeader

PROMOTER_BASES = 1_000
"""An upstream variant farther from its gene than this is not read as one of its promoter."""

FIELDS = ("CSQ", "ANN", "vep")
HOW_TO_ANNOTATE = (
    "Annotate it to know what each variant does: `vep --vcf --cache --offline --everything --pick "
    "--assembly {genome} -i in.vcf -o out.vcf`, or `snpEff ann {database} in.vcf > out.vcf`"
)
SNPEFF_DATABASE = {"GRCh37": "GRCh37.75", "GRCh38": "GRCh38.99"}

CLASSIFICATION = {
    "splice_acceptor_variant": "Splice_Site",
    "splice_donor_variant": "Splice_Site",
    "transcript_ablation": "Splice_Site",
    "exon_loss_variant": "Splice_Site",
    "stop_gained": "Nonsense_Mutation",
    "stop_lost": "Nonstop_Mutation",
    "start_lost": "Translation_Start_Site",
    "initiator_codon_variant": "Translation_Start_Site",
    "missense_variant": "Missense_Mutation",
    "rare_amino_acid_variant": "Missense_Mutation",
    "splice_region_variant": "Splice_Region",
    "splice_donor_5th_base_variant": "Splice_Region",
    "splice_donor_region_variant": "Splice_Region",
    "splice_polypyrimidine_tract_variant": "Splice_Region",
    "synonymous_variant": "Silent",
    "stop_retained_variant": "Silent",
    "start_retained_variant": "Silent",
    "incomplete_terminal_codon_variant": "Silent",
    "5_prime_UTR_variant": "5'UTR",
    "5_prime_UTR_premature_start_codon_gain_variant": "5'UTR",
    "3_prime_UTR_variant": "3'UTR",
    "intron_variant": "Intron",
    "intragenic_variant": "Intron",
    "upstream_gene_variant": "5'Flank",
    "downstream_gene_variant": "3'Flank",
    "non_coding_transcript_exon_variant": "RNA",
    "non_coding_transcript_variant": "RNA",
    "mature_miRNA_variant": "RNA",
}
"""Sequence Ontology terms to MAF `Variant_Classification`, where the length does not matter."""

_NAMES = {
    "allele": ("Allele",),
    "terms": ("Consequence", "Annotation"),
    "symbol": ("SYMBOL", "Gene_Name", "HGNC"),
    "biotype": ("BIOTYPE", "Transcript_BioType"),
    "change": ("HGVSp", "HGVS.p"),
    "position": ("Protein_position", "AA.pos / AA.length", "AA.pos/AA.length"),
    "residues": ("Amino_acids",),
    "distance": ("DISTANCE", "Distance"),
    "canonical": ("CANONICAL",),
    "mane": ("MANE_SELECT", "MANE"),
    "pick": ("PICK",),
    "number": ("ALLELE_NUM",),
}


class _Entry(NamedTuple):
    """One effect on one transcript, as written; blank where nothing is stated."""

    allele: str
    terms: str
    symbol: str
    biotype: str
    change: str
    position: str
    residues: str
    distance: str
    canonical: str
    mane: str
    pick: str
    number: str


INTERGENIC_TERMS = frozenset({"intergenic_variant", "intergenic_region"})
_RESIDUES = re.compile(r"([A-Z*])/([A-Z*])")
_TERMS = re.compile(r"[&,]")


def _severity() -> dict[str, int]:
    """Rank terms, the most severe first; lying upstream of a gene comes after lying in one."""
    terms = [term for term in KIND_OF_CONSEQUENCE if term != "upstream_gene_variant"]
    terms.insert(terms.index("downstream_gene_variant"), "upstream_gene_variant")
    return {term: rank for rank, term in enumerate(terms)}


SEVERITY = _severity()


@dataclass(frozen=True)
class Effect:
    """What one allele does to one gene.

    Attributes:
        gene: Approved symbol; None where no known gene is concerned.
        kind: Kind of alteration.
        term: Sequence Ontology term; empty where the file states none.
        protein_change: Short form, such as p.G12C.
        protein_position: First residue concerned.
        symbol: Symbol as written.
    """

    gene: str | None
    kind: Kind
    term: str = ""
    protein_change: str | None = None
    protein_position: int | None = None
    symbol: str = ""

    @property
    def is_intergenic(self) -> bool:
        """No gene is named, and none was meant."""
        return self.term in INTERGENIC_TERMS or (self.gene is None and not self.symbol)


@dataclass
class Annotator:
    """Reads one annotation field; looks each symbol up once.

    Attributes:
        name: Name of the INFO field.
        tool: VEP or SnpEff.
        width: Parts of an entry.
        pick: Takes the needed parts out of an entry.
        genes: Gene table.
        genome: GRCh37 or GRCh38.
    """

    name: str
    tool: str
    width: int
    pick: Callable[[Sequence[str]], tuple[str, ...]]
    genes: GeneTable
    genome: str
    _approved: dict[str, str | None] = field(default_factory=dict)

    def effect(self, text: str, alleles: Sequence[str], index: int) -> Effect | None:
        """Choose what one allele does: the most severe effect in a gene's main transcript.

        The main transcript is MANE Select, else canonical, else VEP's pick, else any that codes
        for protein, else any.

        Args:
            text: Content of the INFO field.
            alleles: REF and all ALT as written.
            index: Which of `alleles`, from 1.

        Returns:
            The effect; None if nothing is written for this allele that could be understood.
        """
        entries = [self._entry(one) for one in text.split(",")]
        entries = [e for e in self._of_allele(entries, alleles, index) if _first_term(e.terms)]
        if not entries:
            return None
        known = [e for e in entries if self._resolve(e.symbol) is not None]
        if not known:
            named = next((e for e in entries if e.symbol), entries[0])
            term = _first_term(named.terms)
            return Effect(None, KIND_OF_CONSEQUENCE[term], term, symbol=named.symbol)
        best_tier: dict[str, int] = {}
        for entry in known:
            symbol = entry.symbol
            best_tier[symbol] = min(_tier(entry), best_tier.get(symbol, _tier(entry)))
        main = [e for e in known if _tier(e) == best_tier[e.symbol]]
        return self._effect(min(main, key=lambda e: (SEVERITY[_first_term(e.terms)], _tier(e))))

    def _effect(self, entry: _Entry) -> Effect:
        term, gene = _first_term(entry.terms), self._resolve(entry.symbol)
        kind = KIND_OF_CONSEQUENCE[term]
        if kind is Kind.PROMOTER and _whole_number(entry.distance, 0) > PROMOTER_BASES:
            kind = Kind.NONCODING
        first, _, _ = re.split(r"[/\-]", entry.position + "//")[:3]
        position = _whole_number(first, 0) or None
        change = short_protein_change(entry.change)
        residues = _RESIDUES.fullmatch(entry.residues)
        if change is None and residues is not None and position is not None:
            change = f"p.{residues[1]}{position}{residues[2]}"
        if position is None and change is not None:
            stated = re.match(FIRST_RESIDUE, change)
            position = int(stated["first"]) if stated else None
        return Effect(gene, kind, term, change, position, entry.symbol)

    def _entry(self, text: str) -> _Entry:
        parts = text.split("|")
        # Place -1, a part that the file does not have, is the blank at the end.
        parts += [""] * (self.width + 1 - len(parts))
        return _Entry(*self.pick(parts))

    def _of_allele(self, entries: list[_Entry], alleles: Sequence[str], index: int) -> list[_Entry]:
        """Return the entries that speak of one allele, however the tool writes it."""
        if len(alleles) == 2:
            return entries
        if any(entry.number for entry in entries):
            return [entry for entry in entries if entry.number == str(index)]
        forms = [alleles[index], _vep_allele(alleles, index)]
        if self.tool == "VEP":
            forms.reverse()
        for form in (*forms, _trimmed(alleles[0], alleles[index])):
            found = [entry for entry in entries if entry.allele == form]
            if found:
                return found
        return []

    def _resolve(self, symbol: str) -> str | None:
        if symbol not in self._approved:
            resolution = self.genes.resolve([symbol], genome=self.genome)
            self._approved[symbol] = resolution.approved[0] if symbol else None
        return self._approved[symbol]


def annotation_field(header: VcfHeader) -> str | None:
    """Return the name of the INFO field that holds consequences; None without one."""
    return next((name for name in FIELDS if name in header.info), None)


def find_annotator(header: VcfHeader, genes: GeneTable, genome: str) -> Annotator | None:
    """Read from the header how consequences are written.

    Args:
        header: Header of the file.
        genes: Gene table.
        genome: GRCh37 or GRCh38.

    Returns:
        The reader of that field; None if the file is not annotated by VEP or SnpEff.
    """
    name = annotation_field(header)
    if name is None:
        return None
    description = header.descriptions[name].strip('"')
    names = re.split(r"Format: ?|annotations: ?", description)[-1].strip(" '\"")
    order = [part.strip(" '") for part in names.split("|")]
    places = {
        part: next((order.index(one) for one in _NAMES[part] if one in order), -1)
        for part in _Entry._fields
    }
    if places["terms"] < 0:
        return None
    tool = "SnpEff" if "Annotation" in order else "VEP"
    return Annotator(name, tool, len(order), itemgetter(*places.values()), genes, genome)


def classification(effect: Effect, indel_length: int) -> str:
    """Return the MAF `Variant_Classification` of an effect.

    Args:
        effect: With a Sequence Ontology term.
        indel_length: Inserted minus deleted bases.
    """
    if effect.term == "frameshift_variant":
        return "Frame_Shift_Ins" if indel_length > 0 else "Frame_Shift_Del"
    if effect.kind is Kind.IN_FRAME:
        return "In_Frame_Ins" if indel_length > 0 else "In_Frame_Del"
    unknown = "Unknown" if effect.kind is Kind.UNKNOWN else "IGR"
    return CLASSIFICATION.get(effect.term, unknown)


@lru_cache(maxsize=1024)
def _first_term(terms: str) -> str:
    """Return the most severe known term; empty if none is known."""
    known = [term for term in _TERMS.split(terms) if term in SEVERITY]
    return min(known, key=SEVERITY.__getitem__) if known else ""


def _tier(entry: _Entry) -> int:
    if entry.mane:
        return 0
    if entry.canonical == "YES":
        return 1
    if entry.pick == "1":
        return 2
    return 3 if entry.biotype in ("protein_coding", "Coding") else 4


def _vep_allele(alleles: Sequence[str], index: int) -> str:
    """Write an allele as VEP does: without the first base if all alleles share it."""
    bases = [allele for allele in alleles if allele.isalpha()]
    shared = len({allele[0] for allele in bases}) == 1 and any(len(a) > 1 for a in bases)
    return (alleles[index][1:] or "-") if shared else alleles[index]


def _trimmed(reference: str, allele: str) -> str:
    shared = 0
    while shared < min(len(reference), len(allele)) and reference[shared] == allele[shared]:
        shared += 1
    return allele[shared:] or "-"


def _whole_number(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise
