from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from engine import synthetic_statistics as names
from engine.cohort import Cohort
from engine.genes import GeneTable
from engine.kinds import ALTERING_KINDS, COPY_NUMBER_KINDS, MUTATION_KINDS, Kind
from engine.synthetic import CANCER_GENES, EXOME, sample_cohort
from engine.synthetic_statistics import Group, Statistics

ALTERING_MUTATIONS = [kind for kind in MUTATION_KINDS if kind is not Kind.PROMOTER]
FARTHEST = 5.0
"""Standard deviations: among about 3,000 frequencies, one beyond is expected in 600 runs."""


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return sample_cohort()


@pytest.fixture(scope="module")
def statistics() -> Statistics:
    return Statistics.load()


@pytest.fixture(scope="module")
def alterations(cohort: Cohort) -> pd.DataFrame:
    frame: pd.DataFrame = cohort.alterations.to_pandas()
    return frame


@pytest.fixture(scope="module")
def samples(cohort: Cohort) -> pd.DataFrame:
    frame: pd.DataFrame = cohort.samples.to_pandas()
    return frame.set_index("sample_id")


@pytest.fixture(scope="module")
def clinical(cohort: Cohort) -> pd.DataFrame:
    values = cohort.clinical.to_pandas()
    return values.pivot_table(index="sample_id", columns="attribute", values="value", aggfunc="sum")


@pytest.fixture(scope="module")
def panels(cohort: Cohort) -> dict[str, frozenset[str]]:
    table = cohort.panels.to_pandas()
    return table.groupby("panel_id")["hugo_symbol"].agg(frozenset).to_dict()


@pytest.fixture(scope="module")
def groups(clinical: pd.DataFrame) -> pd.Series:
    """Each tumor's group, by sample id."""
    pairs = zip(clinical["TCGA_STUDY"], clinical["SUBTYPE"].fillna(""), strict=True)
    values = [Group(t, s.removeprefix(f"{t} ")) for t, s in pairs]
    return pd.Series(values, index=clinical.index, dtype=object)


@pytest.fixture(scope="module")
def mutated(
    alterations: pd.DataFrame, samples: pd.DataFrame, statistics: Statistics
) -> pd.DataFrame:
    """Tumors x genes with a frequency: whether the gene carries an altering mutation."""
    genes = {row.hugo_symbol for row in statistics.rows(names.MUTATED)}
    rows = alterations[alterations["hugo_symbol"].isin(genes)]
    return altered(rows, ALTERING_MUTATIONS, samples.index)


def altered(frame: pd.DataFrame, kinds: Sequence[Kind], ids: pd.Index) -> pd.DataFrame:
    """Tumors x genes: whether the gene has one of these kinds."""
    rows = frame[frame["kind"].isin(kinds)]
    return pd.crosstab(rows["sample_id"], rows["hugo_symbol"]).reindex(ids, fill_value=0) > 0


def log_odds(first: pd.Series, second: pd.Series) -> float:
    """Log odds ratio of two yes/no columns, half a tumor added to each cell."""
    both, neither = (first & second).sum() + 0.5, (~first & ~second).sum() + 0.5
    only, other = (first & ~second).sum() + 0.5, (~first & second).sum() + 0.5
    return float(np.log(both * neither / (only * other)))


def test_the_cohort_says_that_it_is_synthetic(cohort: Cohort) -> None:
    assert cohort.study.study_id == "synthetic_demo"
    assert "Synthetic" in cohort.study.name
    assert cohort.study.synthetic
    assert cohort.study.genome == "GRCh37"
    assert "synthetic" in cohort.notes[0]
    assert all("Synthetic" in text for text in cohort.attributes["description"].to_pylist())


def test_the_cohort_has_the_size_and_types_asked_for(
    cohort: Cohort, samples: pd.DataFrame, groups: pd.Series, statistics: Statistics
) -> None:
    assert cohort.samples.num_rows == 3600
    assert list(samples.index[:2]) == ["SYN-0001", "SYN-0002"]
    assert samples.index.is_monotonic_increasing
    assert samples.index.is_unique
    sizes = pd.Series({group: row.value for group, row in statistics.groups.items()})
    expected = sizes / sizes.sum() * 3600
    counts = groups.value_counts()
    assert all(abs(counts.get(group, 0) - size) <= 1 for group, size in expected.items())
    assert groups.map(lambda group: group.cancer_type).nunique() >= 16


