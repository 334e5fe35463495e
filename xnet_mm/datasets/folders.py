"""What the data sets of files in two folders share: what is there, what not.

Paths are those that MMEngine made of `data_root` and `data_prefix`.
"""

from collections.abc import Iterable
from os import path as osp

from mmengine.dataset import BaseDataset

from ..fileio.folders import list_names

SHIPPED = (
    'the shipped configs look in the folder that XNET_MM_DATA names, else in '
    './data'
)


def split_name(dataset: BaseDataset) -> str:
    """The split's name for messages: its list, else its image folder."""
    return dataset.ann_file or dataset.data_prefix.get('img_path', '')


def seen_from() -> str:
    """Which folder relative paths start from."""
    return f'(seen from {osp.abspath(".")})'


def check_folders(folders: Iterable[str], hint: str) -> None:
    """Refuse a folder that is not there.

    Args:
        folders: paths.
        hint: what to set, for the error.

    Raises:
        ValueError: names the first one and says where it was looked for.
    """
    for folder in folders:
        if not osp.isdir(folder):
            raise ValueError(f'no folder {folder!r} {seen_from()}. {hint}')


def describe_no_images(dataset: BaseDataset) -> str:
    """Say what the image folder holds instead of images."""
    folder = dataset.data_prefix['img_path']
    found = sorted({osp.splitext(name)[1] for name in list_names(folder)})
    return (
        f'{folder}: no image ends with img_suffix={dataset.img_suffix!r}; '
        f'found files ending with: {", ".join(found) or "none at all"}'
    )


def spare_files(folder: str, suffix: str, wanted: Iterable[str]) -> list[str]:
    """Paths below `folder` that end with `suffix` and are not `wanted`."""
    names = {osp.join(folder, name) for name in list_names(folder, suffix)}
    return sorted(names - {*wanted})


def describe_spare(
    dataset: BaseDataset, paths: Iterable[str], kind: str
) -> list[str]:
    """A line for each of `paths`, a `kind` of map that has no image."""
    return [
        f'{path}: a {kind} without an image in '
        f'{dataset.data_prefix["img_path"]} (img_suffix='
        f'{dataset.img_suffix!r})'
        for path in paths
    ]
