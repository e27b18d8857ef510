"""`tumorxy pairs`: which genes are mutated together over the stored tumors, and which never."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dashboard.console import Voice
from dashboard.formatting import p_value, q_value, ratio
from dashboard.settings import Settings
from dashboard.tables import RESEARCH_USE
from dashboard.theme import SYNTHETIC_NOTE

if TYPE_CHECKING:
    from dashboard.cohort_pairs import PairsTold
    from engine.epidemiology.associations import Estimate

COLUMNS = ("Pair", "n", "Both", "First", "Second", "Neither", "Crude", "Adjusted", "p", "q")
READ_AS = (
    "n: tumors profiled for both, one of each patient. Odds ratios with 95% intervals; above 1 is "
    "together more often than apart. Adjusted: within study, tumor type, panel and the number of "
    "other mutated genes. It describes; it does not say why."
)


def pairs(
    genes: Annotated[list[str], typer.Argument(metavar="GENE GENE ...", help="2 to 40 genes.")],
    *,
    cancer_type: Annotated[
        str | None, typer.Option("--type", metavar="TYPE", help="Cancer type, or OncoTree code.")
    ] = None,
    study: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Study; may be repeated. All when none.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON document on stdout, and nothing else there.")
    ] = False,
) -> None:
    """Tell which genes are mutated together more often than by chance, and which never are."""
    from cache.store import Store
    from dashboard.cohort_pairs import PairsAsked, count_pairs

    voice = Voice(json=json)
    asked = PairsAsked(genes=genes, cancer_type=cancer_type, study_ids=study)
    with voice.progress() as progress:
        told = count_pairs(Store(Settings.from_environment().home), asked, progress)
    pairs = [{"num_profiled": record.num_profiled, "pair": record} for record in told.pairs]
    document = {"synthetic": told.synthetic, "pairs": pairs}
    voice.show(document, lambda console: draw_pairs(console, told))


def draw_pairs(console: Console, told: PairsTold) -> None:
    """Draw a table of pairs."""
    table = Table(*COLUMNS)
    for record in told.pairs:
        best = record.within_burden
        counts = (record.num_profiled, record.both, record.first_only, record.second_only)
        table.add_row(
            Text(f"{record.first.name} and {record.second.name}"),
            *(f"{number:,}" for number in (*counts, record.neither)),
            _told(record.crude),
            _told(best),
            p_value(best.p_value),
            q_value(best.q_value),
        )
    console.print(table)
    if told.synthetic:
        console.print(Text(SYNTHETIC_NOTE))
    console.print(Text(f"{READ_AS} {RESEARCH_USE}"))


def _told(estimate: Estimate) -> str:
    return ratio(estimate.odds_ratio, estimate.lower, estimate.upper)