def test_the_same_arguments_give_the_same_cohort() -> None:
    first, again, other = (sample_cohort(num_tumors=60, seed=s) for s in (3, 3, 4))
    for table in ("samples", "alterations", "panels", "clinical", "attributes"):
        assert getattr(first, table).equals(getattr(again, table))
    assert first.source_digest == again.source_digest
    assert not first.alterations.equals(other.alterations)
    assert first.source_digest != other.source_digest


def test_one_tumor_can_be_asked_for_and_none_cannot() -> None:
    assert sample_cohort(num_tumors=1).samples.num_rows == 1
    with pytest.raises(ValueError, match=r"0 tumors were asked for\. Ask for at least 1"):
        sample_cohort(num_tumors=0)


def test_nothing_lies_outside_the_panel_of_its_tumor(
    alterations: pd.DataFrame, samples: pd.DataFrame, panels: dict[str, frozenset[str]]
) -> None:
    is_copy_number = ~alterations["kind"].isin([*MUTATION_KINDS, Kind.SILENT])
    column = np.where(is_copy_number, "cna_panel", "mutation_panel")
    for name, rows in alterations.groupby(column):
        of_tumor = samples[name].loc[rows["sample_id"]]
        pairs = zip(of_tumor, rows["hugo_symbol"], strict=True)
        assert all(symbol in panels[panel] for panel, symbol in pairs)


def test_panels_are_real_and_some_tumors_lack_copy_number(
    samples: pd.DataFrame, panels: dict[str, frozenset[str]]
) -> None:
    public = GeneTable.load().panels()
    assert set(panels) == {"IMPACT341", "IMPACT410", "IMPACT468", CANCER_GENES, EXOME}
    assert all(panels[p] == public[p] for p in panels if p.startswith("IMPACT"))
    assert len(panels[EXOME]) > 18_000
    assert samples["mutation_panel"].notna().all()
    assert 0.1 < samples["cna_panel"].isna().mean() < 0.3
    assert samples["fusion_panel"].isna().all()
    assert (samples["cna_levels"].isna() == samples["cna_panel"].isna()).all()


def test_single_copy_calls_only_where_five_levels_are_reported(
    alterations: pd.DataFrame, samples: pd.DataFrame
) -> None:
    single = alterations["kind"].isin([Kind.GAIN, Kind.SHALLOW_DELETION])
    tumors = alterations.loc[single, "sample_id"].unique()
    assert set(samples.loc[tumors, "cna_levels"]) == {5}
    deep = alterations.loc[alterations["kind"].isin(COPY_NUMBER_KINDS), "sample_id"].unique()
    assert set(samples.loc[deep, "cna_levels"]) == {3, 5}


def test_gene_frequencies_follow_the_statistics(
    mutated: pd.DataFrame,
    samples: pd.DataFrame,
    panels: dict[str, frozenset[str]],
    groups: pd.Series,
    statistics: Statistics,
) -> None:
    members = {group: groups.index[groups == group] for group in statistics.groups}
    distances = []
    for row in statistics.rows(names.MUTATED):
        if row.subtype is None:
            continue
        ids = members[row.cancer_type, row.subtype]
        ids = ids[[row.hugo_symbol in panels[panel] for panel in samples["mutation_panel"][ids]]]
        spread = np.sqrt(len(ids) * row.value * (1 - row.value))
        if spread > 1 and row.hugo_symbol in mutated:
            count = mutated.loc[ids, row.hugo_symbol].sum()
            distances.append((count - len(ids) * row.value) / spread)
    assert len(distances) > 500
    assert np.abs(distances).max() < FARTHEST
    assert np.std(distances) == pytest.approx(1.0, abs=0.1)
    assert np.mean(distances) == pytest.approx(0.0, abs=0.15)


