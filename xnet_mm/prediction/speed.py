"""How many images a second tools/predict.py predicts, and what holds it up."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import cv2
import numpy as np
from mmengine.config import Config
from mmengine.structures import BaseDataElement
from rich.console import Console
from rich.progress import track
from rich.table import Table

from ..benchmark.report import markdown_table
from ..benchmark.subject import build_subject
from ..fileio.atomic import write_atomically
from ..fileio.pairing import depth_head_of
from .behind import without_the_rest, write_predictions
from .depth import model_max_depth
from .files import PictureFiles, PredictionWriter
from .inputs import Predicted, predict_files
from .predictor import Predictor
from .writers import writer_for

COLUMNS = ('stage', 'images/s', 'of the time in turn')
STAGES = ('decode and prepare', 'model', 'write')
SIZES = ((866, 1155), (1225, 1633), (1732, 2309), (2449, 3266), (3000, 4000))
ROUNDS = 2  # of each distinct image and stage, before the run and after it


class Predicting(NamedTuple):
    """What predicting a folder costs.

    Attributes:
        name: of the config.
        images: how many were predicted.
        seconds: of one image in each of `STAGES`, alone, mean over sizes.
        whole: seconds of all images, as tools/predict.py goes about it.
        memory: (images done, most MiB of the process so far), if known.
    """

    name: str
    images: int
    seconds: tuple[float, ...]
    whole: float
    memory: list[tuple[int, float]]

    @property
    def title(self) -> str:
        """What it comes to."""
        share = self.images * self.seconds[1] / self.whole
        text = (
            f'{self.name}: {self.images / self.whole:.2f} images/s, '
            f"{100 * share:.0f} % of the model's own rate"
        )
        grown = ', '.join(f'{mib:.0f} after {n}' for n, mib in self.memory)
        return text + (f'; most memory, MiB: {grown}' if grown else '')

    def rows(self) -> list[tuple[str, str, str]]:
        """Of a table with `COLUMNS`."""
        total = sum(self.seconds)
        found = [*zip(STAGES, self.seconds, strict=True)]
        found += [
            ('all three in turn', total),
            ('predict.py', self.whole / self.images),
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
        images: how many, at least `len(SIZES)`.
        device: of the model.

    Raises:
        ValueError: too few images, or the model cannot be built.
    """
    if images < len(SIZES):
        raise ValueError(
            f'{images} images to predict, wanted {len(SIZES)} or more: one '
            'of each size'
        )
    predictor = _random_predictor(name, cfg, device)
    with TemporaryDirectory() as folder:
        source, out = Path(folder, 'in'), Path(folder, 'out')
        source.mkdir()
        paths = write_images(source, images)

        def open_writers(
            sample: BaseDataElement,
        ) -> tuple[PredictionWriter, PictureFiles]:
            depth = model_max_depth(predictor)
            writer = writer_for(out, sample, predictor, depth)
            return writer, PictureFiles(out / writer.picture_dir)

        distinct = paths[: len(SIZES)]
        rounds = _time_stages(predictor, distinct, open_writers)
        memory: list[tuple[int, float]] = []
        skipped: list[str] = []
        start = time.perf_counter()
        results = predict_files(
            predictor, {path: path.stem for path in paths}, 1, skipped
        )
        with closing(results):
            watched = _watch_memory(results, images, memory)
            write_predictions(watched, open_writers, images, skipped)
        whole = time.perf_counter() - start
        # Other programs may have come or gone.
        rounds += _time_stages(predictor, distinct, open_writers)
        if skipped:
            raise ValueError('\n'.join(['Skipped:', *skipped]))
    # As often as each size comes.
    often = [len(range(i, images, len(SIZES))) for i in range(len(SIZES))]
    stages = np.median(rounds, axis=0)
    seconds = tuple(
        float(np.average(stages[:, i], weights=often))
        for i in range(len(STAGES))
    )
    return Predicting(name, images, seconds, whole, memory)


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
    predictor: Predictor,
    paths: list[Path],
    open_writers: Callable[
        [BaseDataElement], tuple[PredictionWriter, PictureFiles]
    ],
) -> list[np.ndarray]:
    """`ROUNDS` times seconds, a row an image, a column a stage."""
    rounds = []
    opened = None
    for number in track(range(ROUNDS + 1), 'Timing stages'):
        rows = []
        for path in paths:
            start = time.perf_counter()
            image = predictor.pipeline.picture(path)
            sample = predictor.prepare(image, path)
            decoded = time.perf_counter()
            (result,) = predictor.predict([sample])
            if opened is None:
                opened = open_writers(result)
            light = without_the_rest(result)  # waits for a GPU, too
            predicted = time.perf_counter()
            writer, pictures = opened
            pictures.add(path.stem, writer.write(path.stem, image, light))
            written = time.perf_counter()
            rows.append(np.diff((start, decoded, predicted, written)))
        if number:  # the first one warms up
            rounds.append(np.array(rows))
    return rounds


def _watch_memory(
    results: Iterator[Predicted], images: int, memory: list[tuple[int, float]]
) -> Iterator[Predicted]:
    """Pass results on; after each fifth note the most memory so far."""
    marks = {max(1, images * i // 5) for i in range(1, 6)}
    for number, result in enumerate(results, 1):
        yield result
        del result
        peak = _peak_mib()
        if number in marks and peak is not None:
            memory.append((number, peak))


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
