"""Which kernel runs a packed op: what there is here, what was asked for, and why it is this one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

import torch

from kernels.errors import KernelSettingError, KernelUnavailableError

VARIABLE = "TUMORXY_KERNELS"
HALF = (torch.float16, torch.bfloat16)
TRITON_DTYPES = (torch.float32, *HALF)
TRITON_HEADS = (16, 32, 64, 128)
LEAST_CAPABILITY = (8, 0)
"""Older devices have no bf16 matrix instructions, and nobody here can try them."""

FLASH_HEAD_MULTIPLE = 8
SHARED_HEAD = 32
"""From this head width on, FlashAttention wastes no channel, so where it is installed it runs."""


class Wish(StrEnum):
    """What TUMORXY_KERNELS may say."""

    AUTO = "auto"
    REFERENCE = "reference"
    TRITON = "triton"
    FLASH = "flash-attn"


class Kernel(StrEnum):
    """What can run a packed op."""

    REFERENCE = "reference"
    TRITON = "triton"
    FLASH = "flash-attn"
    TORCH_VARLEN = "varlen_attn"
    JAGGED = "jagged SDPA"


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What this installation and its device offer; versions are None where a package is missing."""

    device_name: str | None = None  # of the CUDA device; None without one
    capability: tuple[int, int] = (0, 0)
    torch: str = torch.__version__
    triton: str | None = None
    flash_attn: str | None = None
    has_torch_varlen: bool = False

    @property
    def runs_triton(self) -> bool:
        """Whether the Triton kernels run."""
        return bool(self.triton and self.device_name and self.capability >= LEAST_CAPABILITY)


