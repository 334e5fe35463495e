"""The frames of a video, and whether they are all."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

VIDEO_SUFFIXES = {'.avi', '.mkv', '.mov', '.mp4', '.webm'}
# Where the container says no number, FFmpeg's is duration x rate; phones
# leave the first frames of a cut out by an edit list.
TOLERANCE = 0.1
AT_LEAST = 2  # frames
FIRST_BOXES = (b'ftyp', b'moov', b'mdat', b'free', b'skip', b'wide')  # MP4
MATROSKA, SEGMENT = b'\x1a\x45\xdf\xa3', b'\x18\x53\x80\x67'


class Video:
    """A video file that is read once, frame by frame.

    Args:
        path: of the file.

    Attributes:
        count: frames by its header, 0 if it does not say; an estimate in
            some containers.
        read: frames that were read.
        fps: frames per second.

    Raises:
        FileNotFoundError: no such file.
        ValueError: FFmpeg cannot open it.
    """

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise FileNotFoundError(f'{path}: no such file')
        self.path = path
        self.read = 0
        self._video = cv2.VideoCapture(str(path))
        if not self._video.isOpened():
            cut = is_cut_short(path)
            raise ValueError(
                f'{path}: unreadable video'
                + ('; the file was cut short. Copy it again' if cut else '')
            )
        self.count = max(0, int(self._video.get(cv2.CAP_PROP_FRAME_COUNT)))
        self.fps = self._video.get(cv2.CAP_PROP_FPS) or 25.0

    def __iter__(self) -> Iterator[np.ndarray]:
        """(H, W, 3) uint8 BGR each, up to the first that cannot be read."""
        while (frame := self._video.read()[1]) is not None:
            self.read += 1
            yield frame

    def what_is_missing(self) -> str:
        """What is wrong with a video that was read, or nothing."""
        counted = f'{self.path}: {self.read} of {self.count} frames were read'
        if is_cut_short(self.path):
            return (
                f'{counted}; the file was cut short, the last of them may be '
                'damaged. Copy it again'
            )
        if not self.read:
            return f'{self.path}: no frame can be read'
        missing = self.count - self.read
        if missing > max(AT_LEAST, TOLERANCE * self.count):
            return f'{counted}; the file is damaged'
        return ''


def is_cut_short(path: Path) -> bool:
    """Whether a file ends before its container does.

    Of AVI, MP4, MOV, MKV and WebM; False where the container does not say.
    """
    size = path.stat().st_size
    with path.open('rb') as file:
        start = file.read(64)
        if start[:4] == b'RIFF':
            return size < 8 + int.from_bytes(start[4:8], 'little')
        if start[:4] == MATROSKA:
            at = start.find(SEGMENT) + len(SEGMENT)
            if at < len(SEGMENT) or at >= len(start):
                return False
            # The number of leading zero bits says how many bytes follow.
            length = 9 - start[at].bit_length()
            value = int.from_bytes(start[at : at + length], 'big')
            value &= (1 << 7 * length) - 1
            unknown = value == (1 << 7 * length) - 1
            return not unknown and size < at + length + value
        at = 0
        while start[4:8] in FIRST_BOXES and at < size:
            file.seek(at)
            head = file.read(16)
            length = int.from_bytes(head[:4], 'big')
            if length == 1:
                length = int.from_bytes(head[8:16], 'big')
            if length < 8:  # 0: to the end
                return False
            at += length
        return at > size
