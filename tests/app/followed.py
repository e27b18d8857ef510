"""Drawn cohorts with follow-up, in which patients with mutated KRAS die sooner."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from engine.cohort import CLINICAL
from tests.app.small_home import Cohort


def follow(cohort: Cohort) -> Cohort:
    """Add overall survival, sample type, purity and response; mutated KRAS shortens survival."""
    rng = np.random.default_rng(8)
    mutated = {
        row["sample_id"]
        for row in cohort.tables["alterations"].to_pylist()
        if row["hugo_symbol"] == "KRAS" and row["kind"] in ("missense", "truncating", "splice")
    }
    rows = cohort.tables["clinical"].to_pylist()
    for name in cohort.sample_ids:
        died = rng.exponential(6 if name in mutated else 40)
        seen = rng.uniform(12, 80)
        values = {
            "OS_MONTHS": f"{min(died, seen):.2f}",
            "OS_STATUS": "1:DECEASED" if died < seen else "0:LIVING",
            "SAMPLE_TYPE": "Metastasis" if name in mutated else "Primary",
            "TUMOR_PURITY": str(int(rng.integers(20, 90))),
            "RESPONSE": "R" if rng.random() < 0.4 else "NR",
        }
        rows += [{"sample_id": name, "attribute": k, "value": v} for k, v in values.items()]
    cohort.tables["clinical"] = pa.Table.from_pylist(rows, schema=CLINICAL)
    attributes = cohort.tables["attributes"].to_pylist()
    kinds = {"OS_MONTHS": "NUMBER", "TUMOR_PURITY": "NUMBER"}
    for key in ("OS_MONTHS", "OS_STATUS", "SAMPLE_TYPE", "TUMOR_PURITY", "RESPONSE"):
        attributes.append(
            {
                "attribute": key,
                "display_name": key,
                "description": "",
                "datatype": kinds.get(key, "STRING"),
                "level": "patient",
            }
        )
    schema = cohort.tables["attributes"].schema
    cohort.tables["attributes"] = pa.Table.from_pylist(attributes, schema=schema)
    return cohort
