"""`make bench`: the whole path on the real studies, as a user runs it.

Run: `python -m tests.benchmarks.run [DATA]`, DATA being the folder that TUMORXY_DATA names.
Prints a table and writes tests/benchmarks/results/path.csv.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.harness import (
    ROOT,
    Measurement,
    quantiles,
    run_command,
    time_call,
    write_results,
)

MAF_HEADER = "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short\n"
MAF_ROWS = ("KRAS\tT1\tMissense_Mutation\tp.G12C\n", "STK11\tT1\tNonsense_Mutation\tp.Q37*\n")


def main() -> None:
    stated = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("TUMORXY_DATA")
    data = Path(stated) if stated else ROOT.parent / "shared" / "data"
    if not (data / "studies").is_dir():
        sys.exit("The benchmark needs the real studies: set TUMORXY_DATA to their folder.")
    home = Path(tempfile.mkdtemp(prefix="tumorxy-bench-"))
    try:
        rows = [*imports(data, home), *embeddings(home), *maps(home)]
    finally:
        shutil.rmtree(home)
    for row in rows:
        peak = "" if row.peak_gib is None else f"{row.peak_gib:5.2f} GiB"
        print(f"{row.name:46} {row.median:10.3f} {row.unit:8} {peak:10} {row.note}")
    print(write_results("path", rows))


def imports(data: Path, home: Path) -> list[Measurement]:
    rows = []
    studies = sorted(path for path in (data / "studies").iterdir() if path.is_dir())
    for study in studies:
        document, seconds, peak = run_command("import", str(study), home=home)
        if study.name == "tcga_pancan":
            note = f"{document['num_samples']} tumors, {document['num_alterations']} alterations"
            rows.append(quantiles("import tcga_pancan", "s", [seconds], peak_gib=peak, note=note))
    return rows


def embeddings(home: Path) -> list[Measurement]:
    rows = []
    for name in ("embed all studies, cold", "embed all studies, again"):
        document, seconds, peak = run_command("embed", home=home)
        note = f"{document['num_computed']} of {document['num_tumors']} computed"
        rows.append(quantiles(name, "s", [seconds], peak_gib=peak, note=note))
    return rows


def maps(home: Path) -> list[Measurement]:
    document, seconds, peak = run_command("layout", home=home)
    rows = [
        quantiles(
            "layout of all", "s", [seconds], peak_gib=peak, note=f"{document['num_tumors']} tumors"
        )
    ]
    with tempfile.TemporaryDirectory() as folder:
        maf = Path(folder) / "patient.maf"
        maf.write_text(MAF_HEADER + "".join(MAF_ROWS), encoding="utf-8")
        times = [run_command("place", str(maf), home=home)[1:] for _ in range(3)]
        peak = max(pair[1] for pair in times)
        rows.append(quantiles("place one MAF, command", "s", [t[0] for t in times], peak_gib=peak))
        rows.append(place_in_process(home, maf))
    return rows


def place_in_process(home: Path, maf: Path) -> Measurement:
    from dashboard.service import Service
    from engine.genes import GeneTable
    from engine.readers.options import ReadOptions
    from engine.readers.read import read_input

    placer = Service(home).placer()
    cohort = read_input(maf, ReadOptions(), GeneTable.load())
    seconds = time_call(lambda: placer.place(cohort), repeat=20)
    return quantiles("place one parsed tumor, running dashboard", "s", seconds)


if __name__ == "__main__":
    main()
