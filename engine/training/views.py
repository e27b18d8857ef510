"""Views of a tumor: the same tumor with fewer genes looked at.

Hiding a gene is treating it as not profiled, so one mechanism teaches the encoder to impute masked
alterations and to read any panel.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from engine.batching import Batch
from engine.covariates import COPY_NUMBER_IDS, MUTATION_IDS
from engine.tokens import COPY_NUMBER, FUSIONS, MUTATIONS
from engine.vocabulary import KIND_NAMES

MODALITY_OF_KIND = torch.tensor(
    [
        MUTATIONS if i in MUTATION_IDS else COPY_NUMBER if i in COPY_NUMBER_IDS else FUSIONS
        for i in range(len(KIND_NAMES))
    ]
)


@dataclass(frozen=True, kw_only=True)
class ViewConfig:
    """How much of a tumor a view hides."""

    panel_share: float  # tumors seen through a random clinical panel
    hidden_share: float  # mean share of genes hidden; per tumor drawn from 0..2 x this
    modality_share: float  # tumors whose copy number is hidden as a whole
    detail_share: float  # tumors without allele fractions; likewise places, likewise residues


def restrict(batch: Batch, profiled: Tensor, arm_of_gene: Tensor) -> Batch:
    """Forget the genes that a view does not profile.

    Args:
        batch: B tumors.
        profiled: What stays profiled, (3, B, G), bool, a subset of `batch.profiled`.
        arm_of_gene: Arm of each gene, (G,), int64, -1 for none.

    Returns:
        The view. Copy-number calls of hidden genes are taken out of the sums over arms.
    """
    modality = MODALITY_OF_KIND.to(batch.kind.device)[batch.kind]
    kept = profiled[modality, batch.tumor, batch.gene]
    arm_sum, arm_count = _arms_without(batch, ~kept, arm_of_gene)
    measured = profiled[COPY_NUMBER].any(1, keepdim=True)
    names = ("tumor", "gene", "kind", "position", "substitution", "residue", "vaf", "indel")
    return replace(
        batch,
        profiled=profiled,
        arm_sum=arm_sum * measured,
        arm_count=arm_count * measured,
        **{name: getattr(batch, name)[kept] for name in names},
    )


def _arms_without(batch: Batch, hidden: Tensor, arm_of_gene: Tensor) -> tuple[Tensor, Tensor]:
    """Take the copy-number calls of hidden tokens out of the sums and counts, (B, A) each."""
    amplified, deleted = COPY_NUMBER_IDS
    arm = arm_of_gene[batch.gene]
    step = (batch.kind == amplified).float() - (batch.kind == deleted).float()
    used = hidden & (step != 0) & (arm >= 0)
    index = (batch.tumor[used], arm[used])
    arm_sum = batch.arm_sum.index_put(index, -step[used], accumulate=True)
    one = torch.ones_like(step[used])
    arm_count = batch.arm_count.index_put(index, -one, accumulate=True).clamp(min=0)
    known = batch.arm_count > 0
    return torch.where(known, arm_sum, 0.0), torch.where(known, arm_count, 0.0)


@dataclass(frozen=True, kw_only=True)
class GeneFacts:
    """What drawing views needs to know of the vocabulary."""

    panels: Tensor  # (P, G) bool, real clinical panels
    arm_of_gene: Tensor  # (G,) int64, -1 for none
    gene_start: Tensor  # (G,) int64, where a call without a position stands


def random_view(
    batch: Batch, facts: GeneFacts, config: ViewConfig, generator: torch.Generator
) -> tuple[Batch, Tensor]:
    """Draw a view of each tumor.

    Args:
        batch: B tumors on the CPU.
        facts: Panels and genes.
        config: How much is hidden.
        generator: Source of randomness.

    Returns:
        The view, and which genes were hidden, (B, G), bool.
    """
    num, genes = batch.num_tumors, facts.panels.shape[1]
    share = torch.rand(num, 1, generator=generator) * 2 * config.hidden_share
    hidden = torch.rand(num, genes, generator=generator) < share
    through = torch.rand(num, generator=generator) < config.panel_share
    drawn = facts.panels[torch.randint(len(facts.panels), (num,), generator=generator)]
    allowed = (drawn | ~through[:, None]) & ~hidden
    profiled = batch.profiled & allowed
    dropped = torch.rand(num, generator=generator) < config.modality_share
    profiled[COPY_NUMBER] &= ~dropped[:, None]
    view = restrict(_without_outside(batch, through), profiled, facts.arm_of_gene)
    forgotten = torch.rand(3, num, generator=generator) < config.detail_share
    return forget_details(view, forgotten, facts.gene_start), ~allowed


def forget_details(batch: Batch, forgotten: Tensor, gene_start: Tensor) -> Batch:
    """Drop what some files do not say of an alteration.

    Whether a file gives allele fractions or positions tells which study it is from. An encoder
    that never sees the same tumor with and without them takes that for biology.

    Args:
        batch: B tumors.
        forgotten: Which tumors lose what, (3, B), bool: allele fractions; positions, base changes
            and lengths; places in the protein.
        gene_start: Where a call without a position stands, (G,), int64.

    Returns:
        The batch as a reader of a poorer file would give it.
    """
    fraction, place, residue = (lost[batch.tumor] for lost in forgotten)
    kept = (~forgotten[1]).float()
    return replace(
        batch,
        vaf=torch.where(fraction, -1.0, batch.vaf),
        position=torch.where(place, gene_start[batch.gene], batch.position),
        substitution=torch.where(place, 0, batch.substitution),
        indel=torch.where(place, 0.0, batch.indel),
        residue=torch.where(residue, -1.0, batch.residue),
        outside_spectrum=batch.outside_spectrum * kept[:, None],
    )


def _without_outside(batch: Batch, through_panel: Tensor) -> Batch:
    """Drop what a targeted panel would not have seen outside the vocabulary."""
    keep = (~through_panel).float()
    return replace(
        batch,
        outside_burden=batch.outside_burden * keep,
        outside_mb=batch.outside_mb * keep,
        outside_spectrum=batch.outside_spectrum * keep[:, None],
    )


def gene_states(batch: Batch) -> tuple[Tensor, Tensor]:
    """Tell what each gene shows in each tumor.

    Args:
        batch: B tumors, unrestricted.

    Returns:
        Altered, (B, 4, G), float32, in the order of `engine.model.TARGETS`; and whether it was
        profiled, (B, 4, G), bool.
    """
    truncating = KIND_NAMES.index("truncating")
    amplified, deleted = COPY_NUMBER_IDS
    mutation_ids = torch.tensor(MUTATION_IDS)
    groups = (mutation_ids, *(torch.tensor([kind]) for kind in (truncating, amplified, deleted)))
    shape = (batch.num_tumors, len(groups), batch.profiled.shape[2])
    altered = torch.zeros(shape)
    for target, kinds in enumerate(groups):
        chosen = torch.isin(batch.kind, kinds)
        altered[batch.tumor[chosen], target, batch.gene[chosen]] = 1
    modality = [MUTATIONS, MUTATIONS, COPY_NUMBER, COPY_NUMBER]
    return altered, batch.profiled[modality].transpose(0, 1)
