"""What glibc does with memory that is free: keep it, or give it back."""

import ctypes
import os
import platform

# glibc's malloc.h; `mallopt` takes int.
M_TRIM_THRESHOLD = -1
M_TOP_PAD = -2
M_MMAP_MAX = -4
SETTINGS = {
    M_MMAP_MAX: 0,  # nothing is mapped by itself, to be unmapped when freed
    M_TRIM_THRESHOLD: 2**31 - 1,
    M_TOP_PAD: 2**28,
}


def keep_large_tensors(device: str) -> bool:
    """Let this process keep what it frees, for the next large tensor.

    glibc gives a tensor above 32 MiB back to the system, and the next one
    takes a page fault for every 4 KiB of it. Measured with EfficientNet-Lite0
    x EfficientNet-Lite0 on two threads: 3.7 -> 2.6 s for 2048x2048, at 1.9
    -> 2.4 GiB for the process.

    For a program, not for a library: it holds for all of the process, up to
    its end. Who has set MALLOC_... or GLIBC_TUNABLES in the environment has
    chosen; then nothing is done.

    Args:
        device: where the model runs; nothing is done for a GPU.

    Returns:
        Whether it is so now.
    """
    chosen = any(k.startswith(('MALLOC_', 'GLIBC_T')) for k in os.environ)
    if device != 'cpu' or chosen or not _is_glibc():
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return all([mallopt(*setting) == 1 for setting in SETTINGS.items()])


def give_memory_back() -> None:
    """What is free goes back to the system, as far as glibc is there.

    It keeps what lies between arrays of many sizes, more with each strip of
    a large image.
    """
    if _is_glibc():
        ctypes.CDLL(None).malloc_trim(0)


def _is_glibc() -> bool:
    return platform.libc_ver()[0] == 'glibc'