@pytest.mark.parametrize(
    ("kind", "statistic"),
    [(Kind.AMPLIFICATION, names.AMPLIFIED), (Kind.DEEP_DELETION, names.DEEPLY_DELETED)],
)
def test_deep_copy_number_calls_follow_the_statistics(
    kind: Kind,
    statistic: str,
    alterations: pd.DataFrame,
    samples: pd.DataFrame,
    groups: pd.Series,
    statistics: Statistics,
) -> None:
    called = altered(alterations, [kind], samples.index)
    whole = samples["cna_panel"] == CANCER_GENES
    for row in statistics.rows(statistic):
        if row.subtype is not None and row.value > 0.2:
            ids = groups.index[(groups == Group(row.cancer_type, row.subtype)) & whole]
            spread = np.sqrt(len(ids) * row.value * (1 - row.value))
            count = called.loc[ids, row.hugo_symbol].sum() if row.hugo_symbol in called else 0
            assert abs(count - len(ids) * row.value) < FARTHEST * spread + 1, row


@pytest.mark.parametrize(
    ("cancer_type", "first", "second"),
    [
        ("LUAD", "KRAS", "STK11"),
        ("LUAD", "KEAP1", "STK11"),
        ("LUAD", "EGFR", "KRAS"),
        ("BRCA", "PIK3CA", "TP53"),
        ("SKCM", "BRAF", "NRAS"),
        ("COADREAD", "BRAF", "KRAS"),
        ("LGG", "ATRX", "TP53"),
    ],
)
def test_pairs_of_genes_follow_the_statistics(
    cancer_type: str,
    first: str,
    second: str,
    mutated: pd.DataFrame,
    clinical: pd.DataFrame,
    statistics: Statistics,
) -> None:
    (known,) = (
        row.value
        for row in statistics.rows(names.PAIR_LOG_ODDS)
        if (row.cancer_type, row.hugo_symbol, row.detail) == (cancer_type, first, second)
    )
    ids = clinical.index[clinical["TCGA_STUDY"] == cancer_type]
    first_mutated, second_mutated = mutated.loc[ids, first], mutated.loc[ids, second]
    assert np.sign(log_odds(first_mutated, second_mutated)) == np.sign(known)
    assert abs(known) > 0.5


def test_subtypes_look_like_themselves(
    alterations: pd.DataFrame,
    mutated: pd.DataFrame,
    samples: pd.DataFrame,
    clinical: pd.DataFrame,
) -> None:
    shares = mutated[["TP53", "CDH1"]].groupby(clinical["PAM50_SUBTYPE"]).mean()
    assert shares.loc["Basal", "TP53"] > 0.7 > 0.25 > shares.loc["LumA", "TP53"]
    assert shares.loc["LumA", "CDH1"] > shares.loc["Basal", "CDH1"]
    tmb = clinical["TMB_NONSYNONYMOUS"].astype(float).groupby(clinical["MSI_STATUS"]).median()
    assert tmb["MSI-high"] > 5 * tmb["MSS"]
    five = samples.index[samples["cna_levels"] == 5]
    codel = five.intersection(clinical.index[clinical["SUBTYPE"] == "LGG IDHmut-codel"])
    lost = altered(alterations, [Kind.SHALLOW_DELETION], codel)
    assert lost["NRAS"].mean() > 0.9  # 1p
    assert lost["CIC"].mean() > 0.9  # 19q


def test_clinical_attributes_are_complete_and_plausible(
    cohort: Cohort, clinical: pd.DataFrame, samples: pd.DataFrame
) -> None:
    assert set(clinical.columns) == set(cohort.attributes["attribute"].to_pylist())
    always = ["CANCER_TYPE", "TCGA_STUDY", "TMB_NONSYNONYMOUS", "SEX", "AGE", "OS_MONTHS"]
    assert clinical[[*always, "OS_STATUS"]].notna().all(axis=None)
    assert (clinical["CANCER_TYPE"] == samples["cancer_type"]).all()
    assert clinical["AGE"].astype(int).between(18, 89).all()
    assert (clinical["OS_MONTHS"].astype(float) > 0).all()
    assert set(clinical["OS_STATUS"]) == {"0:LIVING", "1:DECEASED"}
    assert set(clinical.loc[clinical["TCGA_STUDY"] == "PRAD", "SEX"]) == {"Male"}
    assert set(clinical.loc[clinical["TCGA_STUDY"] == "OV", "SEX"]) == {"Female"}
    altered_share = clinical["FRACTION_GENOME_ALTERED"]
    assert (altered_share.isna() == samples["cna_panel"].isna()).all()
    assert altered_share.dropna().astype(float).between(0, 1).all()
    died = clinical["OS_STATUS"].str.startswith("1").groupby(clinical["TCGA_STUDY"]).mean()
    assert died["GBM"] > 0.5 > 0.2 > died["THCA"]


