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
from engine.genes import GeneTable
from engine.kinds import Kind
from engine.tokens import COPY_NUMBER, FUSIONS, MUTATIONS, TOKEN_FIELDS
from engine.vocabulary import KIND_NAMES, VOCABULARY_PANELS, Vocabulary

MODALITY_OF_KIND = torch.tensor(
    [
        MUTATIONS if i in MUTATION_IDS else COPY_NUMBER if i in COPY_NUMBER_IDS else FUSIONS
        for i in range(len(KIND_NAMES))
    ]
)

UNKNOWN_KIND = KIND_NAMES.index(Kind.UNKNOWN)
PROMOTER_KIND = KIND_NAMES.index(Kind.PROMOTER)


@dataclass(frozen=True, kw_only=True)
class ViewConfig:
    """How much of a tumor a view hides."""

    panel_share: float  # tumors seen through a random clinical panel
    hidden_share: float  # mean share of genes hidden; per tumor drawn from 0..2 x this
    modality_share: float  # tumors whose copy number is hidden as a whole
    detail_share: float  # tumors without allele fractions; likewise places, likewise residues
    kind_share: float  # tumors whose mutations are partly of unknown consequence
    promoter_share: float  # tumors whose promoters were not sequenced


def clinical_panels(vocabulary: Vocabulary) -> Tensor:
    """Return the public clinical panels that training views look through, (P, G), bool."""
    masks = []
    for name, members in sorted(GeneTable.load().panels().items()):
        if name.startswith(VOCABULARY_PANELS) and "HEME" not in name:
            masks.append([symbol in members for symbol in vocabulary.genes])
    return torch.tensor(masks)


def gene_facts(vocabulary: Vocabulary) -> GeneFacts:
    """Return what drawing views needs to know of a vocabulary."""
    return GeneFacts(
        panels=clinical_panels(vocabulary),
        gene_start=torch.from_numpy(vocabulary.linear_start("GRCh37")),
    )


def restrict(batch: Batch, profiled: Tensor) -> Batch:
    """Forget the genes that a view does not profile.

    Args:
        batch: B tumors.
        profiled: What stays profiled, (3, B, G), bool, a subset of `batch.profiled`.

    Returns:
        The view, as a panel of those genes would have given it.
    """
    modality = MODALITY_OF_KIND.to(batch.kind.device)[batch.kind]
    kept = profiled[modality, batch.tumor, batch.gene]
    known = replace(batch, profiled=profiled, copy_level=batch.copy_level * profiled[COPY_NUMBER])
    return _keep(known, kept)


def _keep(batch: Batch, kept: Tensor) -> Batch:
    """Keep some alterations, (T,), bool."""
    tokens = {name: getattr(batch, name)[kept] for name in TOKEN_FIELDS}
    return replace(batch, tumor=batch.tumor[kept], **tokens)


def without_copy_number(batch: Batch) -> Batch:
    """Forget what a batch says of copy number."""
    profiled = batch.profiled.clone()
    profiled[COPY_NUMBER] = False
    return restrict(batch, profiled)


def through_panel(batch: Batch, genes: Tensor) -> Batch:
    """See tumors as a targeted panel would have.

    Args:
        batch: B tumors.
        genes: The genes of the panel, (G,) or one panel per tumor (B, G), bool.

    Returns:
        The view: nothing outside the panel is profiled, nor counted.
    """
    everyone = torch.ones(batch.num_tumors, dtype=torch.bool)
    return restrict(_without_outside(batch, everyone), batch.profiled & genes)


@dataclass(frozen=True, kw_only=True)
class GeneFacts:
    """What drawing views needs to know of the vocabulary."""

    panels: Tensor  # (P, G) bool, real clinical panels
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
    view = restrict(_without_outside(batch, through), profiled)
    forgotten = torch.rand(3, num, generator=generator) < config.detail_share
    view = forget_details(view, forgotten, facts.gene_start)
    unread = torch.rand(num, generator=generator)
    unread[torch.rand(num, generator=generator) >= config.kind_share] = 0
    drawn = torch.rand(len(view.kind), generator=generator)
    view = forget_consequences(view, drawn < unread[view.tumor])
    coding_only = torch.rand(num, generator=generator) < config.promoter_share
    return without_promoters(view, coding_only), ~allowed


def random_panel(batch: Batch, facts: GeneFacts, generator: torch.Generator) -> Batch:
    """See each tumor through one of the clinical panels, drawn at random."""
    drawn = torch.randint(len(facts.panels), (batch.num_tumors,), generator=generator)
    return through_panel(batch, facts.panels[drawn])


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
        hotspot=torch.where(residue, 0.0, batch.hotspot),
        outside_spectrum=batch.outside_spectrum * kept[:, None],
    )


def forget_consequences(batch: Batch, tokens: Tensor) -> Batch:
    """Drop what an unannotated call does not say: its consequence and its place in the protein.

    Half of the calls of one study lack both and no call of another does: nothing tells the
    studies apart as well.

    Args:
        batch: B tumors with T alterations.
        tokens: Which alterations lose it where they are mutations, (T,), bool.

    Returns:
        The batch with those mutations of unknown consequence.
    """
    lost = tokens & (MODALITY_OF_KIND.to(batch.kind.device)[batch.kind] == MUTATIONS)
    return replace(
        batch,
        kind=torch.where(lost, UNKNOWN_KIND, batch.kind),
        residue=torch.where(lost, -1.0, batch.residue),
        hotspot=torch.where(lost, 0.0, batch.hotspot),
    )


def without_promoters(batch: Batch, tumors: Tensor) -> Batch:
    """Drop promoter mutations, which targeted panels see and exomes do not.

    Args:
        batch: B tumors.
        tumors: Which tumors lose them, (B,), bool.

    Returns:
        The batch without them.
    """
    return _keep(batch, ~((batch.kind == PROMOTER_KIND) & tumors[batch.tumor]))


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
