from __future__ import annotations

import pytest
import torch


@pytest.fixture(autouse=True)
def device() -> str:
    """Return the device, or skip with the reason."""
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device is here")
    return "cuda"
