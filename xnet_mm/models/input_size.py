"""Which images a model takes: found by trying; others are fitted."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from .resize import resize_to

Size = tuple[int, int]
Run = Callable[[Size], Sequence[Tensor]]


class InputSize(NamedTuple):
    """The images that a model takes.

    Attributes:
        divisor: height and width have to be multiples of this.
        least: and have to be at least this, a multiple of `divisor`.
        fixed: the only height and width, where there is but one.
    """

    divisor: int = 1
    least: int = 1
    fixed: Size | None = None

    def __str__(self) -> str:
        """To be read after 'images '."""
        if self.fixed:
            return 'of {}x{}'.format(*self.fixed)
        words = []
        if self.divisor > 1:
            words.append(f'with sides that are multiples of {self.divisor}')
        if self.least > self.divisor:
            words.append(f'with sides of at least {self.least}')
        return ' and '.join(words) or 'of any size'

    @property
    def advice(self) -> str:
        """What happens to other images, and what to do about it."""
        if self.fixed:
            return (
                'Others are re-sized to it, and its maps back. img_size=(H, '
                "W) in `encoder` sets another size: the crops'. Whole images "
                "keep their detail with test_cfg=dict(mode='slide', "
                'crop_size=(H, W), stride=...)'
            )
        if self.divisor > 1 or self.least > 1:
            return 'Others are padded, and its maps cut'
        return ''

    def fit(self, image: Tensor) -> Tensor:
        """Bring an image (B,C,H,W) to a size that the model takes.

        A fixed size is reached by re-sizing: what is cut off could not be
        segmented, and position embeddings fit no other. The others are
        reached by zeros below and at the right.
        """
        if self.fixed:
            return resize_to(image, torch.Size(self.fixed))
        pads = [
            max(-side % self.divisor, self.least - side)
            for side in image.shape[-2:]
        ]
        return F.pad(image, (0, pads[1], 0, pads[0])) if any(pads) else image

    def of_maps(self, stride: int) -> 'InputSize':
        """The same for maps of a stride, in their own pixels."""
        return InputSize(
            max(self.divisor // stride, 1), max(self.least // stride, 1)
        )

    def restore(self, x: Tensor, size: Sequence[int], stride: int) -> Tensor:
        """Bring a map of the fitted image back to the image's own extent.

        Args:
            x: (B,C,h,w), of what `fit` returned.
            size: height and width of the image that `fit` was given.
            stride: of the map.

        Returns:
            (B,C,H/stride,W/stride), rounded up.
        """
        height, width = (-(-side // stride) for side in size)
        if self.fixed:
            return resize_to(x, torch.Size((height, width)))
        return x[..., :height, :width]


def find_input_size(run: Run, unit: int, stride: int, own: Size) -> InputSize:
    """Try sizes, from any to only one, until a model takes them.

    Args:
        run: the maps (1,C,h,w) of an image of a size.
        unit: the model's patch in pixels, or 16: sizes are multiples of it.
        stride: of the model's last map, as it says; or more.
        own: the size that it was made for.

    Raises:
        ValueError: it takes none; with the size and the error of the first
            try and of the last.
    """
    failed: list[str] = []

    def takes(*sizes: Size) -> bool:
        for size in sizes:
            error = _try(run, size)
            if error:
                failed.append(f'an image of {size} gives {error}')
                return False
        return True

    sizes = [
        (4 * unit, 6 * unit),
        (4 * unit + 6, 6 * unit - 6),
        (6 * unit + 1, 8 * unit + 3),
        # Some have tables of positions that end at their own size.
        (4 * unit + 6, own[1] + 2 * unit + 3),
    ]
    if own[0] != own[1]:
        sizes.append((own[0] + 2 * unit + 3, 4 * unit + 6))
    for divisor in (1, stride, 2 * stride):
        if takes(*(_round_up(size, divisor) for size in sizes)):
            least = 1 if takes((2 * unit, 6 * unit)) else 4 * unit
            return InputSize(divisor, max(least, divisor))
    if takes(own):
        return InputSize(fixed=own)
    raise ValueError(', '.join(dict.fromkeys([failed[0], failed[-1]])))


def own_size(config: str | dict, model: Any) -> Size:
    """The size of images that a model was built for.

    Args:
        config: of `build_classifier`.
        model: what that returned; timm's or a registry's.
    """
    timms = getattr(model, 'pretrained_cfg', None) or {}
    size: Any = timms.get('input_size', (3, 224, 224))[1:]
    size = getattr(model, 'img_size', size)
    if not isinstance(config, str):
        size = config.get('img_size', size)
    return (size, size) if isinstance(size, int) else tuple(size)


def help_with_size(config: str | dict) -> str:
    """What to do about an `img_size` that no image can have; or ''."""
    if isinstance(config, str) or 'img_size' not in config:
        return ''
    return (
        '. Give an img_size of multiples of 32, height and width alike, or '
        'none: images are then re-sized to what the model was trained on'
    )


def _round_up(size: Size, divisor: int) -> Size:
    height, width = (-(-side // divisor) * divisor for side in size)
    return height, width


@torch.no_grad()
def _try(run: Run, size: Size) -> str:
    """What is wrong with the maps of an image of this size; '' if nothing."""
    try:
        maps = run(size)
    except Exception as error:
        return ': '.join(filter(None, (type(error).__name__, str(error))))
    for x in maps:
        # One stride, give or take a pixel of the map for what is rounded.
        sides = [*zip(size, x.shape[2:], strict=True)]
        least = max(side / (cells + 1) for side, cells in sides)
        most = min(side / max(cells - 1, 1e-9) for side, cells in sides)
        if least > most:
            return f'a map of {tuple(x.shape[2:])}, of no one stride'
    return ''
