from __future__ import annotations

import numpy as np
import torch

from engine.batching import make_batch
from engine.tokens import tokenize
from engine.training.narrow import narrow
from engine.training.views import through_panel
from tests.engine.cohorts import GENES, random_tables, vocabulary

WORDS = vocabulary()


def test_it_sees_what_the_view_of_a_batch_sees() -> None:
    tokens = tokenize(random_tables(30), WORDS)
    panel = np.array([gene in GENES[:5] for gene in WORDS.genes])
    everyone = np.arange(30)
    narrowed = make_batch(narrow(tokens, panel), everyone)
    viewed = through_panel(make_batch(tokens, everyone), torch.from_numpy(panel))
    for name in ("tumor", "gene", "kind", "profiled", "copy_level", "outside_mb"):
        torch.testing.assert_close(getattr(narrowed, name), getattr(viewed, name))
    assert len(narrowed.gene) < len(tokens.gene)
