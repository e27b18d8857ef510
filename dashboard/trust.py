"""How far the answer about a tumor can be trusted, in plain sentences. Pure."""

from __future__ import annotations

from dashboard.cases import OOD_RULE_SHARE, Case
from dashboard.formatting import percent

LOW_AGREEMENT = 0.4
"""Below this share the place on the map says little; 0.4 is 6 of 15."""

WITHIN, REFUSED = "Within the reference", "Do not interpret"


def verdict(case: Case) -> tuple[str, str]:
    """Return the verdict on a tumor, and the same in a sentence."""
    if case.out_of_distribution:
        return REFUSED, (
            "It is unlike the tumors that the model knows. Do not interpret its place, its "
            "neighbors or its predictions."
        )
    return WITHIN, "It is like tumors that the model knows."


def num_near_on_map(case: Case) -> int:
    """Count the nearest tumors in the full space that are also nearest on the map."""
    return round(case.agreement * len(case.neighbors))


def distance_sentence(case: Case) -> str:
    """Say how far from its nearest tumors it lies, beside the rule."""
    return (
        f"Farther from its nearest tumors than {percent(case.map_strangeness)} of the tumors on "
        f"this map; {OOD_RULE_SHARE:.0%} is far."
    )


def doubts(case: Case) -> tuple[str, ...]:
    """Say what else speaks against reading on; empty where nothing does."""
    found = []
    if case.is_far and not case.out_of_distribution:
        found.append("Nothing on this map is near it: its neighbors say little.")
    if len(case.neighbors) and case.agreement < LOW_AGREEMENT:
        found.append("Its place on the map says little: read the nearest tumors below instead.")
    if not len(case.altering):
        found.append(
            "No altering change was found in it. Tumors without one lie together, whatever they "
            "are."
        )
    return tuple(found)


def untested(case: Case) -> str:
    """Say what was not looked for; empty where everything was."""
    missing = [test.name.lower() for test in case.tests if test.panel is None]
    if not missing:
        return ""
    return f"Not tested: {', '.join(missing)}. What they would show is unknown."


def assumed(case: Case) -> str:
    """Say for what nobody stated the panel; empty where it was stated."""
    guessed = [test.name.lower() for test in case.tests if test.is_assumed]
    if not guessed:
        return ""
    return (
        f"Panel assumed, not stated: {', '.join(guessed)}. If it is wrong, genes count as "
        "unaltered that nobody looked at."
    )
