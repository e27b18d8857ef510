from __future__ import annotations

from typing import Any

import pytest
import torch

from kernels.choice import (
    Kernel,
    Machine,
    Request,
    Wish,
    choose,
    current_wish,
    explain,
    read_wish,
    this_machine,
)
from kernels.errors import KernelSettingError, KernelUnavailableError

CPU = Machine(torch="2.13.0", triton="3.9.0", has_torch_varlen=True)
H200 = Machine(
    device_name="NVIDIA H200",
    capability=(9, 0),
    torch="2.13.0",
    triton="3.9.0",
    has_torch_varlen=True,
)
H200_FLASH = Machine(**(vars(H200) | {"flash_attn": "2.8.3"}))
OLD = Machine(**(vars(H200) | {"device_name": "Tesla V100", "capability": (7, 0)}))
NO_TRITON = Machine(**(vars(H200) | {"triton": None}))


def request(**changed: Any) -> Request:
    known = {"device": "cuda", "dtype": torch.bfloat16, "head_width": 64}
    return Request(**(known | changed))


@pytest.mark.parametrize(
    ("call", "machine", "expected"),
    [
        ({"device": "cpu", "dtype": torch.float32}, CPU, Kernel.REFERENCE),
        ({"device": "cpu", "dtype": torch.float32}, H200, Kernel.REFERENCE),
        ({"head_width": 16}, H200, Kernel.TRITON),
        ({"head_width": 16}, H200_FLASH, Kernel.TRITON),
        ({"has_rotation": True}, H200_FLASH, Kernel.TRITON),
        ({}, H200_FLASH, Kernel.FLASH),
        ({"has_alibi": True}, H200_FLASH, Kernel.FLASH),
        ({}, H200, Kernel.TORCH_VARLEN),
        ({"has_alibi": True}, H200, Kernel.TRITON),
        ({"dtype": torch.float32}, H200_FLASH, Kernel.TRITON),
        ({"dtype": torch.float64}, H200_FLASH, Kernel.JAGGED),
        ({"head_width": 24}, H200, Kernel.TORCH_VARLEN),
        ({"head_width": 12}, H200, Kernel.JAGGED),
        ({"head_width": 12, "has_alibi": True}, H200, Kernel.REFERENCE),
        ({"head_width": 16, "has_rotation": True}, NO_TRITON, Kernel.TORCH_VARLEN),
        ({"head_width": 16, "has_rotation": True}, OLD, Kernel.JAGGED),
    ],
)
def test_the_ladder(call: dict[str, Any], machine: Machine, expected: Kernel) -> None:
    choice = choose(request(**call), Wish.AUTO, machine)
    assert choice.kernel is expected
    assert choice.why


def test_what_is_asked_for_is_taken() -> None:
    assert choose(request(head_width=16), Wish.REFERENCE, H200).kernel is Kernel.REFERENCE
    assert choose(request(), Wish.TRITON, H200_FLASH).kernel is Kernel.TRITON
    assert choose(request(head_width=16), Wish.FLASH, H200_FLASH).kernel is Kernel.FLASH


@pytest.mark.parametrize(
    ("call", "wish", "machine", "reason"),
    [
        ({"device": "cpu"}, Wish.TRITON, H200, "lie on the CPU"),
        ({}, Wish.TRITON, OLD, "compute capability 7.0; 8.0 or newer is needed"),
        ({}, Wish.TRITON, NO_TRITON, "Triton is not installed"),
        ({"dtype": torch.float64}, Wish.TRITON, H200, "float64, not float32"),
        ({"head_width": 24}, Wish.TRITON, H200, "24 channels"),
        ({}, Wish.FLASH, H200, "pip install flash-attn --no-build-isolation"),
        ({"device": "cpu"}, Wish.FLASH, H200_FLASH, "lie on the CPU"),
        ({"dtype": torch.float32}, Wish.FLASH, H200_FLASH, "not float16 or bfloat16"),
        ({"head_width": 12}, Wish.FLASH, H200_FLASH, "not a multiple of 8"),
    ],
)
def test_what_cannot_run_is_refused_with_the_reason(
    call: dict[str, Any], wish: Wish, machine: Machine, reason: str
) -> None:
    with pytest.raises(KernelUnavailableError, match=reason) as caught:
        choose(request(**call), wish, machine)
    assert f"TUMORXY_KERNELS={wish}" in str(caught.value)


@pytest.mark.parametrize(
    ("stated", "wish"), [("", Wish.AUTO), (" Triton ", Wish.TRITON), ("flash-attn", Wish.FLASH)]
)
def test_the_variable_is_read(stated: str, wish: Wish) -> None:
    assert read_wish({"TUMORXY_KERNELS": stated}) is wish
    assert read_wish({}) is Wish.AUTO


def test_a_kernel_that_is_none_is_refused() -> None:
    with pytest.raises(KernelSettingError, match="auto, reference, triton, flash-attn"):
        read_wish({"TUMORXY_KERNELS": "cudnn"})


def test_what_runs_is_explained() -> None:
    assert explain(Wish.AUTO, CPU) == (
        "packed attention of PyTorch 2.13.0, one call per length (the tensors lie on the CPU); "
        "no padding"
    )
    assert explain(Wish.AUTO, H200) == (
        "packed attention: triton (rotates queries and keys as it loads them); no padding"
    )
    assert "16 channels" in explain(Wish.AUTO, H200, head_width=16)


def test_this_machine_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TUMORXY_KERNELS", raising=False)
    current_wish.cache_clear()
    this_machine.cache_clear()
    assert explain().endswith("no padding")
    assert this_machine().torch == torch.__version__
