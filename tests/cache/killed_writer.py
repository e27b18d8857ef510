"""Run in a child process by test_store.py: changes a store and dies on the way.

Arguments: the home; what to do ("add" or "remove"); what to watch, as module:name; which of its
calls to die at, from 1; and the moment ("before" or "after" that call).
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import numpy as np

from cache.store import Store, StoreLimits


def die_at(watched: str, call: int, moment: str) -> None:
    """Kill this process before or after one call of a function."""
    owner, _, name = watched.rpartition(".")
    function = getattr(resolve_name(owner), name)
    seen = 0

    def watch(*args: Any, **options: Any) -> Any:
        nonlocal seen
        seen += 1
        if (seen, moment) == (call, "before"):
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*args, **options)
        if (seen, moment) == (call, "after"):
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(resolve_name(owner), name, watch)


def change(store: Store, verb: str) -> None:
    """Add 20,000 vectors and a layout, or remove the study `first`."""
    with store.write(purpose="import in a child") as writer:
        if verb == "remove":
            writer.remove_study("first")
        else:
            vectors = np.random.default_rng(0).normal(size=(20_000, 16)).astype(np.float32)
            writer.add_embeddings("big", [str(row) for row in range(20_000)], vectors)
            writer.add_layout("big", "big", "{}", "{}", "{}")


if __name__ == "__main__":
    home, verb, watched, call, moment = sys.argv[1:]
    die_at(watched, int(call), moment)
    print("ready", flush=True)
    change(Store(Path(home), StoreLimits(min_free_bytes=0)), verb)
