"""A report as a GA4GH phenopacket: the tumor, how it was sequenced, and its variants.

What the model says of it has no place in a phenopacket and stands in the other forms of the report.

References:
    Phenopacket schema 2.0, https://phenopacket-schema.readthedocs.io/en/latest/
    Jacobsen et al. 2022, The GA4GH Phenopacket schema defines a computable representation of
    clinical data, doi 10.1038/s41587-022-01357-4.
"""

from __future__ import annotations

from typing import Any

from dashboard.report import AlterationTold, Report
from engine.oncotree import tumor_type, tumor_type_named

SCHEMA_VERSION = "2.0"
RESOURCES = (
    ("ncit", "NCI Thesaurus", "http://purl.obolibrary.org/obo/ncit.owl", "NCIT"),
    ("oncotree", "OncoTree", "https://oncotree.mskcc.org", "ONCOTREE"),
    ("hgnc.symbol", "Approved gene symbols of HGNC", "https://www.genenames.org", "hgnc.symbol"),
    ("so", "Sequence types and features ontology", "http://purl.obolibrary.org/obo/so.owl", "SO"),
)
NEOPLASM = {"id": "NCIT:C3262", "label": "Neoplasm"}
TUMOR_TISSUE = {"id": "NCIT:C18009", "label": "Tumor Tissue"}
SYNTHETIC = "This individual is synthetic: it was sampled and is nobody."
STRUCTURES = {
    "fusion": {"id": "SO:0001565", "label": "gene_fusion"},
    "amplification": {"id": "SO:0001742", "label": "copy_number_gain"},
    "deep deletion": {"id": "SO:0001743", "label": "copy_number_loss"},
}
"""Terms of the Sequence Ontology for alterations of more than a few bases."""
SEXES = {"female": "FEMALE", "male": "MALE", "f": "FEMALE", "m": "MALE"}


def to_phenopacket(report: Report) -> dict[str, Any]:
    """Write what was sequenced as a phenopacket.

    Args:
        report: The report.

    Returns:
        The document as JSON holds it, names in camel case as the schema prescribes. It is written
        without the heads and the neighbors, also where the tumor may be interpreted.
    """
    tumor = report.tumor
    sample = f"{tumor.name}-tumor"
    return {
        "id": f"tumorxy-{tumor.name}",
        "subject": _subject(report),
        "biosamples": [_biosample(report, sample)],
        "interpretations": [_interpretation(report, sample)],
        "metaData": _meta_data(report),
    }


def _subject(report: Report) -> dict[str, Any]:
    facts = {title.lower(): value for title, value in report.tumor.facts.items()}
    sex = SEXES.get(facts.get("sex", "").strip().lower(), "UNKNOWN_SEX")
    age = facts.get("age", "")
    known = {"timeAtLastEncounter": {"age": {"iso8601duration": f"P{age}Y"}}}
    return {"id": report.tumor.name, "sex": sex} | (known if age.isdecimal() else {})


def _biosample(report: Report, sample: str) -> dict[str, Any]:
    tests = "; ".join(f"{test.name}: {test.panel or 'not tested'}" for test in report.tumor.tests)
    stated = report.tumor.cancer_type or "not given"
    return {
        "id": sample,
        "individualId": report.tumor.name,
        "description": f"Cancer type as stated: {stated}. {tests}. What was not tested is unknown, "
        "not absent.",
        "sampledTissue": TUMOR_TISSUE,
        "histologicalDiagnosis": _disease(report.tumor.cancer_type),
    }


def _disease(stated: str | None) -> dict[str, str]:
    """Return the node of the OncoTree that a type names, else no more than a neoplasm."""
    node = (tumor_type_named(stated) or tumor_type(stated)) if stated else None
    return {"id": f"ONCOTREE:{node.code}", "label": node.name} if node else NEOPLASM


def _interpretation(report: Report, sample: str) -> dict[str, Any]:
    findings = [
        _finding(alteration, report.tumor.genome, sample, place)
        for place, alteration in enumerate(report.tumor.altering, 1)
    ]
    return {
        "id": f"tumorxy-{report.tumor.name}-1",
        "progressStatus": "UNKNOWN_PROGRESS",
        "diagnosis": {
            "disease": _disease(report.tumor.cancer_type),
            "genomicInterpretations": findings,
        },
        "summary": f"{report.notice}. Alterations as they were read; none was judged by a person.",
    }


def _finding(alteration: AlterationTold, genome: str, sample: str, place: int) -> dict[str, Any]:
    return {
        "subjectOrBiosampleId": sample,
        "interpretationStatus": "UNKNOWN_STATUS",
        "variantInterpretation": {
            "acmgPathogenicityClassification": "NOT_PROVIDED",
            "therapeuticActionability": "UNKNOWN_ACTIONABILITY",
            "variationDescriptor": _variation(alteration, genome, place),
        },
    }


def _variation(alteration: AlterationTold, genome: str, place: int) -> dict[str, Any]:
    change = f" {alteration.protein_change}" if alteration.protein_change else ""
    described: dict[str, Any] = {
        "id": f"variant-{place}",
        "label": f"{alteration.gene}{change} ({alteration.kind})",
        "geneContext": {"valueId": f"hgnc.symbol:{alteration.gene}", "symbol": alteration.gene},
        "moleculeContext": "genomic",
    }
    if alteration.protein_change:
        described["expressions"] = [{"syntax": "hgvs.p", "value": alteration.protein_change}]
    record = _record(alteration, genome)
    if record is not None:
        described["vcfRecord"] = record
    if alteration.kind in STRUCTURES:
        described["structuralType"] = STRUCTURES[alteration.kind]
    if alteration.vaf is not None:
        share = {"name": "variant allele fraction", "value": f"{alteration.vaf:.4f}"}
        described["extensions"] = [share]
    return described


def _record(alteration: AlterationTold, genome: str) -> dict[str, Any] | None:
    """Write a variant as a VCF would; None where that needs the reference sequence or a place."""
    alleles = (alteration.reference, alteration.alternate)
    known = alteration.chromosome and alteration.position and all(alleles)
    if not known or "-" in alleles:
        return None
    return {
        "genomeAssembly": genome,
        "chrom": alteration.chromosome,
        "pos": str(alteration.position),
        "ref": alteration.reference,
        "alt": alteration.alternate,
    }


def _meta_data(report: Report) -> dict[str, Any]:
    source = report.source
    facts = (
        f"{report.notice}. TumorXY {source.program}, model {source.model_digest}, map "
        f"{source.map_name} version {source.map_version}."
    )
    return {
        "created": report.made_at,
        "createdBy": f"TumorXY {source.program}",
        "submittedBy": f"{SYNTHETIC} {facts}" if report.tumor.synthetic else facts,
        "resources": [
            {
                "id": key,
                "name": name,
                "url": url,
                "version": "not stated",
                "namespacePrefix": prefix,
                "iriPrefix": f"{url}#",
            }
            for key, name, url, prefix in RESOURCES
        ],
        "phenopacketSchemaVersion": SCHEMA_VERSION,
    }
