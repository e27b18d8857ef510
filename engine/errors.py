"""What can go wrong in the engine.

EngineError
├── ImportRefusedError      a file or study was refused; names file, line, column, rule, value
├── UnknownGeneError        a symbol that the gene table does not know was asked for
├── WeightsError            weights are missing, damaged or of another version
├── TokenizationError       a cohort cannot be turned into tokens
├── TrainingError           a training run cannot start or resume
├── EvaluationError         what was asked to be evaluated cannot be
├── DeviceError             a device cannot be used as it was asked for
├── LayoutError             a layout cannot be fitted, or a tumor cannot be placed on it
└── ExplanationError        a tumor cannot be explained as it was asked for
"""

from __future__ import annotations


class EngineError(Exception):
    """Base class of every error that the engine raises on purpose."""


class ImportRefusedError(EngineError):
    """A file or study was refused as a whole; nothing of it was loaded.

    Args:
        problem: What was found and what was expected, one sentence without a final period.
        advice: What to do next, one sentence without a final period.
        file: Name of the file (never its whole path).
        rule: Short name of the broken rule, for example `missing-column`.
        line: Line in the file, counted from 1.
        column: Name of the column.
        value: What stood there, shortened to 80 characters.
    """

    def __init__(  # noqa: PLR0913 - one keyword per part of the required message
        self,
        problem: str,
        *,
        file: str,
        rule: str,
        advice: str = "",
        line: int | None = None,
        column: str | None = None,
        value: str | None = None,
    ) -> None:
        self.problem = problem
        self.advice = advice
        self.file = file
        self.rule = rule
        self.line = line
        self.column = column
        self.value = None if value is None else shorten(value)
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        where = self.file
        if self.line is not None:
            where += f", line {self.line}"
        if self.column is not None:
            where += f", column {self.column}"
        found = "" if self.value is None else f" (found {self.value!r})"
        advice = f" {self.advice}." if self.advice else ""
        return f"{where}: {self.problem}{found} [{self.rule}].{advice}"

    def __reduce__(self) -> tuple[object, ...]:
        """Keep every part when the error crosses a process boundary."""
        return (_rebuild_refusal, (self.problem, self.__dict__ | {"problem": self.problem}))


def _rebuild_refusal(problem: str, parts: dict[str, str | int | None]) -> ImportRefusedError:
    fields = {k: parts[k] for k in ("file", "rule", "advice", "line", "column", "value")}
    return ImportRefusedError(problem, **fields)  # type: ignore[arg-type]


class UnknownGeneError(EngineError):
    """A symbol that the gene table does not know was asked for."""


class WeightsError(EngineError):
    """Weights are missing, damaged or of another version."""


class TokenizationError(EngineError):
    """A cohort cannot be turned into tokens."""


class TrainingError(EngineError):
    """A training run cannot start or resume."""


class EvaluationError(EngineError):
    """What was asked to be evaluated cannot be."""


class DeviceError(EngineError):
    """A device cannot be used as it was asked for."""


class LayoutError(EngineError):
    """A layout cannot be fitted, or a tumor cannot be placed on it."""


class ExplanationError(EngineError):
    """A tumor cannot be explained as it was asked for."""


def shorten(value: str, limit: int = 80) -> str:
    """Cut a value for a message, and make control characters visible.

    Args:
        value: What was found in a file.
        limit: Longest text returned, in characters.

    Returns:
        The value, printable, at most `limit` characters long.
    """
    text = "".join(c if c.isprintable() else "\ufffd" for c in value[:limit])
    return text if len(value) <= limit else text[: limit - 1] + "…"
