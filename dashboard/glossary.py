"""What each technical term means, in a sentence or two: for tooltips and the help sheet. Pure."""

from __future__ import annotations

from dashboard import wording

TERMS: dict[str, str] = {
    "Alteration": "A change of a gene in the tumor: a mutation, a gain or loss of copies, or a "
    "fusion with another gene.",
    "Attribution": "How much one alteration adds to what the model says of a tumor, against the "
    "same tumor without it. It tells what the model does, not what the alteration causes.",
    "AUROC": "How often a tumor with the answer is ranked above one without it: 0.5 is guessing, "
    "1 is perfect.",
    "Baseline": "The simple method that a figure is compared with, for example counting mutations; "
    "for an attribution, the tumor without the alteration.",
    "Calibrated": "Stated probabilities come true: of the answers given 70%, about 70 in 100 are "
    "right.",
    "Case": "One tumor as it is presented at a tumor board.",
    "Cluster": "A dense place among the tumors, found without looking at any label.",
    "Cohort": "The tumors of one study.",
    "Confidence interval": "The range that would hold the true value in 95 of 100 repetitions. A "
    "wide one says that little is known.",
    "Copy number": "How many copies of a gene the tumor has: amplified, gained, lost in part, or "
    "deleted on both chromosomes.",
    "Covariate": "What is held fixed when groups are compared, for example age or the tumor type.",
    "Cramer's V": "How strongly two labels go together: 0 not at all, 1 entirely.",
    "Distance": wording.DISTANCE,
    "Embedding": "The long list of numbers by which the model describes a tumor. Tumors with "
    "alike alterations have alike numbers.",
    "Events": "Patients in whom what is counted happened, for example death.",
    "False discovery rate": "Of all findings called at this rate, the share that is expected to be "
    "chance.",
    "Gene panel": "The genes that a laboratory looked at. What lies outside is unknown, never "
    "wild type.",
    "Genome build": "The version of the human reference that positions count in: GRCh37 (hg19) or "
    "GRCh38 (hg38).",
    "Hazard ratio": "How often the event comes in one group against the other, at any moment: 1 is "
    "no difference, 2 is twice as often.",
    "I²": "The share of the differences between cohorts that chance does not explain.",
    "Immortal time": "Time that patients of a group must have survived to get into it. It makes "
    "the group look better than it is.",
    "Interaction": "What two alterations do together beyond what each does alone.",
    "Kaplan-Meier curve": "The share of patients who are still free of the event as time passes; "
    "patients who leave the study count until then.",
    "Layout": "A frozen map with a version. New tumors are placed on it; nobody on it moves.",
    "Log-rank test": "Whether the curves of several groups differ by more than chance.",
    "Map": "The embeddings of all tumors flattened to two dimensions; each point is one tumor.",
    "Model digest": "The identity of weights, settings and vocabulary together. Every result "
    "carries that of the model that made it.",
    "n": "How many tumors or patients a number rests on.",
    "Neighbors": "The tumors that are nearest in the embedding, not on the flat map.",
    "Neighbors kept": wording.QUALITY["knn_preservation"][1],
    "Not profiled": wording.NOT_PROFILED + " It is never counted as wild type.",
    "Odds ratio": "How much more frequent something is in one group than in the other: 1 is no "
    "difference.",
    "Oncoprint": "A table with a row for each gene and a column for each tumor; a mark stands "
    "where the gene is altered, and a gap where it was not looked at.",
    "Out of distribution": wording.STRANGENESS,
    "p-value": "How often chance alone would give a difference at least as large. It is not the "
    "probability that the finding is wrong.",
    "Pathway": "Genes that work together; it counts as altered where one of them is, in a way that "
    "fits its role.",
    "Placement": "Putting a new tumor on a frozen map without moving any other.",
    "Proportional hazards": "The assumption that a hazard ratio is the same at all times. Where it "
    "does not hold, the ratio is a mean over time.",
    "q-value": "The smallest false discovery rate at which a finding would be called one. With "
    "q = 0.05, about 5 of 100 such findings are chance.",
    "Replication": "A finding of one cohort that is seen again, on the same side, in another.",
    "Risk set": "The patients who are still followed and free of the event at a time; the numbers "
    "below a Kaplan-Meier curve.",
    "Subtype": "A known kind of a tumor type, told by the model with a probability; a cluster is "
    "found, not known.",
    "Synthetic": "Sampled from aggregate statistics. None of these tumors is a person.",
    "Trustworthiness": wording.QUALITY["trustworthiness"][1],
    "Tumor mutational burden": "Mutations in a million sequenced letters of DNA.",
    "Tumor purity": "The share of the cells of a sample that are tumor.",
    "Variant fraction": "The share of the sequencing reads at a place that carry the change.",
    "Wild type": "Looked at, and found without an alteration.",
    "Wilson interval": wording.WILSON,
}
"""Meaning of each term, by term."""


def meaning(term: str) -> str:
    """Return what a term means, for a tooltip.

    Args:
        term: One of `TERMS`.

    Raises:
        KeyError: If the glossary does not have it: add it there, so that it is said once.
    """
    return TERMS[term]
