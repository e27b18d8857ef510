"""Load beside the pages what the page of a tumor is asked for next: the model, and what explains.

The reader looks at the tumor, or for a file, meanwhile; then nobody waits for torch.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from importlib import import_module

from dashboard import explanation_resources
from dashboard.process import freeze_loaded
from dashboard.resources import Published, shared

SLOW = ("captum.attr", "lifelines")
"""What explanations and survival curves import when they are first made, 2 s together.

By the names that the engine begins with: two threads that enter a package whose modules import each
other by different names can meet halfway, and one of them fails.
"""


@shared(max_entries=1)
def begin(key: Published) -> Future[None]:
    """Begin to load the model in a thread of its own, once for each snapshot.

    Whoever needs it meanwhile waits for the same loading. An error is not told here but to whoever
    asks for the model.

    Args:
        key: The snapshot whose map tumors are placed on.

    Returns:
        Done when everything is in memory.
    """
    background = ThreadPoolExecutor(max_workers=1, thread_name_prefix="warming")
    try:
        return background.submit(_load, key)
    finally:
        background.shutdown(wait=False)


def _load(key: Published) -> None:
    explanation_resources.load_explainer(key)
    for name in SLOW:
        import_module(name)
    freeze_loaded()
