"""A trained model that takes images and gives predictions."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, overload

import numpy as np
import torch
from mmengine.config import Config
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from PIL import Image

from ..checks import is_whole
from ..fast import prepare_for_inference
from ..fileio.pairing import depth_head_of
from ..models import MonoDepthEstimator
from ..models.channels import image_channels
from . import hub
from .card import pretrained_of, write_card
from .depth import model_max_depth
from .predictor import Predictor
from .result import Prediction
from .run_folder import AUXILIARY
from .saved_config import describe
from .saved_folder import write_folder
from .sources import (
    Reader,
    Source,
    batches,
    read_ahead,
    tiled_image,
    video_frames,
)
from .strips import Tiler
from .tiled import TiledPrediction
from .videos import VIDEO_SUFFIXES, Video
from .writers import Facts

Picture = str | Path | np.ndarray | Image.Image


class Model:
    """What `xnet_mm.load` gives: call it with images.

    Args:
        predictor: the model with its weights.
        cfg: that it was built of.
        figures: metric -> value, as the log of its training has them.
        dtype: precision to predict in; float32 is that of tools/predict.py,
            bit for bit.
        tile: predict by tiles of so many pixels a side, see
            `TiledPrediction`.

    Attributes:
        predictor: see above; `predictor.model` is the segmentor.
        source: path of the checkpoint, or of the weights.
        classes: their names; () where none are predicted or known.
        max_depth: of the depth, metres; None where none is predicted.
        channels: of the images.
        dtype: see above.
        tile: see above; None where images go through the model whole.
        figures: see above.

    Raises:
        ValueError: a precision that is none of the three.
        RuntimeError: results that are not finite in half precision.
    """

    def __init__(
        self,
        predictor: Predictor,
        cfg: Config,
        figures: Mapping[str, float],
        dtype: torch.dtype = torch.float32,
        tile: int | None = None,
    ) -> None:
        self.predictor, self.cfg = predictor, cfg
        self.source, self.figures = predictor.checkpoint, dict(figures)
        self.channels = image_channels(predictor.model)
        # Data with both truths may have trained a model of one.
        segmentor = predictor.model
        is_depth = isinstance(segmentor, MonoDepthEstimator)
        has_depth = depth_head_of(segmentor) is not None
        classes = () if is_depth else predictor.meta.get('classes')
        self.classes = tuple(classes or ())
        self.max_depth = model_max_depth(predictor) if has_depth else None
        self.dtype = dtype
        if dtype not in (torch.float32, torch.bfloat16, torch.float16):
            raise ValueError(
                f'dtype={dtype!r}, wanted torch.float32, torch.bfloat16 or '
                'torch.float16'
            )
        head = predictor.model.decode_head
        self._facts = Facts(
            predictor.meta,
            predictor.checkpoint,
            self.max_depth,
            isinstance(head, BaseDecodeHead),
        )
        if dtype != torch.float32:
            prepare_for_inference(predictor.model, dtype)
        self.tile = tile
        self._tiler = None
        if tile is not None:
            self._tiler = Tiler(predictor, cfg, tile, self._facts.gives_logits)

    def __repr__(self) -> str:
        kinds = [f'{len(self.classes)} classes'] if self.classes else []
        if self.max_depth is not None:
            kinds.append(f'depth up to {self.max_depth:g} m')
        return f'<Model {self.source}: {", ".join(kinds) or "classes"}>'

    @overload
    def __call__(
        self, images: np.ndarray | Image.Image, batch_size: int = 1
    ) -> Prediction: ...

    @overload
    def __call__(
        self, images: list | tuple, batch_size: int = 1
    ) -> list[Prediction]: ...

    @overload
    def __call__(
        self, images: Iterator, batch_size: int = 1
    ) -> Iterator[Prediction]: ...

    @overload
    def __call__(self, images: str | Path, batch_size: int = 1) -> Any: ...

    def __call__(self, images: Any, batch_size: int = 1) -> Any:
        """Predict.

        Args:
            images: an image: the path of a file, a picture of Pillow, or an
                array (H, W, 3) uint8 RGB (of a model of other channels, (H,
                W, N) as its loader gives it); a list of images; a generator
                or other iterator of images; or the path of a video.
            batch_size: images that go through the model together, where
                there are many. Rounding may depend on it.

        Returns:
            For an image a `Prediction`, for a list a list of them. For an
            iterator or a video an iterator, in order: images are taken and
            read as they are needed, by a thread that is a batch ahead.

        Raises:
            FileNotFoundError: no such file.
            ValueError: an image that cannot be read or predicted, by its
                name; of an iterator after the results before it.
            TypeError: no image.
        """
        if not is_whole(batch_size) or batch_size < 1:
            raise ValueError(f'batch_size={batch_size!r}, wanted 1 or more')
        reader = Reader(self.predictor.pipeline)
        if isinstance(images, str | Path):
            path = Path(images)
            if path.suffix.lower() in VIDEO_SUFFIXES:
                video = Video(path)
                stem = path.stem
                return self._predict_all(
                    video_frames(video),
                    lambda frame: reader.of_frame(frame, stem),
                    batch_size,
                )
        if isinstance(images, list | tuple):
            return [*self._predict_all(images, reader, batch_size)]
        if isinstance(images, Iterator):
            return self._predict_all(images, reader, batch_size)
        (found,) = self._predict_all([images], reader, 1)
        return found

    def _predict_all(
        self, items: Iterable, read: Any, batch_size: int
    ) -> Iterator[Any]:
        if self._tiler is not None:
            pipeline = self.predictor.pipeline
            for item in items:
                image = tiled_image(pipeline, read, item)
                yield TiledPrediction(self._tiler, image, self._facts)
            return

        def prepare(item: Any) -> tuple[Source, dict]:
            source = read(item)
            prepared = self.predictor.prepare(source.image, source.file)
            return source, prepared

        sources = read_ahead(items, prepare, batch_size)
        for batch in batches(sources, batch_size):
            samples = self.predictor.predict(
                [prepared for _, prepared in batch],
                [str(source.file or source.name) for source, _ in batch],
            )
            for (source, _), sample in zip(batch, samples, strict=True):
                yield Prediction(
                    sample.cpu(),
                    source.shown,
                    self._facts,
                    source.name,
                    source.file,
                )

    def save_pretrained(
        self,
        folder: str | Path,
        *,
        figures: Mapping[str, float] | None = None,
        license: str | None = None,
        name: str | None = None,
    ) -> Path:
        """Write what others need to predict: `load(folder)` takes it.

        `config.json` has the model and the preparation of its images and
        nothing of the training, `model.safetensors` the weights, and
        README.md says what it predicts and how well, and whose weights it
        started from. Loading runs no code, whoever wrote the folder.

        Args:
            folder: made as needed. An earlier model in it is replaced.
            figures: metric -> value, for README.md; by default those of the
                log of the training, where it lies beside the checkpoint.
            license: of the weights, for README.md.
            name: title of README.md; by default that of the folder.

        Returns:
            The folder.

        Raises:
            ValueError: a class or option that is no part of this package or
                of the stock boxes that a shared model may have; or a model
                in half precision.
            OSError: it cannot be written.
        """
        folder = Path(folder)
        if self.dtype != torch.float32:
            raise ValueError(
                f'this model was rewritten for {self.dtype}; load it without '
                'dtype to save it'
            )
        meta = self.predictor.meta
        config = describe(
            self.cfg, meta, self.channels, self.classes, self.max_depth
        )
        card = write_card(
            name or folder.resolve().name,
            config,
            pretrained_of(self.cfg.model),
            self.figures if figures is None else figures,
            license,
        )
        state = {
            key: value
            for key, value in self.predictor.model.state_dict().items()
            if not key.startswith(AUXILIARY)
        }
        write_folder(folder, config, state, card)
        return folder

    def push_to_hub(self, repo_id: str, **kwargs: Any) -> str:
        """Write the files of `save_pretrained` to the Hugging Face hub.

        Args:
            repo_id: OWNER/NAME, made where there is none yet.
            **kwargs: `figures` and `license` as of `save_pretrained`;
                `private`, `token` and what `HfApi.upload_folder` takes
                (`commit_message`, `revision`, `create_pr`, ...).

        Returns:
            The address of the model.

        Raises:
            ValueError: see `save_pretrained`.
            huggingface_hub.errors.HfHubHTTPError: the hub refuses.
        """
        told = {
            key: kwargs.pop(key)
            for key in ('figures', 'license')
            if key in kwargs
        }
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / 'model'
            title = repo_id.rpartition('/')[2]
            self.save_pretrained(folder, name=title, **told)
            return hub.upload(folder, repo_id, **kwargs)
