"""Is a neighborhood explained by the study or the panel that the tumors come from?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.type_names import common_type

EXPLAINED_BELOW = 0.01
"""Largest p-value, corrected for the sources tried, at which a neighborhood counts as explained."""

LEAST_TIMES = 1.25
"""Least ratio of the neighbors from a source to those expected: among many tumors a smaller one is
certain, and too small to mislead."""


@dataclass(frozen=True, kw_only=True)
class StudyEffect:
    """One source that is more frequent among the neighbors than their types explain.

    Args:
        kind: `study` or `panel`.
        source: Its name.
        num_near: Neighbors from it.
        num_neighbors: Neighbors.
        expected: Neighbors from it if only their types counted.
        p_value: Probability of as many or more by chance, times the number of sources tried.
    """

    kind: str
    source: str
    num_near: int
    num_neighbors: int
    expected: float
    p_value: float

    @property
    def is_explaining(self) -> bool:
        """Whether the source explains the neighborhood: surely, and by enough to matter."""
        is_large = self.num_near >= LEAST_TIMES * self.expected
        return is_large and self.p_value < EXPLAINED_BELOW


@dataclass(frozen=True, kw_only=True)
class SourceShares:
    """Which share of each cancer type on the map comes from which source.

    Args:
        kind: `study` or `panel`.
        by_type: By cancer type as `common_type` names it, by source, its share, sum 1.
    """

    kind: str
    by_type: Mapping[str, Mapping[str, float]]

    @classmethod
    def count(
        cls, kind: str, cancer_types: Sequence[str | None], sources: Sequence[str]
    ) -> SourceShares:
        """Count the tumors of a map.

        Args:
            kind: `study` or `panel`.
            cancer_types: Stated type of each tumor of the map, N.
            sources: Study or panel of each.
        """
        named = {stated: common_type(stated) for stated in set(cancer_types)}
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for stated, source in zip(cancer_types, sources, strict=True):
            counts[named[stated]][source] += 1
        return cls(
            kind=kind,
            by_type={
                name: {source: n / of_type.total() for source, n in of_type.items()}
                for name, of_type in counts.items()
            },
        )

    def explain(
        self, cancer_types: Sequence[str | None], sources: Sequence[str]
    ) -> StudyEffect | None:
        """Find the source that is most surprisingly frequent among neighbors.

        Each neighbor is taken for a draw among the tumors of its own type on the map, so what the
        types explain is no surprise; a type of which one source has all tumors tells nothing.

        Args:
            cancer_types: Stated types of the neighbors, K.
            sources: Study or panel of each.

        Returns:
            The source with the least p-value; None where nothing could be surprising: no
            neighbor, or one source on the whole map.
        """
        shares = [self.by_type.get(common_type(stated), {}) for stated in cancer_types]
        tried = sorted({source for of_type in self.by_type.values() for source in of_type})
        if not sources or len(tried) < 2:
            return None
        effects = [
            self._effect(source, [of_type.get(source, 0.0) for of_type in shares], sources, tried)
            for source in sorted(set(sources))
        ]
        return min(effects, key=lambda effect: effect.p_value)

    def _effect(
        self, source: str, shares: list[float], sources: Sequence[str], tried: list[str]
    ) -> StudyEffect:
        found = sum(name == source for name in sources)
        tail = float(count_distribution(shares)[found:].sum())
        return StudyEffect(
            kind=self.kind,
            source=source,
            num_near=found,
            num_neighbors=len(sources),
            expected=sum(shares),
            p_value=min(tail * len(tried), 1.0),
        )


def count_distribution(shares: Iterable[float]) -> NDArray[np.float64]:
    """Tell how likely each number of successes is in draws of unequal chances.

    Args:
        shares: Chance of success of each of K draws.

    Returns:
        Probabilities of 0 to K successes, (K + 1,), sum 1: the Poisson binomial distribution.
    """
    distribution = np.ones(1)
    for share in shares:
        distribution = np.convolve(distribution, [1 - share, share])
    return distribution
