"""Explain one number of one tumor: every method, its roll-ups, and the strongest pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from cache.reader import Reader
from dashboard.errors import ExplainError
from dashboard.explaining_pairs import told_pairs
from dashboard.explanations import (
    ACROSS,
    COVARIATES,
    FEW_PERMUTATIONS,
    HALLMARK,
    MANY_UNITS,
    MAP,
    NEAR,
    PATHWAY,
    RISK,
    UPWARD,
    Asked,
    Explanation,
    MethodTold,
    UnitTold,
    roll_covariates,
)
from dashboard.own_cards import VERSION_LENGTH
from dashboard.stored import choose_studies
from engine.progress import Progress, no_progress

if TYPE_CHECKING:
    from dashboard.placing import Placer
    from engine.cohort import Cohort
    from engine.explaining.attribute import Attribution
    from engine.explaining.game import TumorGame
    from engine.explaining.networks import Networks
    from engine.explaining.targets import Target
    from engine.finetune import OwnHead
    from engine.heads import Head
    from engine.tokens import Tables, TumorTokens

SAME = 1e-6
"""Distance below which the nearest tumor is the tumor itself."""

Pathways = Mapping[str, Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Explainer:
    """The networks in memory, and what they are asked for.

    Attributes:
        placer: Encoder, map and predictor.
        networks: The same encoder, as explanations run it.
        sets: By roll-up, the genes of each set: the oncogenic pathways, the hallmark sets.
    """

    placer: Placer
    networks: Networks
    sets: Mapping[str, Pathways]

    @classmethod
    def of(cls, placer: Placer) -> Explainer:
        """Build it from what places tumors; the weights are not loaded again."""
        from engine.explaining.networks import Networks
        from engine.genes import GeneTable

        genes = GeneTable.load()
        return cls(
            placer=placer,
            networks=Networks.of(placer.encoder.loaded),
            sets={PATHWAY: genes.pathways(), HALLMARK: genes.hallmarks()},
        )

    @property
    def model_digest(self) -> str:
        """Digest of the model."""
        return self.placer.encoder.digest

    def map_asked(self, name: str) -> Asked:
        """Ask for the place on the map: one of `MAP_TITLES`."""
        return Asked(task=MAP, class_name=f"{name}@{self.placer.map.layout_id}")

    @property
    def shipped(self) -> dict[str, Head]:
        """Heads of the model, by task."""
        predictor = self.placer.predictor
        return {head.task: head for head in predictor.heads.heads} if predictor else {}

    @property
    def own(self) -> dict[str, OwnHead]:
        """Heads that the user trained on this model, by task."""
        return {head.task: head for head in self.placer.own.heads} if self.placer.own else {}

    def asked(self, task: str, class_name: str) -> Asked:
        """Ask for a class of a head, shipped or own."""
        own = self.own.get(task)
        version = f"@{own.card['sha256'][:VERSION_LENGTH]}" if own else ""
        return Asked(task=task, class_name=f"{class_name}{version}")

    def explain(
        self, tokens: TumorTokens, asked: Asked, progress: Progress = no_progress
    ) -> Explanation:
        """Explain a number of a tumor by every method.

        Args:
            tokens: One tumor.
            asked: The number.
            progress: Told how far the work is; what it raises ends the work.

        Raises:
            ExplainError: If the model tells no such number.
            ExplanationError: If nothing is known of the tumor.
        """
        from engine.explaining.attribute import integrated_gradients, leave_one_out
        from engine.explaining.game import TumorGame

        game = TumorGame.of(self.networks, self._target(tokens, asked), tokens)
        # Gradients come first: what the game prepares must not be made without them.
        gradients = integrated_gradients(game)
        shapley = _shapley(game, progress)
        others = (gradients, leave_one_out(game, progress=_staged(progress, 1)))
        return Explanation(
            asked=asked,
            methods=tuple(self._told(one, shapley) for one in (shapley, *others)),
            pairs=told_pairs(game, shapley, _staged(progress, 2)),
        )

    def explain_briefly(self, tokens: TumorTokens, asked: Asked) -> Explanation:
        """Explain a number of a tumor by Shapley values and pairs, without the other methods.

        Nothing of Captum is loaded, which would take longer than the explanation.

        Args:
            tokens: One tumor.
            asked: The number.

        Raises:
            ExplainError: If the model tells no such number.
            ExplanationError: If nothing is known of the tumor.
        """
        from engine.explaining.game import TumorGame

        game = TumorGame.of(self.networks, self._target(tokens, asked), tokens)
        shapley = _shapley(game, no_progress)
        return Explanation(
            asked=asked,
            methods=(self._told(shapley),),
            pairs=told_pairs(game, shapley, no_progress),
        )

    def attribute(self, tokens: TumorTokens, asked: Asked) -> MethodTold | None:
        """Explain a number of a tumor by integrated gradients alone; None where nothing is known.

        Args:
            tokens: One tumor.
            asked: The number.

        Raises:
            ExplainError: If the model tells no such number.
        """
        from engine.explaining.alterations import dissect
        from engine.explaining.attribute import integrated_gradients
        from engine.explaining.game import TumorGame

        networks = self.networks
        tumor = dissect(tokens, networks.vocabulary, networks.background)
        if not tumor.units:
            return None
        target = self._target(tokens, asked)
        game = TumorGame(networks=networks, target=target, tumor=tumor)
        return self._told(integrated_gradients(game))

    def looked_at(self, tokens: TumorTokens, by: str) -> dict[str, tuple[int, int]]:
        """Count the genes of each set that were sequenced for mutations in a tumor, and all.

        Args:
            tokens: One tumor.
            by: `PATHWAY` or `HALLMARK`.
        """
        from engine.tokens import MUTATIONS

        seen = tokens.panel_masks[tokens.panel[0, MUTATIONS]]
        index = self.placer.encoder.vocabulary.index
        return {
            name: (sum(gene in index and bool(seen[index[gene]]) for gene in genes), len(genes))
            for name, genes in self.sets[by].items()
        }

    def _told(self, one: Attribution, shapley: Attribution | None = None) -> MethodTold:
        from engine.explaining.attribute import agreement, roll_up

        errors = one.standard_error
        units = tuple(
            UnitTold(
                key=unit.key,
                label=unit.label,
                gene=unit.gene,
                kind=unit.kind,
                value=float(one.values[i]),
                error=None if errors is None else float(errors[i]),
            )
            for i, unit in enumerate(one.units)
        )
        rolled = {by: roll_up(one, by) for by in ("gene", "kind")}
        rolled |= {by: roll_up(one, PATHWAY, genes) for by, genes in self.sets.items()}
        return MethodTold(
            method=one.method,
            scale=one.scale,
            baseline=one.baseline,
            baseline_value=one.baseline_value,
            value=one.value,
            gap=one.completeness_gap,
            units=units,
            rolled=rolled | {COVARIATES: roll_covariates(units)},
            agreement="" if shapley in (None, one) else agreement(one, shapley).sentence,
        )

    def _target(self, tokens: TumorTokens, asked: Asked) -> Target:
        from engine.explaining.targets import (
            for_head,
            for_own_head,
            for_position,
            for_region,
            for_risk,
        )

        predictor, reference = self.placer.predictor, self.placer.map.reference
        if asked.task == MAP and asked.name in (ACROSS, UPWARD):
            return for_position(reference, asked.name)
        if asked.task == MAP and asked.name == NEAR:
            near = reference.vectors[self._nearest(tokens)]
            return for_region(near, "nearest tumors", against=reference.vectors)
        risk = predictor.risk if predictor else None
        if asked.task == RISK and risk is not None and asked.class_name in risk.types:
            return for_risk(risk, risk.types.index(asked.class_name))
        if asked.task in self.shipped:
            return for_head(self.shipped[asked.task], asked.class_name)
        own = self.own.get(asked.task)
        if own is not None and asked == self.asked(own.task, asked.name):
            assert self.placer.own is not None  # the head is one of them
            return for_own_head(own, self.placer.own.directions, asked.name)
        known = ", ".join([*self.shipped, *self.own, RISK, MAP])
        raise ExplainError(
            f"{asked.task!r} cannot be explained: the model tells {known}, or the head was trained "
            "again since. Look at the tumor again."
        )

    def _nearest(self, tokens: TumorTokens) -> list[int]:
        """Rows of the map that are nearest to a tumor, without the tumor itself."""
        from engine.placement import place

        encoder, reference = self.placer.encoder, self.placer.map.reference
        placement = place(encoder.embed(tokens), reference)
        rows = zip(placement.neighbors[0].tolist(), placement.distances[0].tolist(), strict=True)
        others = [(row, distance) for row, distance in rows]
        if others and others[0][1] < SAME:
            others = others[1:]
        return [row for row, _ in others]


def explain_apart(home: Path, tokens: TumorTokens, asked: Asked, progress: Progress) -> Explanation:
    """Explain a tumor with a model loaded for it: what a child process is asked for.

    Args:
        home: The TumorXY home; nothing is written there.
        tokens: One tumor.
        asked: The number.
        progress: Told how far the work is.
    """
    from dashboard.service import Service

    progress("Loading the model", 0, 1)
    return Explainer.of(Service(home).placer()).explain(tokens, asked, progress)


def _shapley(game: TumorGame, progress: Progress) -> Attribution:
    from engine.explaining.shapley import NUM_PERMUTATIONS, shapley_values

    number = FEW_PERMUTATIONS if len(game.units) > MANY_UNITS else NUM_PERMUTATIONS
    return shapley_values(game, num_permutations=number, progress=_staged(progress, 0))


STAGES = ("Explaining by orders", "Explaining by leaving out", "Explaining by pairs")


def _staged(progress: Progress, number: int) -> Progress:
    def told(stage: str, done: int, total: int) -> None:
        progress(STAGES[number], done, total)

    return told


def tables_of_sample(reader: Reader, study_id: str, sample_id: str) -> Tables:
    """Read what tokenizing needs of one stored tumor.

    Raises:
        StudyNotFoundError: If the study is not in the store.
        ExplainError: If the study has no such tumor.
    """
    from engine.tokens import Tables

    study = choose_studies(reader, [study_id])[0]
    samples = reader.samples([study_id])
    one = samples.filter(pc.equal(samples["sample_id"], sample_id))
    if not one.num_rows:
        raise ExplainError(
            f"The study {study_id} has no tumor {sample_id!r}. Look for its name on the Map page."
        )
    return Tables(
        genome=study["genome"],
        samples=one,
        alterations=reader.alterations([study_id], sample_id=sample_id),
        panels=reader.panels([study_id]),
    )


def tables_of_upload(cohort: Cohort, sample_id: str) -> Tables:
    """Take one tumor out of a file that was read."""
    from engine.tokens import Tables

    samples, alterations = cohort.samples, cohort.alterations
    return Tables(
        genome=cohort.study.genome,
        samples=samples.filter(pc.equal(samples["sample_id"], sample_id)),
        alterations=alterations.filter(pc.equal(alterations["sample_id"], sample_id)),
        panels=cohort.panels,
    )
