from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.embed import Encoder
from engine.errors import TrainingError, WeightsError
from engine.evaluation.cohort import EvaluationCohort
from engine.kinds import Kind
from engine.ood import (
    FLAGGED_ABOVE,
    OOD,
    OOD_CARD,
    OodDetector,
    combine,
    copy_number_coherence,
    log_tail,
    quantiles_by_stratum,
    share_below,
)
from engine.readout import Readout
from engine.tokens import tokenize
from engine.training.fit_ood import add_detector, fit_detector, read_tumors
from engine.training.shuffle import shuffle_genes
from engine.training.split import TEST, VALIDATION
from tests.engine.cohorts import alteration, tables, vocabulary
from tests.engine.evaluation.small import small_cohort, small_model


@pytest.fixture(scope="module")
def cohort() -> EvaluationCohort:
    return small_cohort(640)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, cohort: EvaluationCohort) -> Path:
    directory = tmp_path_factory.mktemp("model")
    small_model(directory, cohort)
    types = [str(name) for name in cohort.cancer_types]
    add_detector(directory, cohort.tokens, types, cohort.parts)
    return directory


@pytest.fixture(scope="module")
def encoder(folder: Path) -> Encoder:
    return Encoder.load(folder)


@pytest.fixture(scope="module")
def detector(encoder: Encoder) -> OodDetector:
    found = OodDetector.parse(encoder.contents)
    assert found is not None
    return found


def test_at_most_one_in_twenty_validation_tumors_is_flagged(
    encoder: Encoder, detector: OodDetector, cohort: EvaluationCohort
) -> None:
    tokens = cohort.tokens.take(np.flatnonzero(cohort.parts == VALIDATION))
    told = detector.score(tokens, encoder.read(tokens))
    assert told.out_of_distribution.mean() <= 0.05
    assert ((told.scores >= 0) & (told.scores <= 1)).all()
    np.testing.assert_array_equal(told.out_of_distribution, told.scores > FLAGGED_ABOVE)


def test_shuffled_tumors_are_stranger(
    encoder: Encoder, detector: OodDetector, cohort: EvaluationCohort
) -> None:
    rows = np.flatnonzero((cohort.parts == TEST) & (cohort.tokens.lengths > 0))
    tokens = cohort.tokens.take(rows)
    nonsense = shuffle_genes(tokens, encoder.vocabulary, 3)
    before, after = (detector.score(t, encoder.read(t)).scores for t in (tokens, nonsense))
    assert (after > before).mean() > 0.7


def test_a_tumor_alone_scores_as_in_a_batch(
    encoder: Encoder, detector: OodDetector, cohort: EvaluationCohort
) -> None:
    tokens = cohort.tokens.take(np.arange(40))
    together = detector.score(tokens, encoder.read(tokens)).scores
    one = tokens.take(np.array([7]))
    alone = detector.score(one, encoder.read(one)).scores
    np.testing.assert_allclose(alone[0], together[7], atol=0.02)


def test_no_tumors(encoder: Encoder, detector: OodDetector, cohort: EvaluationCohort) -> None:
    nobody = cohort.tokens.take(np.array([], dtype=np.int64))
    assert detector.score(nobody, encoder.read(nobody)).scores.shape == (0,)


def test_nobodys_row_ships(detector: OodDetector, cohort: EvaluationCohort) -> None:
    arrays = [detector.patterns.frequencies, detector.space.means, detector.strangeness]
    assert all(len(array) < 20 for array in arrays)
    assert detector.card["num_training"] > 300


def test_the_score_is_in_the_digest_of_the_model(folder: Path, encoder: Encoder) -> None:
    assert {OOD, OOD_CARD} <= set(encoder.contents)
    assert OodDetector.parse({}) is None
    with pytest.raises(WeightsError, match="out-of-distribution score of the model cannot be read"):
        OodDetector.parse({**encoder.contents, OOD: b"damaged"})