@dataclass(frozen=True, kw_only=True)
class Request:
    """One call of an op, as far as the choice depends on it."""

    device: str  # "cpu" or "cuda"
    dtype: torch.dtype
    head_width: int
    has_rotation: bool = False  # queries and keys are still to be rotated
    has_alibi: bool = False


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What runs, and why."""

    kernel: Kernel
    why: str


def read_wish(environment: Mapping[str, str]) -> Wish:
    """Read TUMORXY_KERNELS.

    Args:
        environment: Usually `os.environ`.

    Returns:
        What was asked for; AUTO when nothing was.

    Raises:
        KernelSettingError: If the variable names no kernel.
    """
    stated = environment.get(VARIABLE, "").strip().lower() or Wish.AUTO
    try:
        return Wish(stated)
    except ValueError:
        names = ", ".join(Wish)
        raise KernelSettingError(
            f"{VARIABLE} is {stated!r}, which is no kernel. Set it to one of {names}, or unset it."
        ) from None


@cache
def current_wish() -> Wish:
    """Return what TUMORXY_KERNELS said when the first op ran."""
    return read_wish(os.environ)


@cache
def this_machine() -> Machine:
    """Look once at what is here; asks CUDA, so never at import."""
    has_device = torch.cuda.is_available()
    return Machine(
        device_name=torch.cuda.get_device_name() if has_device else None,
        capability=torch.cuda.get_device_capability() if has_device else (0, 0),
        triton=_version("triton"),
        flash_attn=_version("flash-attn"),
        has_torch_varlen=find_spec("torch.nn.attention.varlen") is not None,
    )


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def choose(request: Request, wish: Wish, machine: Machine) -> Choice:
    """Choose the kernel of packed attention.

    Args:
        request: The call.
        wish: What TUMORXY_KERNELS says.
        machine: What is here.

    Returns:
        The kernel and the reason.

    Raises:
        KernelUnavailableError: If a kernel was asked for by name and cannot run this call.
    """
    if wish is Wish.REFERENCE:
        return Choice(kernel=Kernel.REFERENCE, why=f"{VARIABLE}={wish}")
    obstacles = {Wish.TRITON: triton_obstacle, Wish.FLASH: flash_obstacle}
    if wish in obstacles:
        obstacle = obstacles[wish](request, machine)
        if obstacle:
            raise KernelUnavailableError(
                f"{VARIABLE}={wish}, but {obstacle}. Unset it to let the fastest that runs here "
                "be taken."
            )
        return Choice(kernel=Kernel(wish.value), why=f"{VARIABLE}={wish}")
    if request.device != "cuda":
        return Choice(kernel=Kernel.REFERENCE, why="the tensors lie on the CPU")
    return next(_ladder(request, machine))


def _ladder(request: Request, machine: Machine) -> Iterator[Choice]:
    """Yield what could run a call on a CUDA device, the fastest first."""
    own = triton_obstacle(request, machine)
    flash = flash_obstacle(request, machine)
    varlen = _torch_varlen_obstacle(request, machine)
    if not own and request.head_width < SHARED_HEAD:
        yield Choice(kernel=Kernel.TRITON, why=f"heads of {request.head_width} channels, unpadded")
    if not own and request.has_rotation:
        yield Choice(kernel=Kernel.TRITON, why="rotates queries and keys as it loads them")
    if not flash:
        yield Choice(kernel=Kernel.FLASH, why=f"flash-attn {machine.flash_attn} is installed")
    if not own and (request.has_alibi or request.dtype not in HALF):
        yield Choice(kernel=Kernel.TRITON, why=f"ALiBi or {name_of(request.dtype)}")
    if not varlen:
        yield Choice(kernel=Kernel.TORCH_VARLEN, why=f"of PyTorch {machine.torch}")
    if not own:
        yield Choice(kernel=Kernel.TRITON, why="nothing else runs this call packed")
    if not request.has_alibi:
        yield Choice(kernel=Kernel.JAGGED, why=own or "nothing else runs this call packed")
    yield Choice(kernel=Kernel.REFERENCE, why=own or "nothing else runs this call")


def triton_obstacle(request: Request, machine: Machine) -> str:
    """Tell why the Triton kernels cannot run a call; empty when they can."""
    if request.device != "cuda":
        return "the tensors lie on the CPU, where Triton does not run"
    if not machine.runs_triton:
        return (
            f"Triton is {machine.triton or 'not installed'} and the device "
            f"{machine.device_name or 'missing'}, of compute capability "
            f"{'.'.join(map(str, machine.capability))}; 8.0 or newer is needed"
        )
    if request.dtype not in TRITON_DTYPES:
        return f"the tensors are {name_of(request.dtype)}, not float32, float16 or bfloat16"
    if request.head_width not in TRITON_HEADS:
        return f"heads have {request.head_width} channels, not 16, 32, 64 or 128"
    return ""


def flash_obstacle(request: Request, machine: Machine) -> str:
    """Tell why flash-attn cannot run a call; empty when it can."""
    if not machine.flash_attn:
        return (
            "flash-attn is not installed (`pip install flash-attn --no-build-isolation`, "
            "which needs a CUDA toolkit)"
        )
    return _half_obstacle(request, machine)


def _torch_varlen_obstacle(request: Request, machine: Machine) -> str:
    if not machine.has_torch_varlen:
        return f"PyTorch {machine.torch} has no varlen_attn"
    if request.has_alibi:
        return "varlen_attn has no ALiBi"
    return _half_obstacle(request, machine)


def _half_obstacle(request: Request, machine: Machine) -> str:
    """Tell what FlashAttention refuses."""
    if request.device != "cuda":
        return "the tensors lie on the CPU"
    if machine.capability < LEAST_CAPABILITY:
        return f"{machine.device_name} is older than compute capability 8.0"
    if request.dtype not in HALF:
        return f"the tensors are {name_of(request.dtype)}, not float16 or bfloat16"
    if request.head_width % FLASH_HEAD_MULTIPLE:
        return f"heads have {request.head_width} channels, not a multiple of {FLASH_HEAD_MULTIPLE}"
    return ""


def name_of(dtype: torch.dtype) -> str:
    """Return the bare name of a dtype, for example `float32`."""
    return str(dtype).removeprefix("torch.")


def explain(
    wish: Wish | None = None, machine: Machine | None = None, *, head_width: int = 32
) -> str:
    """Say what runs the encoder's packed attention here, and why.

    Args:
        wish: What TUMORXY_KERNELS says; read when None.
        machine: What is here; looked at when None.
        head_width: Channels of one head.

    Returns:
        One sentence without a final period.

    Raises:
        KernelSettingError: If TUMORXY_KERNELS names no kernel.
        KernelUnavailableError: If it asks for what cannot run here.
    """
    wish, machine = wish or current_wish(), machine or this_machine()
    on_cuda = machine.device_name is not None
    request = Request(
        device="cuda" if on_cuda else "cpu",
        dtype=torch.bfloat16 if on_cuda else torch.float32,
        head_width=head_width,
        has_rotation=True,
    )
    choice = choose(request, wish, machine)
    if choice.kernel is not Kernel.REFERENCE:
        return f"packed attention: {choice.kernel} ({choice.why}); no padding"
    return (
        f"packed attention of PyTorch {machine.torch}, one call per length ({choice.why}); "
        "no padding"
    )
