"""Look at every sample of a config's depth data before training with it.

python tools/check_dataset.py configs/nyu/CONFIG.py --out checked

Prints what each split holds and writes a contact sheet of it. Ends with
status 1 and their names if files are missing, unreadable or do not fit.
"""

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable
from contextlib import suppress
from functools import reduce
from io import BytesIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a bare clone

import cv2
import numpy as np
from mmengine.config import Config
from mmengine.registry import DATASETS, init_default_scope
from PIL import Image
from rich.console import Console
from rich.table import Table

from xnet_mm.arguments import config_file, out_folder, threads
from xnet_mm.datasets import DepthDataset
from xnet_mm.datasets.channel_io import picture_reader
from xnet_mm.datasets.depth_io import read_depth_of
from xnet_mm.datasets.depth_report import Report, read_all
from xnet_mm.datasets.folders import split_name
from xnet_mm.datasets.transforms.resize import splat
from xnet_mm.engine.config_check import ConfigChanges, merge_changes
from xnet_mm.engine.launch import existing_file
from xnet_mm.errors import clear_errors
from xnet_mm.fileio.atomic import write_atomically
from xnet_mm.fileio.config_file import load_config_file
from xnet_mm.fileio.images import read_image
from xnet_mm.visualization.depth_colours import (
    colour_depth,
    depth_bar,
    is_known,
)
from xnet_mm.visualization.panels import side_by_side, stack

SPLITS = ('train', 'val', 'test')
NUM_SHOWN = 12
PANEL_WIDTH = 280  # pixels


def parse_args() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(
        description=__doc__, formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'config', type=config_file, help='file, or the name of a shipped one'
    )
    parser.add_argument(
        '--split',
        nargs='+',
        choices=SPLITS,
        default=SPLITS,
        help='which to look at (default: all; what is the same only once)',
    )
    parser.add_argument(
        '--out',
        type=out_folder,
        default='dataset_check',
        help='folder of the contact sheets (default: %(default)s)',
    )
    parser.add_argument(
        '--workers', type=threads, help='threads (default: one a core)'
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=ConfigChanges,
        help='changes to the config, as in tools/train.py',
    )
    return parser.parse_args()


def build_datasets(
    cfg: Config, splits: tuple[str, ...]
) -> dict[str, DepthDataset]:
    """The splits' data sets without pipeline; equal ones only once.

    A loader of more than pictures is kept.

    Raises:
        ValueError: a split cannot be listed (from the data set).
        SystemExit: no depth data in the config.
    """
    settings: dict[str, dict] = {}
    for split in splits:
        loader = cfg.get(f'{split}_dataloader')
        if not loader:
            continue
        steps = loader.dataset.get('pipeline') or []
        ours = [s for s in steps[:1] if 'LoadMultiChannel' in str(s['type'])]
        wanted = dict(loader.dataset, pipeline=ours)
        # The file by file report follows, so building need not stop.
        if wanted not in settings.values():
            settings[split] = wanted
    datasets = {}
    for split, wanted in settings.items():
        cls = DATASETS.get(wanted['type'])
        if not (isinstance(cls, type) and issubclass(cls, DepthDataset)):
            raise SystemExit(
                f'{split}: {wanted["type"]} is no depth data set of this '
                'package. (Label maps are looked at whenever a '
                'FolderSegDataset is built.)'
            )
        datasets[split] = DATASETS.build(dict(wanted, check=False))
    if not datasets:
        raise SystemExit(f'the config has no data for {", ".join(splits)}.')
    return datasets


def picture(
    info: dict, vmax: float, read: Callable[..., np.ndarray] = read_image
) -> np.ndarray:
    """Image | depth | both, as (h, w, 3) uint8 RGB, near depths on top.

    Args:
        info: of the data list.
        vmax: metres of the last colour.
        read: what shows the image, see `channel_io.picture_reader`.

    Raises:
        OSError or ValueError: a file is missing or unreadable.
    """
    image = read(info['img_path'])
    height = max(1, round(image.shape[0] * PANEL_WIDTH / image.shape[1]))
    size = (PANEL_WIDTH, height)
    image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)[..., ::-1]
    depth, title = np.zeros((height, PANEL_WIDTH)), 'no ground truth'
    if info['depth_map_path'] is not None:
        title = 'depth'
        depth = read_depth_of(info)
        depth = splat(depth, size)
    colours = colour_depth(depth, 0, vmax)
    mixed = cv2.addWeighted(image, 0.5, colours, 0.5, 0)
    both = np.where(is_known(depth)[..., None], mixed, image)
    name = '/'.join(Path(info['img_path']).parts[-2:])
    return side_by_side({name: image, title: colours, 'both': both})


def write_contact_sheet(
    dataset: DepthDataset, report: Report, path: Path
) -> None:
    """A dozen evenly spaced samples above their colour bar."""
    # A few far points must not make all others the same colour.
    ends = [m.far for m in report.maps if m.num_valid]
    vmax = min(max(ends, default=report.max_depth), report.max_depth)
    chosen = np.linspace(0, len(dataset) - 1, NUM_SHOWN).astype(int)
    pictures = []
    read = picture_reader(dataset.pipeline.transforms)
    for i in sorted(set(chosen.tolist())):
        # What cannot be read is named in the report.
        with suppress(OSError, ValueError):
            pictures.append(picture(dataset.get_data_info(i), vmax, read))
    width = max((p.shape[1] for p in pictures), default=PANEL_WIDTH)
    sheet = reduce(stack, [*pictures, depth_bar(0, vmax, width)])
    data = BytesIO()
    Image.fromarray(sheet).save(data, 'PNG')
    write_atomically(path, data.getvalue())


@clear_errors
def main() -> None:
    """Report on each split; status 1 if a file is wrong."""
    args = parse_args()
    cfg = load_config_file(existing_file(args.config, 'config'))
    merge_changes(cfg, args.cfg_options)
    init_default_scope('mmseg')
    datasets = build_datasets(cfg, args.split)
    problems = []
    console = Console()
    for split, dataset in datasets.items():
        report = read_all(dataset, split, args.workers)
        problems += [f'{split}: {problem}' for problem in report.problems]
        table = Table(
            title=f'{split}: {split_name(dataset)}',
            show_header=False,
            title_justify='left',
        )
        for row in report.lines():
            table.add_row(*row)
        console.print(table)
        sheet = args.out / f'{split}.png'
        write_contact_sheet(dataset, report, sheet)
        console.print(f'Contact sheet: {sheet}')
    if problems:
        listing = '\n  '.join(problems)
        sys.exit(f'{len(problems)} wrong file(s):\n  {listing}')


if __name__ == '__main__':
    main()
