"""Clean the values of one clinical attribute: identifiers, ages, numbers and event codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engine.readers.context import ReadContext
from engine.readers.findings import Rule
from engine.readers.safe_harbor import AGE_LIMIT, OLDEST, SAFE_HARBOR, cap_age, is_identifying
from engine.readers.table import TextTable, as_mask

DATATYPES = ("STRING", "NUMBER", "BOOLEAN")
NO_VALUE = (
    "", "na", "n/a", "nan", "null", "[not applicable]", "[not available]", "[pending]",
    "[discrepancy]", "[completed]", "[null]", "[unknown]", "[not evaluated]",
)  # fmt: skip
"""What stands for no value in a clinical file, lower case, after cBioPortal's validator."""

NUMBER = r"^[<>]?=?\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?$"
VITAL_STATUS = {
    "0:LIVING": "0:LIVING", "LIVING": "0:LIVING", "ALIVE": "0:LIVING",
    "1:DECEASED": "1:DECEASED", "DECEASED": "1:DECEASED", "DEAD": "1:DECEASED",
}  # fmt: skip
EVENT_STATUS = {
    "CENSORED": "0:CENSORED", "NOT PROGRESSED": "0:CENSORED", "PROGRESSION FREE": "0:CENSORED",
    "DISEASEFREE": "0:DiseaseFree", "DISEASE FREE": "0:DiseaseFree",
    "PROGRESSION": "1:PROGRESSION", "PROGRESSED": "1:PROGRESSION",
    "RECURRED": "1:Recurred/Progressed", "RECURRED/PROGRESSED": "1:Recurred/Progressed",
}  # fmt: skip
STATUS_ATTRIBUTES = ("PFS_STATUS", "DFS_STATUS", "DSS_STATUS", "EFS_STATUS", "RFS_STATUS")

NOT_A_NUMBER = Rule(
    "not-a-number",
    "The attribute is declared as NUMBER and the value is none; the value was left out.",
)
DATATYPE = Rule(
    "attribute-datatype",
    "The datatype of the attribute is not known; expected STRING, NUMBER or BOOLEAN. It was read "
    "as STRING.",
)
VITAL = Rule(
    "os-status",
    "The survival status is not known; expected 0:LIVING or 1:DECEASED. The value was left out.",
)
EVENT = Rule(
    "event-status",
    "The event status is not known; expected a value that begins with 0: (no event) or 1: "
    "(event). The value was left out.",
)


@dataclass(frozen=True)
class Attribute:
    """One column of clinical data; `level` is patient or sample."""

    attribute: str
    display_name: str
    description: str
    datatype: str
    level: str


@dataclass(frozen=True)
class AttributeCleaner:
    """Cleans one attribute of a clinical file after the other.

    Attributes:
        table: The file.
        rows: Rows that are still in, (N,).
        context: Is told of each value left out.
    """

    table: TextTable
    rows: pa.Array
    context: ReadContext

    def clean(self, attribute: Attribute) -> tuple[Attribute, pa.Array] | None:
        """Return the attribute and its sound values; None if it identifies patients."""
        name = attribute.attribute
        text = self.table[name].take(self.rows).combine_chunks()
        absent = pc.is_in(pc.utf8_lower(text), value_set=pa.array(NO_VALUE))
        values = pc.if_else(absent, None, text)
        if is_identifying(name, values):
            return None
        if attribute.datatype not in DATATYPES:
            self._warn(DATATYPE, name, value=attribute.datatype)
            attribute = replace(attribute, datatype="STRING")
        values = self._capped(name, values)
        if attribute.datatype == "NUMBER":
            number = pc.or_(pc.match_substring_regex(values, NUMBER), pc.equal(values, OLDEST))
            values = self._keep(number, values, NOT_A_NUMBER, name)
        return attribute, self._status(name, values)

    def report_dropped(self, names: Sequence[str]) -> None:
        """Name the attributes that identify patients, never their values."""
        if names:
            lines = np.full(len(names), self.table.header_line, dtype=np.int64)
            self._warn(SAFE_HARBOR, names[0], lines=lines, value=", ".join(names))

    def _capped(self, name: str, values: pa.Array) -> pa.Array:
        capped, changed = cap_age(name, values)
        self._warn_rows(as_mask(changed), AGE_LIMIT, name, None)
        return capped

    def _status(self, name: str, values: pa.Array) -> pa.Array:
        if name == "OS_STATUS":
            known, rule, any_event = VITAL_STATUS, VITAL, None
        elif name in STATUS_ATTRIBUTES:
            known, rule, any_event = EVENT_STATUS, EVENT, r"^[01]:"
        else:
            return values
        upper = pc.utf8_upper(values)
        position = pc.index_in(upper, value_set=pa.array(known))
        translated = pa.array(known.values(), pa.string()).take(position)
        if any_event is not None:
            coded = pc.match_substring_regex(values, any_event)
            translated = pc.if_else(coded, values, translated)
        self._warn_rows(
            as_mask(pc.and_(pc.is_null(translated), pc.is_valid(values))), rule, name, values
        )
        return translated

    def _keep(self, sound: pa.Array, values: pa.Array, rule: Rule, name: str) -> pa.Array:
        bad = as_mask(pc.invert(sound))
        self._warn_rows(bad, rule, name, values)
        return pc.if_else(pa.array(bad), None, values)

    def _warn_rows(
        self, bad: npt.NDArray[np.bool_], rule: Rule, name: str, values: pa.Array | None
    ) -> None:
        hit = np.flatnonzero(bad)
        if len(hit):
            lines = self.table.account.line_numbers[self.rows.to_numpy()[hit]]
            example = None if values is None else values[int(hit[0])]
            self._warn(rule, name, lines=lines, value=example)

    def _warn(
        self,
        rule: Rule,
        name: str,
        *,
        lines: npt.NDArray[np.int64] | None = None,
        value: object = None,
    ) -> None:
        self.context.collector.warn(
            self.table.file,
            rule,
            () if lines is None else lines,
            column=self.table.written[name],
            values=value,
        )


def datatype_of(values: pa.ChunkedArray) -> str:
    """Return NUMBER if every stated value is one, else STRING."""
    stated = pc.filter(
        values, pc.invert(pc.is_in(pc.utf8_lower(values), value_set=pa.array(NO_VALUE)))
    )
    numbers = pc.match_substring_regex(stated, NUMBER)
    return "NUMBER" if len(stated) and pc.all(numbers).as_py() else "STRING"
