from __future__ import annotations

import numpy as np

from engine.epidemiology.patients import one_per_patient, patient_keys


def test_numbers_of_large_programs_name_one_person_everywhere() -> None:
    keys = patient_keys(
        ["msk_met", "msk_impact", "riaz", "hugo"], ["P-0000001", "P-0000001", "Pt1", "Pt1"]
    )
    assert keys[0] == keys[1]
    assert keys[2] != keys[3]
    renal = patient_keys(["braun_2020", "miao_2018_ccrcc"], ["RCC_1", "RCC_1"])
    assert renal[0] == renal[1]


def test_one_tumor_of_each_patient_is_kept() -> None:
    kept = one_per_patient(["a", "b", "a", "c", "b"])
    assert kept.tolist() == [True, True, False, True, False]


def test_a_preferred_tumor_is_kept_rather_than_the_first() -> None:
    kept = one_per_patient(["a", "b", "a", "c"], np.array([False, False, True, False]))
    assert kept.tolist() == [False, True, True, True]
