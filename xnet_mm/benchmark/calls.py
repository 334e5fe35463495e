"""What is timed: one prediction or training step, as a call."""

import tempfile
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmseg.models.segmentors import EncoderDecoder

from ..compat import TORCH, need_torch
from ..export import export_onnx, open_openvino, open_run
from ..fast import prepare_for_inference
from ..models.channels import image_channels
from .clock import Clock
from .setting import DTYPES, Setting
from .subject import make_batch, make_samples


def torch_call(
    model: EncoderDecoder,
    setting: Setting,
    clock: Clock,
    record: dict,
    as_shipped: bool = False,
) -> Callable[[], Any]:
    """One prediction or training step, compiled where the setting says so.

    Args:
        model: what runs; a copy where weights are converted.
        setting: how it runs.
        clock: of the device.
        record: gets `memory` and `graph_breaks`.
        as_shipped: run half precision by autocast, not by other weights.
    """
    dtype = DTYPES[setting.precision]
    if dtype != torch.float32 and not setting.train and not as_shipped:
        model = prepare_for_inference(deepcopy(model), dtype)
    autocast = setting.train or as_shipped
    eager = eager_call(model, setting, clock, autocast=autocast)
    if clock.is_cuda or setting.mode == 'eager':
        eager()  # so that what is made once does not count
        record['memory'] = clock.peak_memory(eager)
    if setting.mode == 'eager':
        return eager
    counters = torch._dynamo.utils.counters
    counters.clear()
    compiler = _compiler(setting, clock)
    call = eager_call(model, setting, clock, compiler, autocast)
    call()
    record['graph_breaks'] = sum(counters['graph_break'].values())
    return call


def eager_call(
    model: EncoderDecoder,
    setting: Setting,
    clock: Clock,
    compiler: Callable[[Callable], Callable] = lambda function: function,
    autocast: bool = True,
) -> Callable[[], Any]:
    """One prediction or training step of a model, as a call.

    Args:
        model: what runs.
        setting: how it runs.
        clock: of the device.
        compiler: applied to the prediction, or to the loss; not to the
            backward pass and the optimizer, which follow by themselves.
        autocast: whether half precision is autocast's; else the weights are
            converted already.
    """
    dtype = DTYPES[setting.precision]
    half = autocast and dtype != torch.float32

    def context() -> torch.autocast:
        # PyTorch 2.1 takes no float32, not even for none.
        return torch.autocast(
            clock.device.type, dtype if half else None, enabled=half
        )

    images = make_batch(
        setting.batch,
        setting.size,
        str(clock.device),
        image_channels(model),
    )
    if setting.train:
        samples = make_samples(model, images)
        loss_of = compiler(
            lambda: model.parse_losses(model.loss(images, samples))[0]
        )
        optimizer = torch.optim.AdamW(
            [p for p in model.parameters() if p.requires_grad],
            lr=1e-5,
            fused=clock.is_cuda or TORCH >= (2, 4),
        )

        def step() -> None:
            with context():
                loss = loss_of()
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()

        return step
    meta = dict.fromkeys(('img_shape', 'ori_shape', 'pad_shape'), setting.size)
    encode_decode = compiler(
        lambda: model.encode_decode(images, [meta] * setting.batch)
    )

    def predict() -> Any:
        with torch.no_grad(), context():
            return encode_decode()

    return predict


def exported_call(
    model: EncoderDecoder, setting: Setting
) -> Callable[[], np.ndarray]:
    """One prediction of the exported model, from the image to the logits."""
    threads = torch.get_num_threads()
    with tempfile.TemporaryDirectory() as folder:
        path = export_onnx(
            model,
            Path(folder, 'model.onnx'),
            setting.size,
            fixed=True,
            batch=setting.batch,
        )
        opened = open_openvino if setting.mode == 'openvino' else open_run
        run = opened(path, threads)
    channels = image_channels(model)
    batch = make_batch(setting.batch, setting.size, 'cpu', channels)
    return partial(run, batch.contiguous().numpy())


def _compiler(
    setting: Setting, clock: Clock
) -> Callable[[Callable], Callable]:
    need_torch('2.6', 'compiled models. Take --mode eager.')
    if setting.mode == 'cuda-graphs':
        return partial(torch.compile, mode='reduce-overhead')
    if clock.is_cuda or setting.train:
        return torch.compile
    return _frozen


def _frozen(function: Callable[[], Any]) -> Callable[[], Any]:
    """torch.compile with the weights as constants, re-ordered once.

    By the setting, not by `options`: what traces the model has to know too.
    """
    compiled = torch.compile(function)

    def call() -> Any:
        with torch._inductor.config.patch(freezing=True):
            return compiled()

    return call
