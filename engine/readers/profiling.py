"""Which panel each sample of a study was looked at with, for one kind of measurement."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from engine.genes import GeneTable
from engine.readers.panels import Panel

_TCGA_ALIQUOT = re.compile(r"(TCGA-\w\w-\w{4}-\d\d)[A-Z]?-.*")


class Standing(IntEnum):
    """Where a call stands against the panel of its sample."""

    PROFILED = 0
    UNKNOWN_SAMPLE = 1
    SAMPLE_NOT_PROFILED = 2
    OFF_PANEL = 3


class Profiling:
    """Samples, their panels and the genes in these.

    Args:
        panel_of: Sample id to panel id; None where the sample was not profiled.
        panels: Panel id to panel; must hold every panel named.
        genes: Gene table.
    """

    def __init__(
        self, panel_of: Mapping[str, str | None], panels: Mapping[str, Panel], genes: GeneTable
    ) -> None:
        """Lay the panels out as one row of genes each."""
        self.panel_of = dict(panel_of)
        self._names = sorted({panel for panel in panel_of.values() if panel is not None})
        self._code_of = {name: code for code, name in enumerate(self._names)}
        self._members = np.zeros((len(self._names), len(genes.symbols)), dtype=np.bool_)
        for name, code in self._code_of.items():
            self._members[code, [genes.index[g] for g in panels[name].genes]] = True

    @classmethod
    def of_one_panel(cls, sample_ids: Sequence[str], panel: Panel, genes: GeneTable) -> Profiling:
        """Return samples that were all looked at with one panel."""
        return cls(dict.fromkeys(sample_ids, panel.panel_id), {panel.panel_id: panel}, genes)

    def sample(self, written: str) -> str | None:
        """Find the sample that a file means; a TCGA aliquot barcode means its sample.

        Args:
            written: Sample name as in the file.

        Returns:
            The sample id, or None if there is no such sample.
        """
        if written in self.panel_of:
            return written
        aliquot = _TCGA_ALIQUOT.fullmatch(written)
        return aliquot[1] if aliquot and aliquot[1] in self.panel_of else None

    def members(self, sample_id: str) -> npt.NDArray[np.bool_] | None:
        """Tell which genes were looked at in a sample, (G,); None if it was not profiled."""
        panel = self.panel_of[sample_id]
        return None if panel is None else self._members[self._code_of[panel]]

    def standing(
        self,
        sample_ids: Sequence[str | None],
        sample_codes: npt.NDArray[np.int32],
        gene_codes: npt.NDArray[np.int32],
    ) -> npt.NDArray[np.int8]:
        """Judge calls.

        Args:
            sample_ids: Distinct samples, None for one that is not in the study, (S,).
            sample_codes: Position in `sample_ids` of each call's sample, (N,).
            gene_codes: Position in `GeneTable.symbols` of each call's gene; -1 is judged by its
                sample only, (N,).

        Returns:
            A `Standing` each, (N,).
        """
        panels = [None if name is None else self.panel_of[name] for name in sample_ids]
        known = np.array([name is not None for name in sample_ids], dtype=np.bool_)
        codes = np.array([-1 if p is None else self._code_of[p] for p in panels], dtype=np.int32)
        result = np.full(len(sample_codes), Standing.PROFILED, dtype=np.int8)
        panel_codes = codes[sample_codes]
        checked = (panel_codes >= 0) & (gene_codes >= 0)
        on_panel = self._members[panel_codes[checked], gene_codes[checked]]
        result[np.flatnonzero(checked)[~on_panel]] = Standing.OFF_PANEL
        result[panel_codes < 0] = Standing.SAMPLE_NOT_PROFILED
        result[~known[sample_codes]] = Standing.UNKNOWN_SAMPLE
        return result
