"""The samples of a study: whose they are, their cancer type and their panels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from engine.cohort import SAMPLES
from engine.oncotree import tumor_type, tumor_type_named
from engine.readers.clinical import ClinicalFile

CODES = ("ONCOTREE_CODE", "TUMOR_TYPE_CODE")
"""Attributes with a tumor type code, the better first."""

MIXED = "MIXED"
"""Code of a study of several cancer types; it tells nothing about a sample."""


@dataclass(frozen=True, kw_only=True)
class SamplePanels:
    """The panel of each sample by kind of measurement; a sample that is not named has none."""

    mutations: Mapping[str, str | None]
    cna: Mapping[str, str | None]
    fusions: Mapping[str, str | None]
    cna_levels: int | None


@dataclass(frozen=True)
class CancerTypes:
    """Tells the cancer type of a sample from its clinical attributes.

    Attributes:
        stated: Attribute to sample to value.
        otherwise: Cancer type of a sample of which nothing is stated.
    """

    stated: Mapping[str, Mapping[str, str]]
    otherwise: str | None

    @classmethod
    def of(cls, samples: ClinicalFile, otherwise: str | None) -> CancerTypes:
        """Take the attributes of a sample file."""
        stated = {}
        for name in ("CANCER_TYPE", "CANCER_TYPE_DETAILED", "TCGA_STUDY", *CODES):
            if name in samples.values:
                pairs = zip(samples.ids, samples.values[name].to_pylist(), strict=True)
                stated[name] = {sample: value for sample, value in pairs if value is not None}
        return cls(stated, otherwise)

    def cancer_type(self, sample: str) -> str | None:
        """Return the cancer type as the study names it, else the OncoTree's main type."""
        named = self._value("CANCER_TYPE", sample)
        detailed = self._value("CANCER_TYPE_DETAILED", sample)
        node = None if detailed is None else tumor_type_named(detailed)
        named = named or (detailed if node is None else node.main_type)
        if named is not None:
            return named
        codes = (self._value(attribute, sample) for attribute in CODES)
        nodes = (tumor_type(code) for code in codes if code is not None)
        main = next((node.main_type for node in nodes if node is not None), None)
        return self._value("TCGA_STUDY", sample) or main or self.otherwise

    def oncotree_code(self, sample: str) -> str | None:
        """Return the OncoTree code as stated, else that of the detailed cancer type."""
        code = self._value(CODES[0], sample)
        detailed = self._value("CANCER_TYPE_DETAILED", sample)
        if code is not None or detailed is None:
            return code
        node = tumor_type_named(detailed)
        return None if node is None else node.code

    def _value(self, attribute: str, sample: str) -> str | None:
        return self.stated.get(attribute, {}).get(sample)


def cancer_type_of_study(meta: Mapping[str, str]) -> str | None:
    """Return the main type of `type_of_cancer`; None where a study mixes several."""
    node = tumor_type(meta.get("type_of_cancer", ""))
    return None if node is None or node.code == MIXED else node.main_type


def sample_table(samples: ClinicalFile, cancers: CancerTypes, panels: SamplePanels) -> pa.Table:
    """Write down the samples.

    Args:
        samples: The sample file.
        cancers: Their cancer types.
        panels: Their panels.

    Returns:
        `SAMPLES`, sorted by sample id.
    """
    owners = dict(zip(samples.ids, samples.patients, strict=True))
    names = sorted(owners)
    cna_panels = [panels.cna.get(name) for name in names]
    columns = {
        "sample_id": names,
        "patient_id": [owners[name] for name in names],
        "cancer_type": [cancers.cancer_type(name) for name in names],
        "oncotree_code": [cancers.oncotree_code(name) for name in names],
        "mutation_panel": [panels.mutations.get(name) for name in names],
        "cna_panel": cna_panels,
        "fusion_panel": [panels.fusions.get(name) for name in names],
        "cna_levels": [None if panel is None else panels.cna_levels for panel in cna_panels],
    }
    return pa.table(columns, schema=SAMPLES)
