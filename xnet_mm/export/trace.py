"""Tracing a model: what it can leave open, and whether its results stay."""

import copy
import json
import tempfile
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from mmengine.logging import print_log
from timm.layers.conv2d_same import Conv2dSame
from torch import Tensor, nn

from ..compat import TORCH, set_submodule
from ..models.channels import RGB

TOLERANCE = 1e-4  # of the largest value, in float32
# Odd, so that maps do not fit by chance: what has to be re-sized is then
# re-sized in the traced program, for every size.
ODD = (91, 125)
STRIDE = 32  # of the deepest maps

Run = Callable[[np.ndarray], np.ndarray]


class Free(Enum):
    """What an exported file leaves open, most first."""

    SIZE = 'batch and size'
    BATCH = 'batch'
    NOTHING = 'nothing'


class Format(Protocol):
    """A kind of file: how a model becomes one, and how it runs again."""

    def write(
        self,
        path: Path,
        model: nn.Module,
        example: Tensor,
        shapes: dict[int, Any],
        facts: str,
    ) -> None:
        """Trace a model and write the program.

        Args:
            path: of the new file.
            model: images (B,N,H,W) of 0 to 255 in, predictions out.
            example: such images, to trace with.
            shapes: axis of the images -> its freedom, for `torch.export`;
                what is not named is fixed.
            facts: JSON to be kept in the file, under 'xnet_mm'.
        """

    def open(self, path: Path) -> Run:
        """The program of a file: images (B,N,H,W) float32 to predictions."""

    def simplify(self, path: Path, simpler: Path) -> str:
        """Write the program with fewer nodes, where that is known how.

        Returns:
            What was changed, for people; '' where nothing was written.
        """


