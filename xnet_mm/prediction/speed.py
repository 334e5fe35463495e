"""How many images a second tools/predict.py predicts, and what holds it up."""

import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import cv2
import numpy as np
from mmengine.config import Config
from mmengine.structures import BaseDataElement
from rich.console import Console
from rich.table import Table

from ..benchmark.report import markdown_table
from ..benchmark.subject import build_subject
from ..fileio.atomic import write_atomically
from ..fileio.pairing import depth_head_of
from .behind import Opened, without_the_rest, write_predictions
from .depth import model_max_depth
from .files import PictureFiles, PredictionWriter
from .inputs import predict_files
from .predictor import Predictor
from .writers import writer_for

COLUMNS = ('stage', 'images/s', 'of the time in turn')
STAGES = ('decode and prepare', 'model', 'write')
SIZES = ((866, 1155), (1225, 1633), (1732, 2309), (2449, 3266), (3000, 4000))
# Other programs come and go: the run is cut into blocks, and the stages are
# timed before and after each.
BLOCKS = 5


class Predicting(NamedTuple):
    """What predicting a folder costs.

    Attributes:
        name: of the config.
        images: how many were predicted.
        stages: (BLOCKS + 1, 3) seconds of one image in each of `STAGES`
            alone, mean over the sizes, before and after each block.
        blocks: (BLOCKS,) seconds of one image in each block, as
            tools/predict.py goes about it.
        busy: (BLOCKS,) share of a block's time within the model; the rest it
            waits for an image, or for room to hand one on.
        memory: (images done, most MiB of the process so far), if known.
    """

    name: str
    images: int
    stages: np.ndarray
    blocks: np.ndarray
    busy: np.ndarray
    memory: list[tuple[int, float]]

    @property
    def title(self) -> str:
        """What it comes to."""
        low, middle, high = 100 * np.quantile(self.busy, (0, 0.5, 1))
        text = (
            f'{self.name}: {self.images} images, the model is at work '
            f'{middle:.0f} % of the time ({low:.0f} to {high:.0f} %)'
        )
        grown = ', '.join(f'{mib:.0f} after {n}' for n, mib in self.memory)
        return text + (f'; most memory, MiB: {grown}' if grown else '')

    def rows(self) -> list[tuple[str, str, str]]:
        """Of a table with `COLUMNS`, medians."""
        total = float(np.median(self.stages.sum(1)))
        found = [*zip(STAGES, np.median(self.stages, axis=0), strict=True)]
        found += [
            ('all three in turn', total),
            ('predict.py', float(np.median(self.blocks))),
        ]
        return [
            (stage, f'{1 / each:.2f}', f'{100 * each / total:.0f} %')
            for stage, each in found
        ]


def write_images(folder: Path, number: int) -> list[Path]:
    """JPEGs of 1, 2, 4, 8 and 12 megapixels in turn; the later are links."""
    random = np.random.default_rng(0)
    paths: list[Path] = []
    for i in range(number):
        path = folder / f'{i:06d}.jpg'
        height, width = SIZES[i % len(SIZES)]
        if i < len(SIZES):
            blocks = random.integers(256, size=(24, 32, 3), dtype=np.uint8)
            large = cv2.resize(blocks, (width, height))
            grain = random.integers(12, size=large.shape)
            noisy = np.clip(large + grain, 0, 255).astype(np.uint8)
            cv2.imwrite(str(path), noisy)
        else:
            _link(paths[i % len(SIZES)], path)
        paths.append(path)
    return paths


def _link(source: Path, path: Path) -> None:
    try:
        os.link(source, path)
    except OSError:  # a file system without links
        shutil.copy(source, path)