def test_features_of_another_encoder_are_refused(
    detector: OodDetector, cohort: EvaluationCohort
) -> None:
    narrow = np.ones((3, 5), dtype=np.float32)
    readout = Readout(embeddings=narrow, frozen=narrow, adapted=narrow)
    with pytest.raises(WeightsError, match=r"Found features of shape \(3, 5\)"):
        detector.score(cohort.tokens.take(np.arange(3)), readout)


def test_few_validation_tumors_are_refused(encoder: Encoder, cohort: EvaluationCohort) -> None:
    types = [str(name) for name in cohort.cancer_types]
    some = read_tumors(encoder, cohort.tokens, types, np.arange(200))
    few = read_tumors(encoder, cohort.tokens, types, np.arange(20))
    with pytest.raises(TrainingError, match="Found 20 validation tumors"):
        fit_detector(encoder, some, few)


def test_coherence_is_high_for_an_arm_and_low_for_scattered_genes() -> None:
    words = vocabulary()
    ordered = [gene for gene in words.genes if words.chromosomes[words.index[gene]] in ("1", "2")]
    samples = ["arm", "scattered", "flat", "unknown"]
    rows = [alteration("arm", gene, Kind.GAIN) for gene in ordered[:40]]
    rows += [alteration("scattered", gene, Kind.GAIN) for gene in ordered[:80:2]]
    study = tables(samples, rows, panel=ordered[:80])
    told = copy_number_coherence(tokenize(study, words))
    assert told[0] > 0.9
    assert told[1] < -0.9
    assert np.isnan(told[2:]).all()


def test_shares_and_tails_follow_the_stratum() -> None:
    values = np.concatenate([np.arange(100.0), np.arange(100.0) + 1000])
    stratum = np.repeat([0, 1], 100)
    quantiles = quantiles_by_stratum(values, stratum)
    asked, where = np.array([50.0, 50.0, 1050.0, 5000.0]), np.array([0, 1, 1, 1])
    assert share_below(asked, quantiles, where) == pytest.approx([0.5, 0, 0.5, 1], abs=0.02)
    assert log_tail(asked, quantiles, where)[3] == pytest.approx(np.log(1001))


def test_a_stratum_without_tumors_is_given_all() -> None:
    quantiles = quantiles_by_stratum(np.arange(10.0), np.zeros(10, dtype=np.int64))
    np.testing.assert_array_equal(quantiles[0], quantiles[1])


def test_the_rule_flags_at_most_one_in_twenty_of_new_tumors_like_the_reference() -> None:
    def drawn(seed: int, num: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        generator = np.random.default_rng(seed)
        return generator.normal(size=num), generator.exponential(size=num), np.arange(num) % 2

    def together(tables: tuple[np.ndarray, np.ndarray], *values: np.ndarray) -> np.ndarray:
        nonsense, undecided, stratum = values
        tails = (log_tail(nonsense, tables[0], stratum), log_tail(undecided, tables[1], stratum))
        return combine(*tails, stratum)

    nonsense, undecided, stratum = reference = drawn(0, 8000)
    tables = (quantiles_by_stratum(nonsense, stratum), quantiles_by_stratum(undecided, stratum))
    strangeness = quantiles_by_stratum(together(tables, *reference), stratum)
    new = drawn(1, 8000)
    flagged = share_below(together(tables, *new), strangeness, new[2]) > FLAGGED_ABOVE
    for number in (0, 1):
        assert flagged[new[2] == number].mean() == pytest.approx(0.045, abs=0.01)
    assert flagged.mean() <= 0.05


def test_the_stranger_of_two_measures_counts_and_only_where_copy_number_is_graded() -> None:
    found = combine(np.array([1.0, 1.0, 3.0]), np.array([2.0, 2.0, 2.0]), np.array([0, 1, 1]))
    assert found == pytest.approx([1.001, 2.003, 3.005])