def test_mutations_have_consistent_details(alterations: pd.DataFrame) -> None:
    calls = alterations[
        ~alterations["kind"].isin([*COPY_NUMBER_KINDS, Kind.GAIN, Kind.SHALLOW_DELETION])
    ]
    assert calls["chromosome"].notna().all()
    assert calls["vaf"].between(0, 1).all()
    lengths = calls["tumor_allele"].str.replace("-", "").str.len()
    lengths -= calls["reference_allele"].str.replace("-", "").str.len()
    assert (lengths == calls["indel_length"]).all()
    assert (calls["reference_allele"] != calls["tumor_allele"]).all()
    in_frame = calls["variant_classification"].str.startswith("In_Frame")
    assert (calls.loc[in_frame, "indel_length"] % 3 == 0).all()
    residues = calls["protein_change"].str.extract(r"(\d+)")[0].astype(float)
    agree = residues.isna() | (residues == calls["protein_position"])
    assert agree.all()
    assert (calls["protein_position"].isna() == (calls["kind"] == Kind.PROMOTER)).all()


def test_mutations_lie_in_their_genes(alterations: pd.DataFrame) -> None:
    calls = alterations[alterations["start_position"].notna()]
    calls = calls[calls["kind"] != Kind.PROMOTER]
    spans = GeneTable.load().frame.loc[calls["hugo_symbol"]]
    assert (spans["chromosome"].to_numpy() == calls["chromosome"].to_numpy()).all()
    position = calls["start_position"].to_numpy()
    inside = (spans["start_37"].to_numpy() <= position) & (position <= spans["end_37"].to_numpy())
    recurrent = calls["protein_change"].isin(["p.G12C", "p.V600E"])
    assert inside.mean() > 0.999
    assert recurrent.sum() > 20


def test_recurrent_mutations_have_their_true_alleles(alterations: pd.DataFrame) -> None:
    frame = alterations[alterations["protein_change"] == "p.V600E"]
    braf = frame[frame["hugo_symbol"] == "BRAF"]
    assert len(braf) > 50
    assert set(braf["start_position"]) == {140453136}
    assert set(braf["reference_allele"] + braf["tumor_allele"]) == {"AT"}
    promoters = alterations[alterations["kind"] == Kind.PROMOTER]
    assert set(promoters["hugo_symbol"]) == {"TERT"}
    assert 1295228 in set(promoters["start_position"])


def test_every_kind_but_fusion_occurs(alterations: pd.DataFrame) -> None:
    expected = {*ALTERING_KINDS, Kind.SILENT, Kind.GAIN, Kind.SHALLOW_DELETION}
    assert set(alterations["kind"]) == expected - {Kind.FUSION, Kind.UNKNOWN}


def test_a_gene_has_one_mutation_per_tumor_and_kind(alterations: pd.DataFrame) -> None:
    genes = alterations[alterations["kind"].isin(ALTERING_MUTATIONS)]
    assert not genes.duplicated(["sample_id", "hugo_symbol"]).any()


def test_identifiers_are_synthetic(cohort: Cohort) -> None:
    ids = cohort.samples["sample_id"].to_pylist() + cohort.samples["patient_id"].to_pylist()
    assert all(re.fullmatch(r"SYN-\d{4}", value) for value in ids)
    assert set(cohort.alterations["sample_id"].to_pylist()) <= set(ids)
    assert set(cohort.clinical["sample_id"].to_pylist()) <= set(ids)
    assert isinstance(cohort.alterations, pa.Table)
