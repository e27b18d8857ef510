"""What is measured about a tumor as a whole: burden, base changes, copy number by arm.

Everything is computed from what one tumor shows, with frozen constants: a tumor's covariates never
depend on who else is in the batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.batching import Batch
from engine.kinds import COPY_NUMBER_KINDS, MUTATION_KINDS
from engine.tokens import COPY_NUMBER, MUTATIONS
from engine.vocabulary import KIND_NAMES, SUBSTITUTIONS

MUTATION_IDS = tuple(KIND_NAMES.index(str(kind)) for kind in MUTATION_KINDS)
COPY_NUMBER_IDS = tuple(KIND_NAMES.index(str(kind)) for kind in COPY_NUMBER_KINDS)
SCALARS = ("log burden per Mb", "log mutations", "log amplified", "log deleted", "arms altered")


def covariate_names(arms: tuple[str, ...]) -> tuple[str, ...]:
    """Name the columns of `Covariates.values`."""
    spectrum = tuple(f"excess of {name}" for name in SUBSTITUTIONS)
    return (*SCALARS, *spectrum, *(f"mean copy number of {arm}" for arm in arms))


@dataclass(frozen=True, kw_only=True)
class GenomeFacts:
    """What counting needs to know of the genes of a vocabulary."""

    coding_mb: Tensor  # (G,) float32, coding length in megabases
    arm_membership: Tensor  # (G, A) float32, 1 where a gene lies on an arm


@dataclass(frozen=True, kw_only=True)
class Covariates:
    """Covariates of B tumors; `known` is False where a value could not be measured."""

    values: Tensor  # (B, C) float32, 0 where not known
    known: Tensor  # (B, C) bool


def compute_covariates(
    batch: Batch, facts: GenomeFacts, spectrum_prior: Tensor, strength: float
) -> Covariates:
    """Compute the covariates of each tumor from its visible tokens and its counts.

    Args:
        batch: B tumors.
        facts: Lengths and arms of the vocabulary's genes.
        spectrum_prior: Share of each substitution class in the training tumors, (S,).
        strength: Mutations worth of prior mixed into each spectrum.

    Returns:
        Values and what is known, (B, C) each; columns as `covariate_names`.
    """
    mutation_profile, copy_profile = batch.profiled[MUTATIONS], batch.profiled[COPY_NUMBER]
    megabases = batch.outside_mb + mutation_profile.float() @ facts.coding_mb
    mutations = batch.outside_burden + _count(batch, MUTATION_IDS)
    spectrum = _spectrum(batch, spectrum_prior, strength)
    copy_genes = copy_profile.sum(1).clamp(min=1)
    scaled = [_count(batch, (i,)) / copy_genes * 100 for i in COPY_NUMBER_IDS]
    arms, arms_known = _arms(batch, facts.arm_membership)
    columns = [
        torch.log1p(mutations / megabases.clamp(min=1e-3)),
        torch.log1p(mutations),
        *(torch.log1p(share) for share in scaled),
        arms.abs().mean(1),
    ]
    sequenced = mutation_profile.any(1) | (batch.outside_mb > 0)
    copied, measured = copy_profile.any(1), arms_known.any(1)
    scalars_known = torch.stack([sequenced, sequenced, copied, copied, measured], 1)
    spectrum_known = sequenced[:, None].expand_as(spectrum)
    values = torch.cat([torch.stack(columns, 1), spectrum, arms], 1)
    known = torch.cat([scalars_known, spectrum_known, arms_known], 1)
    return Covariates(values=torch.where(known, values, 0.0), known=known)


def _arms(batch: Batch, membership: Tensor) -> tuple[Tensor, Tensor]:
    """Average gains minus losses of the genes of each arm; known where single copies are told."""
    genes = (batch.profiled[COPY_NUMBER] & batch.graded[:, None]).float() @ membership
    steps = batch.copy_level.sign().float() @ membership
    return steps / genes.clamp(min=1), genes > 0


def _count(batch: Batch, kinds: tuple[int, ...]) -> Tensor:
    """Count the tokens of some kinds in each tumor, (B,), without waiting for a device."""
    chosen = torch.zeros_like(batch.kind, dtype=torch.float32)
    for kind in kinds:
        chosen += batch.kind == kind
    return chosen.new_zeros(batch.num_tumors).index_add_(0, batch.tumor, chosen)


def substitution_counts(batch: Batch) -> Tensor:
    """Count the mutations of each tumor by substitution class, (B, S), float32."""
    width = len(SUBSTITUTIONS)
    known = batch.substitution > 0
    cells = batch.tumor * width + (batch.substitution - 1).clamp(min=0)
    tokens = batch.outside_spectrum.new_zeros(batch.num_tumors * width)
    tokens.index_add_(0, cells, known.to(tokens.dtype))
    return batch.outside_spectrum + tokens.view(-1, width)


def _spectrum(batch: Batch, prior: Tensor, strength: float) -> Tensor:
    """Log ratio of each class to its prior share; 0 when nothing was counted."""
    counts = substitution_counts(batch)
    share = (counts + strength * prior) / (counts.sum(1, keepdim=True) + strength)
    return torch.log(share / prior)
