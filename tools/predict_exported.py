"""Predict without PyTorch: python tools/predict_exported.py FILE.onnx IMAGE...

Needs numpy, Pillow and onnxruntime (or with --runtime openvino OpenVINO),
nothing else, and this one file. FILE is what tools/export.py wrote, in float32
or 8 bits. Classes: OUT_DIR/labels/NAME.png (the ids of the
label maps that the model was trained on) and OUT_DIR/overlays/NAME.png.
Depth: OUT_DIR/depth/NAME.png (16 bit, near to far; 0 is never written) and
OUT_DIR/pictures/NAME.png. NAME is the image's path below the folder that all
have in common, without its suffix unless that tells two apart.
"""

import json
import os
import re
import sys
from argparse import (
    ArgumentParser,
    Namespace,
    RawDescriptionHelpFormatter,
)
from collections import Counter
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

Image.MAX_IMAGE_PIXELS = None  # check_header has a rule of its own
FORMATS = ('BMP', 'GIF', 'JPEG', 'JPEG2000', 'PNG', 'PPM', 'TIFF', 'WEBP')
PIXELS_PER_BYTE = {'JPEG': 512, 'MPO': 512, 'PNG': 8256, 'WEBP': 2**28}
LIMIT = 'OPENCV_IO_MAX_IMAGE_PIXELS'  # the same for all tools
SIZE_MARKER = b'\xff\x4f\xff\x51'  # of JPEG 2000
DEEP = 'scale the values to 8 bits and save them as PNG'


def threads(text: str) -> int:
    """For argparse, which names the option, this function and the value."""
    if not 0 <= int(text) <= 1024:
        raise ValueError
    return int(text)


def depth_scale(text: str) -> float:
    """For argparse, as `threads`."""
    if not 1e-6 <= float(text) <= 1e9:
        raise ValueError
    return float(text)


