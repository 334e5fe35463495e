"""The models that are compared: random weights, counted, ready to run."""

from copy import deepcopy
from functools import cache
from typing import NamedTuple

import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.models.segmentors import EncoderDecoder
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor, nn

from ..fast import accelerate, prepare_for_inference
from ..fileio.pairing import depth_head_of
from .complexity import Complexity, count_model, move_to_count
from .transformers_model import TransformersModel


class Subject(NamedTuple):
    """A model to measure, or why it could not be built.

    Attributes:
        name: in the tables.
        model: a segmentor of MMSegmentation; None if it was not built.
        meta: its twin to count, on torch's meta device if it can be.
        error: why there is none.
        as_shipped: whether it runs the code of its library, or of our
            `models`, and nothing of `fast`.
    """

    name: str
    model: EncoderDecoder | None
    meta: EncoderDecoder | None
    error: str = ''
    as_shipped: bool = False


def build_subject(
    name: str, cfg: Config, device: str, train: bool = False
) -> Subject:
    """The first of `build_subjects`: the one that is made fast."""
    return build_subjects(name, cfg, device, train)[0]


def build_subjects(
    name: str,
    cfg: Config,
    device: str,
    train: bool = False,
    as_shipped: bool = False,
) -> list[Subject]:
    """Build the model of a config with random weights; nothing is loaded.

    Each model, the peers too, gets what our runs get: `accelerate` in
    training, `prepare_for_inference` for inference.

    Args:
        name: in the tables.
        cfg: any config of MMSegmentation, or with a `TransformersModel`.
        device: where it is to run.
        train: leave it as it is trained.
        as_shipped: also the model without what makes it fast, as a second
            subject of the same weights in memory.
    """
    _drop_weights(cfg.model)
    init_default_scope(cfg.get('default_scope') or 'mmseg')
    try:
        model = MODELS.build(cfg.model)
        if train and isinstance(model, TransformersModel):
            raise ValueError('measured in inference only, without --train')
        if device == 'cpu':
            model = revert_sync_batchnorm(model)
        model = model.to(device)
        model.train(train)
        shipped = _share(model) if as_shipped else None
        if train:
            accelerate(model)
        else:
            model = prepare_for_inference(model)
    except Exception as error:  # a missing package, say: a row of its own
        return [Subject(name, None, None, first_line(error))]
    # Both are counted as the fast one: what a library computes in vain, of
    # the padding of windows, say, is no cost of the architecture.
    meta = move_to_count(_share(model))
    subjects = [Subject(name, model, meta)]
    if shipped is not None:
        subjects.append(
            Subject(f'{name}, as shipped', shipped, meta, as_shipped=True)
        )
    return subjects


def _share(model: nn.Module) -> nn.Module:
    """A copy whose tensors lie where those of the model lie.

    They are other objects: what moves the one model leaves the other.
    """
    memo: dict[int, Tensor] = {}
    for parameter in model.parameters():
        memo[id(parameter)] = nn.Parameter(
            parameter.detach(), parameter.requires_grad
        )
    for buffer in model.buffers():
        memo[id(buffer)] = buffer.detach()
    return deepcopy(model, memo)


def _drop_weights(config: dict | list) -> None:
    """Forget, at any depth, what would be loaded."""
    values = config.values() if isinstance(config, dict) else config
    if isinstance(config, dict):
        for key in ('weights', 'pretrained', 'init_cfg'):
            if key in config:
                config[key] = None
    for value in values:
        if isinstance(value, (dict, list)):
            _drop_weights(value)


def first_line(error: Exception) -> str:
    """What went wrong, short enough for a table."""
    text = str(error).strip().splitlines()
    return f'{type(error).__name__}: {text[0] if text else ""}'[:300]


@cache
def count(subject: Subject, size: tuple[int, int]) -> Complexity:
    """Parameters and multiply-accumulates of one image.

    Args:
        subject: that could be built.
        size: (height, width) in pixels.
    """
    return count_model(subject.meta, size)


def make_batch(
    batch: int, size: tuple[int, int], device: str, channels: int = 3
) -> Tensor:
    """Normalised images (B,N,H,W) of noise, channels last.

    Args:
        batch: B.
        size: (H, W) in pixels.
        device: where they lie.
        channels: N.
    """
    generator = torch.Generator().manual_seed(0)
    shape = batch, channels, *size
    images = torch.randn(shape, generator=generator).to(device)
    return images.contiguous(memory_format=torch.channels_last)


def make_samples(model: EncoderDecoder, images: Tensor) -> list[SegDataSample]:
    """Made-up truth for a training step, (1,H,W): class ids, or metres.

    Args:
        model: knows how many classes there are, or how many metres.
        images: (B,N,H,W).
    """
    head, depth_head = model.decode_head, depth_head_of(model)
    samples = []
    for image in images:
        shape = (1, *image.shape[-2:])
        sample = SegDataSample(
            metainfo=dict(
                img_shape=shape[1:], ori_shape=shape[1:], pad_shape=shape[1:]
            )
        )
        if depth_head is not None:
            truth = torch.rand(shape, device=image.device)
            truth *= depth_head.max_depth
            sample.gt_depth_map = PixelData(data=truth)
        if head is not depth_head:
            truth = torch.randint(head.num_classes, shape)
            sample.gt_sem_seg = PixelData(data=truth.to(image.device))
        samples.append(sample)
    return samples
