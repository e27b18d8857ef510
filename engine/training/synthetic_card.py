"""The card of the synthetic cohort's statistics.

Used by `engine.training.derive_synthetic` only.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from engine import synthetic_statistics as names
from engine.synthetic_statistics import MIN_COUNT

CARD = """# What the synthetic cohort is drawn from

`synthetic.parquet` holds {rows:,} aggregate statistics. `engine.synthetic` draws a cohort of
invented tumors from them: no row of it describes a patient. Built by
`python -m engine.training.derive_synthetic DATA_ROOT`.

## Sources

| Study | Tumors used | For |
|---|---|---|
| tcga_pancan: TCGA PanCancer Atlas and MC3, by KatherLab/cancer-metadata \
@ d77b1bae2549a8a312681c7e3e41c0fd954481cd (MIT), PoisonAlien/TCGAmutations \
@ 3474e3412cfa1490db4a84db57e4a732480990a9 (MIT) and BioinformaticsFMRP/TCGAbiolinks \
@ f43e902d183671b165ff1eec94271c7e9b9719c9 (GPL-3 package); TCGA open access, ODbL | {tumors:,} | \
everything but the next row |
| msk_met_2021: caravagnalab/INCOMMON @ f6f5093e7a41097d8da4dc3d9622d73f35678c6a (GPL-3 package; \
cBioPortal, ODbL) | by type | allele fractions, panel shares, promoters; pairs and hotspots with \
the first |

Only counts, shares, quantiles and fitted parameters were taken over.

## The rule of {min_count} tumors

- No statistic rests on fewer than {min_count} tumors, and no frequency on fewer than {min_count}
  tumors that have the feature. The script stops when one does; a test checks the file.
- A gene altered in fewer tumors of a group is counted in the pool of those groups of the same type;
  where that is still too few, in the pool over all types; mutations then become a rate per
  mutation and megabase, and genes too rare even so share one rate.
- Quantiles have at least {min_count} tumors between two of them; minimum and maximum are never
  written.
- Two genes found together in fewer than {min_count} tumors count as {floor} together, so their log
  odds is a bound; pairs for which that bound is not below chance are left out.
- A sex with fewer than {min_count} patients of a type counts as none.
- {num_groups} groups of {num_types} types. In types that have subtypes, tumors without a label are
  left out unless there are 80 of them, and subtypes of fewer than {min_count} tumors are left out.

## Statistics

| Statistic | Rows | Fewest tumors | Fewest with the feature |
|---|---|---|---|
{statistics}

- A null subtype pools groups of the type, a null cancer type pools types.
- `TMB correlation`: biserial, with the normal score of the TMB rank in the group.
- `pair log odds`: Mantel-Haenszel over subtype, study and fifths of TMB, for the pairs of a type
  that are at least 3.3 standard deviations from chance, at most 60 of the 40 genes mutated most.
- `hotspot`: a protein change of at least {min_count} tumors, with the GRCh37 position and alleles
  that most of them have.
- `TMB quantile`, `substitution`: a null subtype is the whole type here, for groups too small.
- `classification`: over all genes, and for genes with two or more frequent classes.
- `survival`: Weibull laws of death and of the end of follow-up, maximum likelihood.

## What it does not hold

No fusions (neither study has them), no promoter mutations of gliomas (not in the panel study), no
signatures beyond the six substitution classes, no link between copy number and mutations beyond
what type and subtype give, no link between outcome and alterations within a subtype.
"""


def write_card(table: pa.Table) -> str:
    """Fill the card with the counts of the table."""
    groups = table.filter(pc.equal(table["statistic"], names.GROUP))
    counts = table.group_by("statistic").aggregate(
        [("value", "count"), ("num_tumors", "min"), ("num_positive", "min")]
    )
    lines = [
        f"| {r['statistic']} | {r['value_count']:,} | {r['num_tumors_min']:,} | "
        f"{r['num_positive_min'] or 'not a frequency'} |"
        for r in counts.sort_by("statistic").to_pylist()
    ]
    return CARD.format(
        rows=table.num_rows,
        tumors=int(pc.sum(groups["value"]).as_py()),
        min_count=MIN_COUNT,
        floor=MIN_COUNT - 1,
        num_groups=groups.num_rows,
        num_types=pc.count_distinct(groups["cancer_type"]).as_py(),
        statistics="\n".join(lines),
    )
