"""Interleaved timing: A B A B, so that a slow minute hits all alike."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..export import export_onnx, open_session
from ..models import prepare_for_inference
from .clock import Clock
from .subject import Subject, count, make_batch, make_samples

DTYPES = dict(
    fp32=torch.float32,
    tf32=torch.float32,
    bf16=torch.bfloat16,
    fp16=torch.float16,
)
MODES = ('eager', 'compiled', 'cuda-graphs', 'onnxruntime')
# Calls of less seconds are timed at the second go of each turn: the first
# finds the caches cold, and the last model's threads still waiting for work.
SHORT = 0.5


@dataclass(frozen=True)
class Setting:
    """What a row of measurements has in common.

    Attributes:
        size: (height, width) in pixels.
        batch: images at once.
        precision: 'fp32', 'tf32' (CUDA), 'bf16' or 'fp16': in training by
            autocast, in inference with weights that are converted once.
        mode: 'eager', 'compiled', 'cuda-graphs' (compiled, replayed), or
            'onnxruntime' (exported; inference on a CPU in fp32).
        train: a training step, from the images to the updated weights.
    """

    size: tuple[int, int]
    batch: int = 1
    precision: str = 'fp32'
    mode: str = 'eager'
    train: bool = False

    def __str__(self) -> str:
        """Such as '512x512, batch 1, fp32, eager'."""
        height, width = self.size
        words = [f'{height}x{width}', f'batch {self.batch}', self.precision]
        return ', '.join([*words, self.mode, *(['training'] * self.train)])


def settings(
    sizes: Sequence[tuple[int, int]],
    batches: Sequence[int],
    precisions: Sequence[str],
    modes: Sequence[str],
    train: bool,
) -> list[Setting]:
    """Every combination, in the order that is measured."""
    return [
        Setting(size, batch, precision, mode, train)
        for precision, mode, size, batch in product(
            precisions, modes, sizes, batches
        )
    ]


def measure(
    subjects: Sequence[Subject],
    setting: Setting,
    clock: Clock,
    runs: int,
    tick: Callable[[], None] = lambda: None,
) -> list[dict[str, Any]]:
    """Time all subjects in one setting, taking turns.

    What fails (memory, a compiler) becomes the record's `error`; the others
    are measured all the same.

    Args:
        subjects: with their models on the clock's device.
        setting: how they run.
        clock: of that device.
        runs: timed calls a subject, after two that are not (and, where a
            call takes less than half a second, after one more each turn).
        tick: called after every call, for a progress bar.

    Returns:
        A record for each subject: name, the setting's fields, `seconds` of
        each run, `memory` in bytes, `macs` of the batch (forward),
        `parameters`, `limit` in operations and `copy` in bytes a second,
        `graph_breaks`, `error`.
    """
    records, calls = [], []
    torch._dynamo.reset()  # all models share one call: a limit on recompiles
    with precision(setting):
        limit, copy = clock.limits(DTYPES[setting.precision])
        for subject in subjects:
            record: dict[str, Any] = dict(
                name=subject.name, **asdict(setting), error=subject.error
            )
            record['seconds'] = []
            records.append(record)
            calls.append(None)
            if subject.model is not None:
                with _noted(record):
                    calls[-1] = _warm_up(subject, setting, clock, record)
            tick()
        for _ in range(runs):
            # Again, for a neighbour may have slowed one.
            found = clock.limits(DTYPES[setting.precision])
            limit, copy = max(limit, found[0]), max(copy, found[1])
            for record, call in zip(records, calls, strict=True):
                if call is not None and not record['error']:
                    with _noted(record):
                        seconds = clock.time(call)
                        if seconds < SHORT:
                            seconds = clock.time(call)
                        record['seconds'].append(seconds)
                tick()
    for record in records:
        record.update(limit=limit, copy=copy)
    return records


def _warm_up(
    subject: Subject, setting: Setting, clock: Clock, record: dict
) -> Callable[[], Any]:
    complexity = count(subject, setting.size)
    record.update(
        macs=complexity.macs * setting.batch,
        parameters=complexity.parameters,
    )
    if setting.mode == 'onnxruntime':
        call = onnxruntime_call(subject.model, setting)
    else:
        call = torch_call(subject.model, setting, clock, record)
    call()
    call()
    return call


def torch_call(
    model: nn.Module, setting: Setting, clock: Clock, record: dict
) -> Callable[[], Any]:
    """One prediction or training step, compiled where the setting says so.

    Args:
        model: what runs; a copy where weights are converted.
        setting: how it runs.
        clock: of the device.
        record: gets `memory` and `graph_breaks`.
    """
    dtype = DTYPES[setting.precision]
    if dtype != torch.float32 and not setting.train:
        model = prepare_for_inference(deepcopy(model), dtype)
    eager = eager_call(model, setting, clock)
    if clock.is_cuda or setting.mode == 'eager':
        eager()  # so that what is made once does not count
        record['memory'] = clock.peak_memory(eager)
    if setting.mode == 'eager':
        return eager
    counters = torch._dynamo.utils.counters
    counters.clear()
    compiler = _compiler(setting, clock)
    call = eager_call(model, setting, clock, compiler)
    call()
    record['graph_breaks'] = sum(counters['graph_break'].values())
    return call


def eager_call(
    model: nn.Module,
    setting: Setting,
    clock: Clock,
    compiler: Callable[[Callable], Callable] = lambda function: function,
) -> Callable[[], Any]:
    """One prediction or training step of a model, as a call.

    Args:
        model: what runs.
        setting: how it runs.
        clock: of the device.
        compiler: applied to the prediction, or to the loss; not to the
            backward pass and the optimizer, which follow by themselves.
    """
    images = make_batch(setting.batch, setting.size, str(clock.device))
    if setting.train:
        samples = make_samples(model, images)
        loss_of = compiler(
            lambda: model.parse_losses(model.loss(images, samples))[0]
        )
        optimizer = torch.optim.AdamW(
            [p for p in model.parameters() if p.requires_grad],
            lr=1e-5,
            fused=True,
        )

        dtype = DTYPES[setting.precision]
        half = dtype != torch.float32

        def step() -> None:
            with torch.autocast(clock.device.type, dtype, enabled=half):
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
        with torch.no_grad():
            return encode_decode()

    return predict


def onnxruntime_call(model: nn.Module, setting: Setting) -> Callable[[], Any]:
    """One prediction of the exported model, from the image to the logits."""
    with tempfile.TemporaryDirectory() as folder:
        path = export_onnx(
            model,
            Path(folder, 'model.onnx'),
            setting.size,
            fixed=True,
            batch=setting.batch,
        )
        session = open_session(path, torch.get_num_threads())
    image = make_batch(setting.batch, setting.size, 'cpu')
    inputs = dict(image=image.contiguous().numpy())
    return lambda: session.run(None, inputs)


def _compiler(
    setting: Setting, clock: Clock
) -> Callable[[Callable], Callable]:
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


@contextlib.contextmanager
def precision(setting: Setting) -> Iterator[None]:
    """TF32 on or off while a setting is measured."""
    before = torch.get_float32_matmul_precision()
    cudnn = torch.backends.cudnn.allow_tf32
    tf32 = setting.precision == 'tf32'
    torch.set_float32_matmul_precision('high' if tf32 else 'highest')
    torch.backends.cudnn.allow_tf32 = tf32
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
        torch.backends.cudnn.allow_tf32 = cudnn


@contextlib.contextmanager
def _noted(record: dict) -> Iterator[None]:
    """Keep what goes wrong in the record, and go on."""
    try:
        yield
    except Exception as error:
        text = str(error).strip().splitlines() or ['']
        record['error'] = f'{type(error).__name__}: {text[0]}'[:300]
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