def parse_args() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(
        description=__doc__, formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument('file', type=Path, help='that tools/export.py wrote')
    parser.add_argument('images', nargs='+', type=Path, metavar='IMAGE')
    parser.add_argument('--out-dir', type=Path, default=Path('out'))
    parser.add_argument(
        '--runtime',
        choices=RUNTIMES,
        default='onnxruntime',
        help='program that runs the file, on the CPU (onnxruntime)',
    )
    parser.add_argument(
        '--threads',
        type=threads,
        default=0,
        help='0: as many as there are cores',
    )
    parser.add_argument(
        '--depth-scale',
        type=depth_scale,
        default=1000,
        help='file units per metre of the PNG (1000: mm; KITTI: 256)',
    )
    args = parser.parse_args()
    folders = [args.out_dir, *args.out_dir.absolute().parents]
    there = next(folder for folder in folders if folder.exists())
    if not (there.is_dir() and os.access(there, os.W_OK)):
        parser.error(f'--out-dir {args.out_dir}: {there} takes no files')
    return args


class Program(NamedTuple):
    """What is in a file, ready to run.

    Attributes:
        run: (1,N,H,W) float32 -> (1,K,H,W) float32.
        facts: JSON that tools/export.py wrote; None without.
        inputs: name -> N, or a name where it is open.
        channels: K, likewise.
    """

    run: Callable[[np.ndarray], np.ndarray]
    facts: str | None
    inputs: dict[str, int | str]
    channels: int | str


def by_onnxruntime(path: Path, threads: int) -> Program:
    """Raises what is wrong with the file; of many kinds."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        str(path), options, providers=['CPUExecutionProvider']
    )
    return Program(
        lambda image: session.run(None, {'image': image})[0],
        session.get_modelmeta().custom_metadata_map.get('xnet_mm'),
        {i.name: (*i.shape, 0, 0)[1] for i in session.get_inputs()},
        (*session.get_outputs()[0].shape, 0, 0)[1],
    )


def by_openvino(path: Path, threads: int) -> Program:
    """As `by_onnxruntime`."""
    import openvino

    model = openvino.Core().read_model(str(path))
    key = ['framework', 'xnet_mm']  # where it keeps an ONNX file's metadata
    # In float32, though the CPU may have bfloat16: results stay the same.
    options = {'INFERENCE_PRECISION_HINT': 'f32'}
    if threads:
        options['INFERENCE_NUM_THREADS'] = str(threads)
    program = openvino.Core().compile_model(model, 'CPU', options)

    def channels(port: Any) -> int | str:
        shape = port.partial_shape
        if shape.rank.is_dynamic or len(shape) < 2 or shape[1].is_dynamic:
            return 'open'
        return shape[1].get_length()

    return Program(
        lambda image: program({'image': image})[0],
        model.get_rt_info(key).astype(str) if model.has_rt_info(key) else None,
        {port.get_any_name(): channels(port) for port in model.inputs},
        channels(model.outputs[0]),
    )


RUNTIMES = {'onnxruntime': by_onnxruntime, 'openvino': by_openvino}


class Model:
    """An exported file: RGB image in, logits or metres of its size out.

    Args:
        path: written by tools/export.py.
        threads: of a prediction; 0 for all cores.
        runtime: one of `RUNTIMES`.

    Raises:
        SystemExit: it is not such a file, or the runtime is missing.
    """

    def __init__(
        self, path: Path, threads: int = 0, runtime: str = 'onnxruntime'
    ) -> None:
        if not path.is_file():
            raise SystemExit(f'file not found: {path}')
        try:
            program = RUNTIMES[runtime](path, threads)
        except ModuleNotFoundError as error:
            raise SystemExit(
                f'{error}: pip install {runtime}, or give another --runtime '
                f'({", ".join(RUNTIMES)})'
            ) from error
        except Exception as error:
            release = sys.modules[runtime].__version__
            raise SystemExit(
                f'{path} is not an ONNX file, or one that this {runtime} '
                f'({release}) cannot read: {error}'
            ) from error
        if program.facts is None:
            raise SystemExit(f'{path} was not written by tools/export.py')
        self.run = program.run
        try:
            self.facts = json.loads(program.facts)
            check_facts(self.facts, program.channels)
            if [*program.inputs] != ['image']:
                raise ValueError('the input is not called image')
            if program.inputs['image'] != 3:
                raise SystemExit(
                    f'{path} takes images of {program.inputs["image"]} '
                    'channels; this program reads pictures, which have '
                    f'three. Give {runtime} the values themselves: float32 '
                    '(B,N,H,W)'
                )
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise SystemExit(
                f'{path}: what tools/export.py wrote beside the model is '
                f'damaged ({type(error).__name__}: {error}). Export it again.'
            ) from error

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """(H,W,3) uint8 RGB -> (K,H,W) float32."""
        shape = image.shape[:2]
        planes = image.transpose(2, 0, 1).astype(np.float32)
        planes = resize(planes, input_size(shape, self.facts))
        return resize(self.run(planes[None])[0], shape)


def check_facts(facts: dict, channels: int | str) -> None:
    """Raise unless `facts` are as tools/export.py writes them.

    `channels` of the prediction is a name where the file leaves it open.
    """
    if not isinstance(facts, dict):
        raise TypeError(f'{type(facts).__name__} instead of names and values')
    pairs = [facts[k] for k in ('size', 'scale') if facts.get(k)]
    sides = [facts['size_divisor']] if not facts['size'] else []
    sides = sum(pairs, sides)
    if not all(type(n) is int and 0 < n < 2**16 for n in sides) or any(
        len(pair) != 2 for pair in pairs
    ):
        raise ValueError(f'sizes of {sides}')
    if 'scale' in facts and type(facts['keep_ratio']) is not bool:
        raise ValueError(f'keep_ratio is {facts["keep_ratio"]!r}')
    if facts['task'] not in ('depth', 'segmentation'):
        raise ValueError(f'task is {facts["task"]!r}')
    is_depth = facts['task'] == 'depth'
    if is_depth and not 0 < float(facts['max_depth']) < float('inf'):
        raise ValueError(f'max_depth is {facts["max_depth"]!r}')
    table = np.array(facts['colours' if is_depth else 'palette'], int)
    if table.size and not 0 <= table.min() <= table.max() <= 255:
        raise ValueError(f'colours from {table.min()} to {table.max()}')
    number = 1 if is_depth or isinstance(channels, str) else max(channels, 2)
    if channels == 1 and not is_depth:
        float(facts['threshold'])
    if table.ndim != 2 or table.shape[1] != 3 or len(table) < number:
        raise ValueError(f'{table.shape} colours for {channels} channels')


def input_size(shape: tuple[int, int], facts: dict) -> tuple[int, int]:
    """The (height, width) at which the model wants an image of `shape`."""
    height, width = shape
    if facts['size']:
        return tuple(facts['size'])
    if 'scale' in facts:
        if facts['keep_ratio']:
            long, short = max(facts['scale']), min(facts['scale'])
            factor = min(long / max(shape), short / min(shape))
            height = int(height * factor + 0.5)
            width = int(width * factor + 0.5)
        else:
            width, height = facts['scale']
    step = facts['size_divisor']
    return max(round(height / step), 1) * step, max(
        round(width / step), 1
    ) * step


def resize(planes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Bilinear, pixel centres at halves: (C,H,W) -> (C,*size)."""
    for axis, new in ((1, size[0]), (2, size[1])):
        old = planes.shape[axis]
        if old == new:
            continue
        at = (np.arange(new, dtype=np.float32) + 0.5) * (old / new) - 0.5
        at = at.clip(0, old - 1)
        low = at.astype(int)
        high = np.minimum(low + 1, old - 1)
        share = (at - low).astype(np.float32)
        share = share[:, None] if axis == 1 else share
        first, second = planes.take(low, axis), planes.take(high, axis)
        planes = first + (second - first) * share
    return planes


def classes_of(logits: np.ndarray, facts: dict) -> np.ndarray:
    """(K,H,W) logits -> (H,W) class ids; one logit means two classes."""
    if len(logits) == 1:
        return (1 / (1 + np.exp(-logits[0])) > facts['threshold']).astype(int)
    return logits.argmax(0)


def segmentation_pictures(
    image: np.ndarray, logits: np.ndarray, args: Namespace, facts: dict
) -> dict[str, np.ndarray]:
    """Folder -> picture, of an RGB image (H,W,3) and its logits (K,H,W)."""
    labels = classes_of(logits, facts)
    # Of each class in the label maps; older files number them from 0.
    ids = np.array(facts.get('ids', range(len(facts['palette']))))
    ids = ids.astype(np.uint8 if ids.max() <= 255 else np.uint16)
    colours = np.array(facts['palette'], np.uint8)[labels]
    overlay = (image.astype(np.uint16) + colours + 1) // 2
    return dict(labels=ids[labels], overlays=overlay.astype(np.uint8))


def depth_pictures(
    image: np.ndarray, depth: np.ndarray, args: Namespace, facts: dict
) -> dict[str, np.ndarray]:
    """Folder -> picture, of an RGB image (H,W,3) and its metres (1,H,W).

    Colours go from 0 (bright) to the model's range.
    """
    units = np.rint(depth[0] * args.depth_scale).clip(1, 65535)
    share = depth[0].clip(0, facts['max_depth']) / facts['max_depth']
    colours = np.array(facts['colours'], np.uint8)
    picture = colours[np.rint(share * (len(colours) - 1)).astype(int)]
    return dict(
        depth=units.astype(np.uint16), pictures=np.hstack([image, picture])
    )


def check_finite(output: np.ndarray, file: Path) -> None:
    """Refuse NaN and infinity, which would be class 0, or 1 mm."""
    wrong = output.size - int(np.isfinite(output).sum())
    if wrong:
        raise ValueError(
            f'{wrong} of {output.size} predicted values are NaN or infinite. '
            f'The weights of {file} have diverged or overflow: export '
            'another checkpoint.'
        )


def output_names(paths: list[Path]) -> dict[Path, Path]:
    """Image -> name without suffix, no two alike; one given twice is one.

    The image's suffix stays where its name would be another's without it.
    """
    paths = [Path(p) for p in dict.fromkeys(map(os.path.abspath, paths))]
    root = os.path.commonpath([path.parent for path in paths])
    long = {path: path.relative_to(root) for path in paths}
    names = {path: name.with_suffix('') for path, name in long.items()}
    while True:
        times = Counter(names.values())
        alike = [
            path
            for path, name in names.items()
            if times[name] > 1 and name != long[path]
        ]
        if not alike:
            return names
        names.update({path: long[path] for path in alike})


def read_image(path: Path) -> np.ndarray:
    """(H,W,3) uint8 RGB, as xnet_mm/fileio/images.py reads it.

    Turned as its orientation says, without transparency; of 16 bits the
    upper eight. Raises what is wrong with the file; Pillow's errors are of
    many kinds.
    """
    if path.is_dir():
        raise ValueError(f'a folder; give its images: {path.name}/*.jpg')
    content = path.read_bytes() if path.is_file() else b''
    if content.startswith(b'\xff\xd8\xff'):  # zeros hide that it is cut
        content = content.rstrip(b'\0')
    check_end(content)
    picture = Image.open(BytesIO(content), formats=FORMATS)
    deep = check_header(picture, content) > 8
    picture.load()
    if picture.mode.startswith('I;16'):
        values = np.asarray(picture).astype(np.uint16)
        image = np.repeat((values >> 8).astype(np.uint8)[..., None], 3, 2)
        deep = bool(values.any())
    else:
        image = np.asarray(picture.convert('RGB'))
    if deep and image.max() < 64:  # of 14 bits, or fewer
        raise ValueError(f'16 bits of which few are used: too dark; {DEEP}')
    corners = image[:: max(1, len(image) - 1), :: max(1, image.shape[1] - 1)]
    if picture.format == 'JPEG' and (corners == 128).all(-1).any():
        at = content.rfind(b'\xff\xd9')  # more bytes change what is cut short
        more = BytesIO(content[:at] + b'Z' * 99 + content[at:])
        if (np.asarray(Image.open(more).convert('RGB')) != image).any():
            raise ValueError('cut short before its last row')
    exif = Image.Exif()
    try:
        exif.load(picture.info.get('exif', b''))
    except Exception:  # a damaged one says nothing
        return image
    turned = 1 if picture.format == 'TIFF' else exif.get(0x0112)  # by Pillow
    image = image.swapaxes(0, 1) if turned in (5, 6, 7, 8) else image
    image = image[:, ::-1] if turned in (2, 3, 6, 7) else image
    return image[::-1] if turned in (3, 4, 7, 8) else image


def check_end(content: bytes) -> None:
    """Refuse what was cut short where Pillow would not notice."""
    order: Any = 'little' if content[:2] == b'II' else 'big'
    is_cut = not content
    if content.startswith(b'\x89PNG'):
        is_cut = b'IEND' not in content
    elif content[:4] in (b'II*\0', b'MM\0*'):  # TIFF: the table of tags
        at = int.from_bytes(content[4:8], order)
        tags = int.from_bytes(content[at : at + 2], order)
        is_cut = at + 2 + 12 * tags + 4 > len(content)
    elif SIZE_MARKER in content:
        is_cut = b'\xff\xd9' not in content
    if is_cut:
        raise ValueError(f'no file, or cut short: {len(content)} bytes')


def check_header(picture: Any, content: bytes) -> int:
    """Bits a channel; refuses what cannot be read rightly, undecoded."""
    pixels, limit = picture.width * picture.height, os.environ.get(LIMIT)
    each = PIXELS_PER_BYTE.get(picture.format, 100_000)
    tags = dict(getattr(picture, 'tag_v2', {}))
    bits, frames = max(tags.get(258, (1,))), getattr(picture, 'n_frames', 1)
    if tags:  # pages of a TIFF, without previews and masks
        frames = 0
        for page in range(picture.n_frames):
            picture.seek(page)
            frames += not picture.tag_v2.get(254, 0) & 0b101
        picture.seek(0)
    elif picture.format == 'PNG':
        bits = content[24]
    elif picture.format == 'JPEG2000':
        bits = 1 + (content[content.find(SIZE_MARKER) + 42] & 0x7F)
    elif found := re.match(rb'P[2356]\s+(?:#.*\s+)*(\d+\s+){3}', content):
        bits = int(found[1]).bit_length()
    unknown = bits > 8 and (
        tags.get(284) == 2
        or tags.get(262) == 0
        or (picture.format in ('JPEG2000', 'PPM') and picture.mode == 'RGB')
    )
    for wrong, text in (
        (pixels > each * len(content), 'more pixels than its bytes can hold'),
        (pixels > int(limit or 2**30), f'too many pixels; {LIMIT} allows it'),
        (picture.mode in ('I', 'F') or unknown, f'{picture.mode}; {DEEP}'),
        (tags.get(277, 1) > 4, 'more than four channels'),
        (frames > 1 and picture.format != 'MPO', 'several pictures in one'),
    ):
        if wrong:
            size = f'{picture.width}x{picture.height} pixels, {bits} bits'
            raise ValueError(f'{size}: {text}')
    return bits


def write_png(path: Path, picture: np.ndarray) -> None:
    """(H,W) or RGB (H,W,3); to a temporary name first, then rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'{path.name}.{os.getpid()}.tmp')
    try:
        Image.fromarray(picture).save(temporary, 'PNG')
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise SystemExit(f'{path} cannot be written ({error})') from error
    temporary.replace(path)


def main() -> int:
    """Predict image by image; unreadable ones are named at the end."""
    args = parse_args()
    names = output_names(args.images)
    inputs = {path.resolve() for path in args.images}
    model = Model(args.file, args.threads, args.runtime)
    pictures: Callable = segmentation_pictures
    if model.facts['task'] == 'depth':
        pictures = depth_pictures
        units = model.facts['max_depth'] * args.depth_scale
        if not 16 <= units <= 16 * 65535:  # as check_range of the package
            raise SystemExit(
                f'--depth-scale {args.depth_scale:g} does not fit up to '
                f'{model.facts["max_depth"]:g} m: take 1000, 256, or at most '
                f'{65535 / model.facts["max_depth"]:.0f}'
            )
        if units > 65535:
            print(f'Warning: above {65535 / args.depth_scale:g} m is clipped.')
    skipped = []
    for number, (path, name) in enumerate(names.items(), 1):
        try:
            image = read_image(path)
            output = model(image)
            check_finite(output, args.file)
            written = pictures(image, output, args, model.facts)
        except Exception as error:  # the others are predicted nevertheless
            reason = re.sub(r' <_io.*?>', '', ' '.join(str(error).split()))
            skipped.append(f'{path}: {reason or type(error).__name__}')
            continue
        for folder in written:
            if (args.out_dir / folder / f'{name}.png').resolve() in inputs:
                raise SystemExit(
                    f'{path} would be overwritten: change --out-dir'
                )
        for folder, picture in written.items():
            write_png(args.out_dir / folder / f'{name}.png', picture)
        print(f'{number}/{len(names)} {path}', flush=True)
    if skipped:
        print('Skipped:', *skipped, sep='\n  ', file=sys.stderr)
    return bool(skipped)


if __name__ == '__main__':
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)  # as a shell has it
    except OSError as error:  # no space, no permission
        sys.exit(f'{error}')
