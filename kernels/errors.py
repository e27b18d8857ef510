"""What can go wrong in the kernels.

KernelError
├── KernelInputError         a tensor has a shape, dtype, device or layout that the op refuses
├── KernelUnavailableError   the kernel that was asked for cannot run here
└── KernelSettingError       TUMORXY_KERNELS names no kernel
"""

from __future__ import annotations


class KernelError(Exception):
    """Base class of every error that the kernels raise on purpose."""


class KernelInputError(KernelError, ValueError):
    """A tensor has a shape, dtype, device or layout that the op refuses."""


class KernelUnavailableError(KernelError):
    """The kernel that was asked for cannot run here."""


class KernelSettingError(KernelError):
    """TUMORXY_KERNELS names no kernel."""
