"""A trained model as one file that runs without OpenMMLab: ONNX or .pt2."""

import copy
import json
import logging
import tempfile
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmcv.transforms import Resize
from mmengine.logging import print_log
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from timm.layers import Conv2dSame
from torch import Tensor, nn
from torch.export import Dim

from ..fast import prepare_for_inference
from ..models import MonoDepthEstimator
from ..models.resize import resize_to
from ..visualization.depth_colours import DEPTH_MAP, colour_table

HELP = "install what it needs: pip install 'xnet_mm[deploy]'"
TOLERANCE = 1e-4  # of the largest value, in float32
# Odd, so that maps do not fit by chance: what has to be re-sized is then
# re-sized in the traced program, for every size.
ODD = (91, 125)
STRIDE = 32  # of the deepest maps


class Free(Enum):
    """What an exported file leaves open, most first."""

    SIZE = 'batch and size'
    BATCH = 'batch'
    NOTHING = 'nothing'


class ExportedModel(nn.Module):
    """RGB images of 0 to 255 in, logits or metres of the same size out.

    Args:
        model: a segmentor of MMSegmentation; rewritten in place by
            `prepare_for_inference`.

    Raises:
        ValueError: its preprocessor pads test images, which would have to
            be done outside of the file; or its head gives no logits.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        preprocessor = model.data_preprocessor
        if getattr(preprocessor, 'test_cfg', None):
            raise ValueError(
                'data_preprocessor.test_cfg='
                f'{preprocessor.test_cfg}: an exported file does not pad. '
                'Remove it, or export at a size that needs no padding.'
            )
        self.is_depth = isinstance(model, MonoDepthEstimator)
        head = model.decode_head
        if not self.is_depth and not isinstance(head, BaseDecodeHead):
            raise ValueError(
                f'{type(head).__name__} gives more than logits; wanted a '
                'head of classes (BaseDecodeHead) or of depth.'
            )
        self.model = prepare_for_inference(model)
        self.flip = not any(  # the name depends on the release of mmseg
            getattr(preprocessor, name, False)
            for name in ('channel_conversion', '_channel_conversion')
        )
        mean = getattr(preprocessor, 'mean', torch.zeros(3, 1, 1))
        std = getattr(preprocessor, 'std', torch.ones(3, 1, 1))
        self.register_buffer('mean', mean.clone())
        self.register_buffer('std', std.clone())

    def forward(self, image: Tensor) -> Tensor:
        """(B,3,H,W) -> logits (B,K,H,W) or metres (B,1,H,W)."""
        if self.flip:  # trained on BGR
            image = image.flip(1)
        x = (image - self.mean) / self.std
        head = self.model.decode_head
        maps = self.model.extract_feat(x)
        # `predict` of a depth head keeps its range and needs no image size.
        out = head.predict(maps) if self.is_depth else head(maps)
        return resize_to(out, image.shape[-2:], self.model.align_corners)


def describe(model: nn.Module, transforms: Sequence, meta: dict) -> dict:
    """What a program needs to know that has nothing but the file.

    Args:
        model: the segmentor.
        transforms: of the test pipeline. `Resize` is noted, for the program
            to do; of any other that changes the image the log warns.
        meta: `classes` and `palette` of the data set.

    Returns:
        What JSON can hold: `task`, `classes` and `palette` or `max_depth`
        and `colours` (RGB from near to far), `scale` (width, height) and
        `keep_ratio`.
    """
    head = model.decode_head
    facts: dict[str, Any]
    if isinstance(model, MonoDepthEstimator):
        facts = dict(task='depth', max_depth=float(head.max_depth))
        facts['colours'] = colour_table(DEPTH_MAP).tolist()
    else:
        facts = dict(task='segmentation', threshold=head.threshold)
        names = map(str, range(head.num_classes))
        facts['classes'] = [*(meta.get('classes') or names)]
        generator = np.random.default_rng(0)
        random = generator.integers(0, 256, (head.num_classes, 3))
        palette = meta.get('palette') or random
        facts['palette'] = np.asarray(palette).tolist()
    for transform in transforms:
        name = type(transform).__name__
        if isinstance(transform, Resize):
            facts['scale'] = [*transform.scale]
            facts['keep_ratio'] = transform.keep_ratio
        elif not name.startswith(('Load', 'Pack')):
            print_log(
                f'The test pipeline has {name}, the exported file has not: '
                'it predicts the image that it is given.',
                logger='current',
                level=logging.WARNING,
            )
    for key, plain in (('mode', 'whole'), ('flip', 'none')):
        chosen = model.test_cfg.get(key, plain)
        if chosen != plain:
            print_log(
                f'test_cfg has {key}={chosen!r}; the exported file does '
                f'{key}={plain!r}.',
                logger='current',
                level=logging.WARNING,
            )
    return facts


def export_onnx(
    model: nn.Module,
    path: Path,
    size: tuple[int, int],
    facts: dict | None = None,
    fixed: bool = False,
    batch: int = 1,
) -> Path:
    """Write an ONNX file of standard operators and compare its results.

    The batch is free. So is the size, unless `fixed`, or unless the model
    cannot (Swin, ViT: windows and positions are made for one size), which
    is found out by trying and said in the log; a model that cannot have a
    free batch either (MMSegmentation's Swin) takes `batch` images. Encoders
    with TensorFlow's 'same' padding (EfficientNet-Lite) take multiples of 32:
    there the padding does not depend on the size.

    Args:
        model: a segmentor with its final weights.
        path: nothing is written there unless the comparison was passed.
        size: (height, width) to export and to compare at.
        facts: kept in the file's metadata, as JSON under 'xnet_mm'.
        fixed: for this size alone.
        batch: images at once, where the model is bound to a number.

    Raises:
        ModuleNotFoundError: onnx, onnxscript or onnxruntime is missing.
        RuntimeError: the results differ by more than 1e-4 of the largest.
        ValueError: the weights are too many for a file, or see
            `ExportedModel`.
    """
    try:
        import onnx
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f'{error}: {HELP}') from error
    wrapped = ExportedModel(model).cpu().eval()
    weight = sum(t.nbytes for t in wrapped.state_dict().values())
    if weight > 0.99 * 2**31:
        raise ValueError(
            f'{weight / 2**30:.2f} GiB of weights: an ONNX file holds less '
            'than 2 GiB. Export to .pt2.'
        )

    def write(
        target: Path,
        traced: nn.Module,
        example: Tensor,
        shapes: dict[int, Any],
        described: str,
    ) -> None:
        program = torch.onnx.export(
            traced,
            (example,),
            dynamo=True,
            input_names=['image'],
            output_names=['prediction'],
            dynamic_shapes=(shapes,),
            verbose=False,
        )
        proto = program.model_proto
        entry = proto.metadata_props.add()
        entry.key, entry.value = 'xnet_mm', described
        onnx.save(proto, target)

    def run(target: Path) -> Callable[[np.ndarray], np.ndarray]:
        session = open_session(target)
        return lambda image: session.run(None, {'image': image})[0]

    return _export(wrapped, path, size, facts, fixed, write, run, batch)


def export_aoti(
    model: nn.Module,
    path: Path,
    size: tuple[int, int],
    facts: dict | None = None,
    fixed: bool = False,
) -> Path:
    """Write a compiled program (AOTInductor) for this kind of machine.

    It runs by `torch._inductor.aoti_load_package`, with PyTorch alone or
    from C++, and is bound to the device, the processor and the release of
    PyTorch that made it. See `export_onnx` for all else.

    Raises:
        RuntimeError: as `export_onnx`, or there is no C++ compiler.
    """
    wrapped = ExportedModel(model).eval()
    device = next(wrapped.parameters()).device

    def write(
        target: Path,
        traced: nn.Module,
        example: Tensor,
        shapes: dict[int, Any],
        described: str,
    ) -> None:
        program = torch.export.export(
            traced, (example.to(device),), dynamic_shapes=(shapes,)
        )
        torch._inductor.aoti_compile_and_package(
            program,
            package_path=str(target),
            inductor_configs={'aot_inductor.metadata': {'xnet_mm': described}},
        )

    def run(target: Path) -> Callable[[np.ndarray], np.ndarray]:
        loaded = torch._inductor.aoti_load_package(str(target))
        return lambda image: (
            loaded(torch.from_numpy(image).to(device)).cpu().numpy()
        )

    return _export(wrapped, path, size, facts, fixed, write, run)


def open_session(path: Path, threads: int = 0) -> Any:
    """An onnxruntime session of a file, on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(
        str(path), options, providers=['CPUExecutionProvider']
    )


def _export(
    wrapped: ExportedModel,
    path: Path,
    size: tuple[int, int],
    facts: dict | None,
    fixed: bool,
    write: Callable[[Path, nn.Module, Tensor, dict[int, Any], str], None],
    run: Callable[[Path], Callable[[np.ndarray], np.ndarray]],
    batch: int = 1,
) -> Path:
    """Try with what is most free first; rename the first that is right."""
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
                    write(target, traced, example, shapes, described)
                error = compare(wrapped, run(target), size, free, batch)
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


def compare(
    wrapped: nn.Module,
    run: Callable[[np.ndarray], np.ndarray],
    size: tuple[int, int],
    free: Free,
    batch: int,
) -> float:
    """Largest difference from PyTorch, as a share of the largest value.

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
    shapes = [(1, s) for s in sizes] + [(3, size)]
    if free is Free.NOTHING:
        shapes = [(batch, size)]
    for images, shape in shapes:
        image = generator.uniform(0, 255, (images, 3, *shape))
        image = image.astype(np.float32)
        with torch.no_grad():
            wanted = wrapped(torch.from_numpy(image).to(device)).cpu().numpy()
        got = run(image)
        error = float(np.abs(got - wanted).max() / np.abs(wanted).max())
        worst = max(worst, error)
        if got.shape != wanted.shape or not error < TOLERANCE:
            raise RuntimeError(
                f'the exported model differs from PyTorch by {error:.1e} of '
                f'the largest value at {images}x3x{shape[0]}x{shape[1]}; '
                f'wanted less than {TOLERANCE:.0e}'
            )
    return worst


def _example(
    model: nn.Module, size: Sequence[int], free: Free, batch: int
) -> Tensor:
    if free is Free.SIZE:
        size = ODD if _divisor(model) == 1 else (96, 160)
    return torch.zeros(batch if free is Free.NOTHING else 2, 3, *size)


def _shapes(model: nn.Module, free: Free) -> dict[int, Any]:
    if free is Free.NOTHING:
        return {}
    shapes = {0: Dim.DYNAMIC}
    if free is Free.SIZE and _divisor(model) == 1:
        shapes.update({2: Dim.AUTO, 3: Dim.AUTO})
    elif free is Free.SIZE:
        shapes.update({2: STRIDE * Dim('rows'), 3: STRIDE * Dim('columns')})
    return shapes


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
            model.set_submodule(name, _padded(module))
    return model


def _padded(same: Conv2dSame) -> nn.Module:
    sides = []
    for kernel, stride, dilation in zip(
        same.kernel_size, same.stride, same.dilation, strict=True
    ):
        total = max((kernel - 1) * dilation + 1 - stride, 0)
        sides = [total // 2, total - total // 2, *sides]  # last axis first
    plain = nn.Conv2d(
        same.in_channels,
        same.out_channels,
        same.kernel_size,
        same.stride,
        dilation=same.dilation,
        groups=same.groups,
        bias=same.bias is not None,
    )
    plain.weight, plain.bias = same.weight, same.bias
    return nn.Sequential(nn.ZeroPad2d(tuple(sides)), plain)


def _facts(
    facts: dict | None, model: nn.Module, size: Sequence[int], free: Free
) -> dict:
    any_size = free is Free.SIZE
    where = dict(size_divisor=_divisor(model)) if any_size else {}
    return dict(facts or {}, size=None if any_size else [*size], **where)
