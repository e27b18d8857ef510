"""An explanation made by hand, for tests."""

from __future__ import annotations

from dashboard.explanations import (
    METHODS,
    SHAPLEY,
    Asked,
    Explanation,
    MethodTold,
    PairsTold,
    PairTold,
    UnitTold,
    roll_covariates,
)

ASKED = Asked(task="msi", class_name="high")
VALUES = {"STK11 truncating": 1.5, "loss of 9p": -0.5, "mutation burden": 1 / 3}


def a_method(method: str) -> MethodTold:
    """Return what one method says of three units."""
    error = 0.1 if method == SHAPLEY else None
    units = tuple(
        UnitTold(
            key=label,
            label=label,
            gene="STK11" if label.startswith("STK11") else None,
            kind="covariate" if "burden" in label else label.split()[0],
            value=value,
            error=error,
        )
        for label, value in VALUES.items()
    )
    return MethodTold(
        method=method,
        scale="log odds",
        baseline="the same tumor without any alteration",
        baseline_value=-2.0,
        value=-2 / 3,
        gap=0.0,
        units=units,
        rolled={
            "gene": {"STK11": 1.5},
            "kind": {"truncating": 1.5},
            "pathway": {"no pathway": 1.5},
            "covariates": roll_covariates(units),
        },
        agreement="" if method == SHAPLEY else f"{method} and Shapley values agree.",
    )


def an_explanation(asked: Asked = ASKED) -> Explanation:
    """Return an explanation with one clear pair and one that is none."""
    clear = PairTold(
        first="STK11 truncating", second="KRAS missense", value=0.8, error=0.1, alone=0.7
    )
    unclear = PairTold(first="A missense", second="B missense", value=-0.1, error=0.2, alone=0.0)
    return Explanation(
        asked=asked,
        methods=tuple(a_method(method) for method in METHODS),
        pairs=PairsTold(scale="log odds", num_pairs=3, num_left_out=0, pairs=(clear, unclear)),
    )