def time_predicting(
    name: str, cfg: Config, images: int, device: str
) -> Predicting:
    """Predict made-up images by a model with random weights.

    Args:
        name: of the config.
        cfg: its model and the pipeline of its test data.
        images: how many, at least `BLOCKS` of each size; rounded down to
            as many of each.
        device: of the model.

    Raises:
        ValueError: too few images, or the model cannot be built.
    """
    if images < BLOCKS * len(SIZES):
        raise ValueError(
            f'{images} images to predict, wanted {BLOCKS * len(SIZES)} or '
            'more: each size in each block'
        )
    # Every block has each size as often.
    each = images // (BLOCKS * len(SIZES)) * len(SIZES)
    predictor = _random_predictor(name, cfg, device)
    with TemporaryDirectory() as folder:
        source, out = Path(folder, 'in'), Path(folder, 'out')
        source.mkdir()
        paths = write_images(source, BLOCKS * each)

        def open_writers(
            sample: BaseDataElement,
        ) -> tuple[PredictionWriter, PictureFiles]:
            depth = model_max_depth(predictor)
            writer = writer_for(out, sample, predictor, depth)
            return writer, PictureFiles(out / writer.picture_dir)

        distinct = paths[: len(SIZES)]
        _time_stages(predictor, distinct, open_writers)  # warms up
        stages = [_time_stages(predictor, distinct, open_writers)]
        blocks: list[tuple[float, float]] = []
        memory: list[tuple[int, float]] = []
        for start in range(0, len(paths), each):
            block = paths[start : start + each]
            blocks.append(_time_block(predictor, block, open_writers))
            peak = _peak_mib()
            if peak is not None:
                memory.append((start + each, peak))
            stages.append(_time_stages(predictor, distinct, open_writers))
    seconds, busy = np.array(blocks).T
    return Predicting(
        name, len(paths), np.array(stages), seconds, busy, memory
    )


def _random_predictor(name: str, cfg: Config, device: str) -> Predictor:
    subject = build_subject(name, cfg, 'cpu', train=True)
    if subject.model is None:
        raise ValueError(f'{name}: {subject.error}')
    head = subject.model.decode_head
    meta: dict = {}
    if head is not depth_head_of(subject.model):
        # A head of one channel tells two classes apart.
        number = max(2, head.num_classes)
        colours = np.random.default_rng(0).integers(256, size=(number, 3))
        meta['classes'] = [f'class {i}' for i in range(number)]
        meta['palette'] = colours.tolist()
    content = dict(
        state_dict=subject.model.state_dict(), meta=dict(dataset_meta=meta)
    )
    return Predictor(cfg, 'random weights', device, content)


def _time_stages(
    predictor: Predictor, paths: list[Path], open_writers: Opened
) -> np.ndarray:
    """(3,) seconds of each stage alone, the mean over the images."""
    rows = []
    opened = None
    for path in paths:
        start = time.perf_counter()
        image = predictor.pipeline.picture(path)
        sample = predictor.prepare(image, path)
        decoded = time.perf_counter()
        (result,) = predictor.predict([sample])
        light = without_the_rest(result)  # waits for a GPU, too
        predicted = time.perf_counter()
        if opened is None:
            opened = open_writers(light)
        writer, pictures = opened
        opening = time.perf_counter()
        pictures.add(path.stem, writer.write(path.stem, image, light))
        written = time.perf_counter()
        rows.append((decoded - start, predicted - decoded, written - opening))
    return np.mean(rows, axis=0)


class _Timed(Predictor):
    """A predictor that knows how long its model was at work."""

    def __init__(self, predictor: Predictor) -> None:
        self.__dict__.update(predictor.__dict__)
        self.seconds = 0.0

    def predict(
        self, prepared: list[dict], names: Sequence[str] = ()
    ) -> list[BaseDataElement]:
        start = time.perf_counter()
        # It ends with a look at the results, for which a GPU has to be done.
        results = super().predict(prepared, names)
        self.seconds += time.perf_counter() - start
        return results


def _time_block(
    predictor: Predictor, paths: list[Path], open_writers: Opened
) -> tuple[float, float]:
    """Seconds of one image, and the share of them within the model.

    Raises:
        ValueError: one was skipped.
    """
    skipped: list[str] = []
    timed = _Timed(predictor)
    names = {path: path.stem for path in paths}
    start = time.perf_counter()
    with closing(predict_files(timed, names, 1, skipped)) as results:
        write_predictions(results, open_writers, len(paths), skipped)
    seconds = time.perf_counter() - start
    if skipped:
        raise ValueError('\n'.join(['Skipped:', *skipped]))
    return seconds / len(paths), timed.seconds / seconds


def _peak_mib() -> float | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == 'darwin' else 2**10)


def report_predicting(
    configs: Mapping[str, Config],
    images: int,
    device: str,
    folder: Path,
    console: Console,
) -> Path:
    """Time each config, print its table, write predicting.md.

    Raises:
        ValueError: see `time_predicting`.
    """
    lines = ['# Predicting a folder of JPEGs, 1 to 12 megapixels']
    for name, cfg in configs.items():
        found = time_predicting(name, cfg, images, device)
        table = Table(*COLUMNS, title=found.title)
        for row in found.rows():
            table.add_row(*row)
        console.print(table)
        lines += ['', f'## {found.title}', '']
        lines += markdown_table(COLUMNS, found.rows())
    path = folder / 'predicting.md'
    write_atomically(path, '\n'.join([*lines, '']).encode())
    return path
