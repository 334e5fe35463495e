"""Videos of plain frames."""

import cv2
import numpy as np


def write_video(path, frames, code='MJPG', size=(64, 48), fps=5, noise=0):
    """Frame i has the value 40 i, modulo 256, and noise above."""
    rng = np.random.default_rng(0)
    writer = cv2.VideoWriter(
        str(path), cv2.VideoWriter.fourcc(*code), fps, size
    )
    for i in range(frames):
        value = 40 * i % 256
        shown = np.full((*size[::-1], 3), value, np.uint8)
        shown += rng.integers(noise + 1, size=shown.shape, dtype=np.uint8)
        writer.write(shown)
    writer.release()
