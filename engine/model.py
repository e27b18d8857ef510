"""The tumor encoder: a transformer over a tumor's alterations, without padding and without order.

A tumor is read as three leading tokens (what was profiled; its covariates; its copy number gene by
gene) and one token per alteration. The last states of the first token and of the alterations, their
mean, are projected to unit length: the embedding. Reconstruction of hidden genes from the embedding
alone is what it is trained on.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, normalize, pad

from engine.batching import Batch
from engine.config import EncoderConfig
from engine.covariates import Covariates, GenomeFacts, compute_covariates, covariate_names
from engine.tokens import COPY_NUMBER
from engine.vocabulary import KIND_NAMES, SUBSTITUTIONS, Vocabulary
from kernels.dispatch import Boundaries, Rotation, segment_mean, varlen_attention
from kernels.reference import rotary_steps

NUM_LEADING = 3
TARGETS = ("mutation", "truncating mutation", "amplification", "deep deletion")
"""What the decoder tells about each gene."""


@dataclass(frozen=True, kw_only=True)
class Packed:
    """Order of the tokens of a batch: tumors by length, three leading tokens first in each."""

    cu_seqlens: Boundaries  # B + 1: numbers on the CPU, int32 on a device, which is not waited for
    leading: Tensor  # (B, 3) int64, places of the leading tokens of each tumor of the batch
    tokens: Tensor  # (T,) int64, place of each alteration token
    num_tokens: int  # T + 3 B


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the encoder makes of B tumors."""

    embeddings: Tensor  # (B, D) float32, unit length
    features: Tensor  # (B, F) float32: states of the leading tokens, mean state, covariates, known


def pack(tumor: Tensor, num_tumors: int) -> Packed:
    """Lay out a batch so that tumors of equal length are neighbors.

    Args:
        tumor: Tumor of each alteration token, (T,), int64, ascending.
        num_tumors: B.

    Returns:
        The layout.
    """
    lengths = count_tokens(tumor, num_tumors)
    by_length = torch.argsort(lengths, stable=True)
    ends = torch.cumsum(lengths[by_length] + NUM_LEADING, 0)
    starts = torch.empty_like(lengths)
    starts[by_length] = ends - lengths[by_length] - NUM_LEADING
    first_token = torch.cumsum(lengths, 0) - lengths
    within = torch.arange(len(tumor), device=tumor.device) - first_token[tumor]
    leading = starts[:, None] + torch.arange(NUM_LEADING, device=tumor.device)
    return Packed(
        cu_seqlens=[0, *ends.tolist()] if ends.device.type == "cpu" else pad(ends, (1, 0)).int(),
        leading=leading,
        tokens=starts[tumor] + NUM_LEADING + within,
        num_tokens=len(tumor) + NUM_LEADING * num_tumors,
    )


def count_tokens(tumor: Tensor, num_tumors: int) -> Tensor:
    """Count the alterations of each tumor, (B,), int64; `bincount` would wait for the device."""
    return tumor.new_zeros(num_tumors).scatter_add_(0, tumor, torch.ones_like(tumor))


