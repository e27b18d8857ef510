"""What all readers of one import share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from engine.genes import GeneTable
from engine.readers.findings import FindingCollector
from engine.readers.options import Limits

DEFAULT_GENOME = "GRCh37"


@dataclass
class ReadContext:
    """What all readers of one import share.

    Attributes:
        genes: Gene table.
        limits: How large a file may be.
        collector: Account of all lines.
        genome: GRCh37 or GRCh38 once it is known.
        notes: What was assumed, one sentence each.
        digests: SHA-256 of each file read, by name.
    """

    genes: GeneTable
    limits: Limits
    collector: FindingCollector = field(default_factory=FindingCollector)
    genome: str | None = None
    notes: list[str] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)

    def note(self, sentence: str | None) -> None:
        """Keep a sentence for the user; None is ignored."""
        if sentence is not None:
            self.notes.append(sentence)

    def genome_or_default(self) -> str:
        """Return the genome build, and note it where it had to be assumed."""
        if self.genome is None:
            self.genome = DEFAULT_GENOME
            self.notes.append(
                f"No file states the genome build; {DEFAULT_GENOME} was assumed. "
                "State it with --genome if this is wrong."
            )
        return self.genome

    def source_digest(self) -> str:
        """Return one SHA-256 over the contents of all files read, whatever their names."""
        return hashlib.sha256("\n".join(sorted(self.digests.values())).encode()).hexdigest()