def write_freest(
    kind: Format,
    wrapped: nn.Module,
    path: Path,
    size: tuple[int, int],
    facts: dict | None,
    fixed: bool,
    batch: int = 1,
) -> Path:
    """Try with what is most free first; rename the first that is right.

    Args:
        kind: of file.
        wrapped: images (B,N,H,W) of 0 to 255 in, predictions out.
        path: nothing is written there unless the comparison was passed.
        size: (height, width) in pixels to compare at.
        facts: kept in the file, with the size that it is bound to.
        fixed: for this size alone.
        batch: images at once, where the model is bound to a number.

    Raises:
        RuntimeError: the results differ by more than 1e-4 of the largest.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    problem = None
    for free in list(Free)[fixed:]:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            target = Path(folder, path.name)
            try:
                traced = _pad_once(wrapped) if free is Free.SIZE else wrapped
                example = _example(wrapped, size, free, batch)
                described = json.dumps(_facts(facts, wrapped, size, free))
                with torch.no_grad():
                    shapes = _shapes(wrapped, free)
                    kind.write(target, traced, example, shapes, described)
                error = compare(wrapped, kind.open(target), size, free, batch)
                target = _simplest(kind, target, wrapped, size, free, batch)
            except Exception as failure:
                if free is Free.NOTHING:
                    raise
                problem = failure
                continue
            target.replace(path)
        print_log(
            f'{path.name}: at most {error:.1e} of the largest value off '
            'PyTorch',
            logger='current',
        )
        if problem is not None:
            text = str(problem).strip().splitlines() or ['']
            images = 'images' if free is Free.BATCH else f'{batch} image(s)'
            print_log(
                f'{path.name} takes {images} of {size[0]}x{size[1]} only: the '
                f'model cannot be exported for all sizes ({text[0][:200]})',
                logger='current',
            )
        break
    return path


def _simplest(
    kind: Format,
    target: Path,
    wrapped: nn.Module,
    size: tuple[int, int],
    free: Free,
    batch: int,
) -> Path:
    """The simplified file, or the given one: an optimizer may be wrong."""
    simpler = target.with_name(f'simpler-{target.name}')
    try:
        said = kind.simplify(target, simpler)
        if not said:
            return target
        compare(wrapped, kind.open(simpler), size, free, batch)
    except Exception as failure:
        text = str(failure).strip().splitlines() or [type(failure).__name__]
        print_log(
            f'{target.name} stays as PyTorch wrote it: the simplified one '
            f'fails ({text[0][:200]})',
            logger='current',
        )
        return target
    print_log(f'{target.name}: {said}', logger='current')
    return simpler


def compare(
    wrapped: nn.Module,
    run: Run,
    size: tuple[int, int],
    free: Free,
    batch: int,
) -> float:
    """Largest difference from PyTorch, as a share of the largest value.

    Args:
        wrapped: images (B,N,H,W) of 0 to 255 in, predictions out.
        run: the exported program, of the same.
        size: (height, width) in pixels; where sizes are free, others too.
        free: what the program leaves open.
        batch: images at once, where it leaves nothing open.

    Raises:
        RuntimeError: it is more than 1e-4.
    """
    step = _divisor(wrapped) if free is Free.SIZE else 1
    height, width = (max(round(side / step), 1) * step for side in size)
    size = height, width
    sizes = [size]
    if free is Free.SIZE:
        sizes.append((height + STRIDE, max(width - STRIDE, STRIDE)))
        if step == 1:
            sizes.append((height - 3, width + 17))
    worst = 0.0
    generator = np.random.default_rng(0)
    device = next(wrapped.parameters()).device
    channels = _channels(wrapped)
    shapes = [(1, s) for s in sizes] + [(3, size)]
    if free is Free.NOTHING:
        shapes = [(batch, size)]
    for images, shape in shapes:
        image = generator.uniform(0, 255, (images, channels, *shape))
        image = image.astype(np.float32)
        with torch.no_grad():
            wanted = wrapped(torch.from_numpy(image).to(device)).cpu().numpy()
        got = run(image)
        error = float(np.abs(got - wanted).max() / np.abs(wanted).max())
        worst = max(worst, error)
        if got.shape != wanted.shape or not error < TOLERANCE:
            raise RuntimeError(
                f'the exported model differs from PyTorch by {error:.1e} of '
                f'the largest value at {images}x{channels}x{shape[0]}x'
                f'{shape[1]}; '
                f'wanted less than {TOLERANCE:.0e}'
            )
    return worst


def _example(
    model: nn.Module, size: Sequence[int], free: Free, batch: int
) -> Tensor:
    if free is Free.SIZE:
        size = ODD if _divisor(model) == 1 else (96, 160)
    images = batch if free is Free.NOTHING else 2
    return torch.zeros(images, _channels(model), *size)


def _shapes(model: nn.Module, free: Free) -> dict[int, Any]:
    """Axis of the images -> its freedom."""
    if free is Free.NOTHING:
        return {}
    if TORCH < (2, 6):  # `OnnxFormat` asks for the axes alone
        return dict.fromkeys((0, 2, 3) if free is Free.SIZE else (0,))
    from torch.export import Dim

    shapes = {0: Dim.DYNAMIC}
    if free is Free.SIZE and _divisor(model) == 1:
        shapes.update({2: Dim.AUTO, 3: Dim.AUTO})
    elif free is Free.SIZE:
        shapes.update({2: STRIDE * Dim('rows'), 3: STRIDE * Dim('columns')})
    return shapes


def _channels(model: nn.Module) -> int:
    """Of the images; an `ExportedModel` says."""
    return getattr(model, 'channels', RGB)


def _divisor(model: nn.Module) -> int:
    """What height and width have to be multiples of."""
    same = any(isinstance(m, Conv2dSame) for m in model.modules())
    return STRIDE if same else 1


def _pad_once(model: nn.Module) -> nn.Module:
    """The model with 'same' padding as it is at multiples of 32.

    A copy, where there is such padding. With free sizes the sums of shapes
    grow from stride to stride: `torch.export` took a quarter of an hour.
    """
    if _divisor(model) == 1:
        return model
    model = copy.deepcopy(model)
    for name, module in [*model.named_modules()]:
        if isinstance(module, Conv2dSame):
            set_submodule(model, name, _padded(module))
    return model


def _padded(same: Conv2dSame) -> nn.Module:
    kernel, stride, dilation = map(
        _pair, (same.kernel_size, same.stride, same.dilation)
    )
    (top, bottom), (left, right) = map(_sides, kernel, stride, dilation)
    plain = nn.Conv2d(
        same.in_channels,
        same.out_channels,
        kernel,
        stride,
        dilation=dilation,
        groups=same.groups,
        bias=same.bias is not None,
    )
    plain.weight, plain.bias = same.weight, same.bias
    return nn.Sequential(nn.ZeroPad2d((left, right, top, bottom)), plain)


def _pair(values: Sequence[int]) -> tuple[int, int]:
    """(rows, columns); torch's hints do not say how many there are."""
    rows, columns = values
    return rows, columns


def _sides(kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Padding before and after, in pixels, where `stride` divides."""
    total = max((kernel - 1) * dilation + 1 - stride, 0)
    return total // 2, total - total // 2


def _facts(
    facts: dict | None, model: nn.Module, size: Sequence[int], free: Free
) -> dict:
    any_size = free is Free.SIZE
    where = dict(size_divisor=_divisor(model)) if any_size else {}
    return dict(facts or {}, size=None if any_size else [*size], **where)
