"""What each technical term means, in a sentence or two: for tooltips and the help sheet. Pure.

A tooltip that explains a term takes it from here with `meaning`, so that it is said once.
"""

from __future__ import annotations

from dashboard import wording

TERMS: dict[str, str] = {
    "95% set": "The classes among which the true one is in 95 of 100 tumors, on the average.",
    "Agreement with the map": wording.AGREEMENT,
    "Alteration": "A change of a gene in the tumor: a mutation, a gain or loss of copies, or a "
    "fusion with another gene.",
    "Attribution": "How much one alteration adds to what the model says of a tumor, against the "
    "same tumor without it. It tells what the model does, not what the alteration causes.",
    "Assumed panel": wording.PANEL_ASSUMED,
    "AUROC": "How often a tumor with the answer is ranked above one without it: 0.5 is guessing, "
    "1 is perfect.",
    "Average precision": "How many of the answers given are right, from the surest answer to the "
    "least sure: 1 is perfect; by chance it is the frequency of what is looked for.",
    "Baseline": "The simple method that a figure is compared with, for example counting mutations; "
    "for an attribution, the tumor without the alteration.",
    "Burden": "The number of mutated genes, in fifths within tumor type and panel. Many mutated "
    "genes stand for a high burden only: unless it is held fixed, most of them seem to matter.",
    "By chance": "The share that there would be if the two had nothing to do with each other.",
    "Calibrated": "Stated probabilities come true: of the answers given 70%, about 70 in 100 are "
    "right.",
    "Calibration error": "Mean gap between a stated probability and how often it was right: 0 is "
    "best, up to 0.05 counts as calibrated.",
    "Case": "One tumor as it is presented at a tumor board.",
    "Cliff's delta": "How much more often a value of one group is above one of the other than "
    "below it, -1 to 1: about 0.15 is small, 0.33 moderate, 0.47 large. Also called the "
    "rank-biserial correlation.",
    "Cluster": "A dense place among the tumors, found without looking at any label.",
    "Cohort": "The tumors of one study.",
    "Confidence interval": "The range that would hold the true value in 95 of 100 repetitions. A "
    "wide one says that little is known.",
    "Completeness gap": "The sum of the attributions less the difference of the two numbers that "
    "they explain, as a share of what moves: 0 is exact.",
    "Continuity": wording.QUALITY["continuity"][1],
    "Copy number": "How many copies of a gene the tumor has: amplified, gained, lost in part, or "
    "deleted on both chromosomes.",
    "Covariate": "What is held fixed when groups are compared, for example age or the tumor type.",
    "Cramer's V": "How strongly two labels go together, or how far groups differ in their "
    "composition: 0 not at all, 1 entirely; about 0.1 is small, 0.3 moderate, 0.5 large. Corrected "
    "for small samples (Bergsma).",
    "Decision log": "Nothing in it is ever changed or deleted: a correction is a further entry "
    "that points to the one it corrects. Each entry carries a digest of the one before it, so that "
    "a change made outside of TumorXY shows.",
    "Distance": "How different the model finds two tumors: 0 is the same, 2 the most different. It "
    "is measured in the full model and does not depend on the map.",
    "Distance from the reference": wording.OUT_OF_DISTRIBUTION,
    "Embedding": "The long list of numbers by which the model describes a tumor. Tumors with "
    "alike alterations have alike numbers.",
    "Events": "Patients in whom what is counted happened, for example death.",
    "Expected share": "The share that a group would have by what is held fixed alone.",
    "False discovery rate": "Of all findings called at this rate, the share that is expected to be "
    "chance.",
    "Gene panel": "The genes that a laboratory looked at. What lies outside is unknown, never "
    "wild type.",
    "Genome build": "The version of the human reference that positions count in: GRCh37 (hg19) or "
    "GRCh38 (hg38).",
    "Hazard ratio": "How often the event comes in one group against the other, at any moment: 1 is "
    "no difference, 2 is twice as often.",
    "Held fixed": "Patients are compared with each other only where these agree, in strata. A "
    "difference that these alone make then vanishes.",
    "I²": "The share of the differences between cohorts that chance does not explain.",
    "Immortal time": "Time that patients of a group must have survived to get into it. It makes "
    "the group look better than it is.",
    "Integrated gradients": "The slope of a number on the way from no alteration to all of them, "
    "added up for each alteration.",
    "Interaction": "What two alterations do together beyond what each does alone.",
    "Kaplan-Meier curve": "The share of patients who are still free of the event as time passes; "
    "patients who leave the study count until then.",
    "Layout": "A frozen map with a version. New tumors are placed on it; nobody on it moves.",
    "Leave-one-out": "Each alteration is taken away alone. Two that say the same then look as if "
    "neither mattered, so the values need not add up.",
    "Log-rank test": "Whether the curves of several groups differ by more than chance.",
    "Map": "The embeddings of all tumors flattened to two dimensions; each point is one tumor.",
    "Median survival": "The time at which half of a group had the event; empty where it was not "
    "reached.",
    "Model effect": "Mean difference of what the model predicts between tumors with the "
    "alteration, or both of a pair, and tumors without, or with neither, within tumor type. "
    "Patients may do otherwise, and the model may have learned from these tumors.",
    "Model digest": "The identity of weights, settings and vocabulary together. Every result "
    "carries that of the model that made it.",
    "n": "How many tumors or patients a number rests on.",
    "Neighbors": "The tumors that are nearest in the embedding, not on the flat map.",
    "Neighbors kept": wording.QUALITY["knn_preservation"][1],
    "Not profiled": wording.NOT_PROFILED + " It is never counted as wild type.",
    "Odds ratio": "How much more frequent something is in one group than in the other: 1 is no "
    "difference, above 1 is more frequent.",
    "OncoTree": "The public tree of tumor types and their codes, for example LUAD for lung "
    "adenocarcinoma.",
    "Oncoprint": "A table with a row for each gene and a column for each tumor; a mark stands "
    "where the gene is altered, and a gap where it was not looked at.",
    "Out of distribution": wording.STRANGENESS,
    "p-value": "How often chance alone would give a difference at least as large. It is not the "
    "probability that the finding is wrong.",
    "Pathway": "Genes that work together; it counts as altered where one of them is, in a way that "
    "fits its role.",
    "Place on the map": wording.DISTANCE,
    "Placement": "Putting a new tumor on a frozen map without moving any other.",
    "Proportional hazards": "The assumption that a hazard ratio is the same at all times. Where it "
    "does not hold, the ratio is a mean over time.",
    "Pseudonym": "What a meeting calls a case. While it runs, no sample, study or patient is named "
    "on the page or in its address.",
    "q-value": "The smallest false discovery rate at which a finding would be called one. With "
    "q = 0.05, about 5 of 100 such findings are chance.",
    "Replication": "A finding of one cohort that is seen again, on the same side, in another.",
    "Risk set": "The patients who are still followed and free of the event at a time; the numbers "
    "below a Kaplan-Meier curve.",
    "Set": "Tumors kept under a name. It is kept by the names of its tumors, so it means the same "
    "on every later map. Tumors of a study that is removed leave it.",
    "Shapley value": "Each alteration is added in many random orders; its value is what it adds on "
    "the average. The values add up exactly; the whiskers are 95% intervals of the sampling.",
    "Stability": "How much of a cluster is found again in fresh draws of the tumors, 0 to 1.",
    "Standardized difference": "The difference of two means in standard deviations of all tumors.",
    "Subtype": "A known kind of a tumor type, told by the model with a probability; a cluster is "
    "found, not known.",
    "Survival time": "Months from the time that the study counts from, diagnosis, sequencing or "
    "treatment, to death or to the last contact.",
    "Synthetic": "Sampled from aggregate statistics. None of these tumors is a person.",
    "Trustworthiness": wording.QUALITY["trustworthiness"][1],
    "Tumor mutational burden": "Mutations in a million sequenced letters of DNA.",
    "Tumor purity": "The share of the cells of a sample that are tumor.",
    "Variant fraction": "The share of the sequencing reads at a place that carry the change.",
    "View": "A page with its colors, filters, selection and place on the map.",
    "What if": "The same tumor, sequenced the same way, without some of its alterations or with "
    "others: what the model would then say. It is no forecast of what happens to a patient whose "
    "tumor gains or loses an alteration.",
    "Wild type": "Looked at, and found without an alteration.",
    "Wilson interval": wording.WILSON,
    "ε²": "The share of the variance of the ranks that lies between the groups, 0 to 1.",
}
"""Meaning of each term, by term."""


def meaning(term: str, *here: str) -> str:
    """Return what a term means, for a tooltip.

    Args:
        term: One of `TERMS`.
        here: Sentences that hold where the tooltip stands, and not everywhere.

    Raises:
        KeyError: If the glossary does not have it: add it there, so that it is said once.
    """
    return " ".join((TERMS[term], *here))