class Block(nn.Module):
    """Attention and feed-forward, each on normalized input and added to the stream."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        width = config.width
        self.num_heads = config.num_heads
        self.attention_norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.feed_norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, config.hidden)
        self.down = nn.Linear(config.hidden, width)

    def forward(self, x: Tensor, rotation: Rotation, cu_seqlens: Boundaries) -> Tensor:
        """Update the packed stream, (T, D) to (T, D)."""
        qkv = self.qkv(self.attention_norm(x)).unflatten(-1, (3, self.num_heads, -1))
        q, k, v = qkv.unbind(1)  # (T, H, D / H) each
        attended = varlen_attention(q, k, v, cu_seqlens, rotation=rotation)
        x = x + self.out(attended.flatten(1))
        result: Tensor = x + self.down(gelu(self.up(self.feed_norm(x))))
        return result


class TumorEncoder(nn.Module):
    """Alterations of tumors to unit vectors, and unit vectors to what each gene should show."""

    rotary_steps: Tensor
    coding_mb: Tensor
    arm_membership: Tensor
    set_membership: Tensor
    spectrum_prior: Tensor
    covariate_mean: Tensor
    covariate_scale: Tensor

    def __init__(self, config: EncoderConfig, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.config = config
        width, num_genes = config.width, len(vocabulary.genes)
        num_covariates = len(covariate_names(vocabulary.arm_names))
        num_arms = len(vocabulary.arm_names)
        self.num_scalars = num_covariates - num_arms
        self.gene = nn.Embedding(num_genes, width)
        self.kind = nn.Embedding(len(KIND_NAMES), width)
        self.substitution = nn.Embedding(len(SUBSTITUTIONS) + 1, width)
        self.measured = nn.Linear(2 * config.num_residue_waves + 6, width, bias=False)
        self.sets = nn.Linear(vocabulary.set_membership.shape[1], width, bias=False)
        self.profiled = nn.Parameter(torch.randn(3, num_genes, width) * 0.02)
        self.tumor = nn.Parameter(torch.randn(width) * 0.02)
        self.scalars = nn.Linear(2 * self.num_scalars, width)
        self.arms = nn.Linear(2 * num_arms, width)
        self.copy_number = nn.Linear(num_genes, width, bias=False)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.num_layers))
        self.final_norm = nn.LayerNorm(width)
        self.project = nn.Linear(2 * width, width)
        self.decode_genes = nn.Linear(width, len(TARGETS) * num_genes)
        self.decode_covariates = nn.Linear(width, num_covariates)
        self.decoder_scale = nn.Parameter(torch.tensor(10.0))
        self._add_constants(vocabulary, num_covariates)
        for embedding in (self.gene, self.kind, self.substitution):
            nn.init.normal_(embedding.weight, std=0.3)

    def _add_constants(self, vocabulary: Vocabulary, num_covariates: int) -> None:
        """Register what is frozen with the weights and never trained."""
        config = self.config
        pairs = config.width // config.num_heads // 2
        steps = rotary_steps(pairs, config.shortest_wavelength, config.longest_wavelength)
        uniform = torch.full((len(SUBSTITUTIONS),), 1 / len(SUBSTITUTIONS))
        self.register_buffer("rotary_steps", steps)
        self.register_buffer("coding_mb", torch.from_numpy(vocabulary.coding_mb.copy()))
        self.register_buffer("arm_membership", torch.from_numpy(vocabulary.arm_membership))
        self.register_buffer("set_membership", torch.from_numpy(vocabulary.set_membership))
        self.register_buffer("spectrum_prior", uniform)
        self.register_buffer("covariate_mean", torch.zeros(num_covariates))
        self.register_buffer("covariate_scale", torch.ones(num_covariates))

    @property
    def genome(self) -> GenomeFacts:
        """Facts about the genes of the vocabulary."""
        return GenomeFacts(coding_mb=self.coding_mb, arm_membership=self.arm_membership)

    def covariates(self, batch: Batch) -> Covariates:
        """Compute the covariates of a batch, in standard units, 0 where not known."""
        raw = compute_covariates(
            batch, self.genome, self.spectrum_prior, self.config.spectrum_strength
        )
        values = (raw.values - self.covariate_mean) / self.covariate_scale
        return Covariates(values=torch.where(raw.known, values, 0.0), known=raw.known)

    def forward(self, batch: Batch) -> Tensor:
        """Embed a batch.

        Args:
            batch: B tumors.

        Returns:
            Embeddings, (B, D), float32, unit length; rows follow the batch.
        """
        return self.read(batch).embeddings

    def read(self, batch: Batch) -> Reading:
        """Embed a batch, and keep the states that the embedding was made from.

        Args:
            batch: B tumors.

        Returns:
            Embeddings and features; rows follow the batch.
        """
        order = pack(batch.tumor, batch.num_tumors)
        with full_precision(batch.tumor.device):
            covariates = self.covariates(batch)
            x, rotation = self._lay_out(batch, covariates, order)
        for block in self.blocks:
            x = block(x, rotation, order.cu_seqlens)
        with full_precision(batch.tumor.device):
            x = self.final_norm(x)
            leading, mean = x[order.leading], mean_states(x[order.tokens], batch)
            embeddings = self.project(torch.cat([leading[:, 0], mean], 1))
            parts = [leading.flatten(1), mean, covariates.values, covariates.known.float()]
            return Reading(embeddings=normalize(embeddings, dim=-1), features=torch.cat(parts, 1))

    def _lay_out(
        self, batch: Batch, covariates: Covariates, order: Packed
    ) -> tuple[Tensor, Rotation]:
        """Embed the packed tokens, (T + 3 B, D), and say how their positions rotate them."""
        tokens = self.embed_tokens(batch)
        x = tokens.new_empty(order.num_tokens, self.config.width)
        x = x.index_copy(0, order.tokens, tokens)
        leading = self._leading(batch, covariates).flatten(0, 1)
        x = x.index_copy(0, order.leading.flatten(), leading)
        positions = batch.position.new_zeros(order.num_tokens)
        if self.config.use_positions:
            positions[order.tokens] = batch.position
        return x, Rotation(positions, self.rotary_steps)

    def embed_tokens(self, batch: Batch) -> Tensor:
        """Turn each alteration into a vector, (T, D): gene + kind + what was measured of it."""
        config = self.config
        waves = torch.arange(1, config.num_residue_waves + 1, device=batch.residue.device)
        has_residue = (batch.residue >= 0) & config.use_positions
        angle = batch.residue[:, None] * waves * torch.pi
        fourier = torch.cat([angle.sin(), angle.cos()], 1) * has_residue[:, None]
        has_vaf = batch.vaf >= 0
        scalars = [has_residue, has_vaf, batch.vaf * has_vaf, batch.indel, batch.indel.abs()]
        scalars.append(batch.hotspot * config.use_knowledge)
        measured = torch.cat([fourier, torch.stack([s.float() for s in scalars], 1)], 1)
        named = self.gene(batch.gene) + self.kind(batch.kind)
        if config.use_knowledge:
            named = named + self.sets(self.set_membership)[batch.gene]
        vectors: Tensor = named + self.substitution(batch.substitution) + self.measured(measured)
        return vectors

    def _leading(self, batch: Batch, covariates: Covariates) -> Tensor:
        """Make the three leading tokens of each tumor, (B, 3, D)."""
        profiled = batch.profiled.float()
        shares = torch.einsum("mbg,mgd->bd", profiled, self.profiled)
        panel = self.tumor + shares / profiled.sum((0, 2))[:, None].clamp(min=1).sqrt()
        scalars, arms = covariates.values.split_with_sizes(self._split, 1)
        scalars_known, arms_known = covariates.known.float().split_with_sizes(self._split, 1)
        by_gene = self.copy_number(batch.copy_level.float())
        num_genes = profiled[COPY_NUMBER].sum(1, keepdim=True).clamp(min=1)
        return torch.stack(
            [
                panel,
                self.scalars(torch.cat([scalars, scalars_known], 1)),
                self.arms(torch.cat([arms, arms_known], 1)) + by_gene / num_genes.sqrt(),
            ],
            1,
        )

    @property
    def _split(self) -> list[int]:
        return [self.num_scalars, len(self.covariate_mean) - self.num_scalars]

    def decode(self, embeddings: Tensor) -> Tensor:
        """Tell how likely each gene is altered.

        Args:
            embeddings: (B, D).

        Returns:
            Logits, (B, 4, G): mutation, truncating mutation, amplification, deep deletion.
        """
        logits: Tensor = self.decode_genes(embeddings * self.decoder_scale)
        return logits.view(len(embeddings), len(TARGETS), -1)


def mean_states(states: Tensor, batch: Batch) -> Tensor:
    """Average the states of each tumor's alterations.

    Args:
        states: (T, D), in the order of the batch.
        batch: B tumors with T alterations.

    Returns:
        Means, (B, D); zeros for a tumor without alterations.
    """
    counts = count_tokens(batch.tumor, batch.num_tumors)
    return segment_mean(states, pad(counts.cumsum(0), (1, 0)).int())


def full_precision(device: torch.device) -> torch.autocast:
    """Return a context without autocast: only the blocks run in half precision, where asked for."""
    return torch.autocast(device.type, enabled=False)
