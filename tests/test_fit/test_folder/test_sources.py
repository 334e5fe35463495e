from collections import Counter

import numpy as np
from fit_folders import NAMES, SIZE, coco, rooms, write, write_images, yolo

from xnet_mm.fit.folder.files import list_files
from xnet_mm.fit.folder.found import LabelsFound
from xnet_mm.fit.folder.pairing import sort_roles
from xnet_mm.fit.folder.sources import find_outlines, open_truth


def outlines(root):
    files = list_files(root)
    return find_outlines(root, files, sort_roles(files))


def reopened(root, source):
    """What `prepare` opens of what was understood."""
    return open_truth(
        LabelsFound(
            folder=root,
            task='segmentation',
            pairs=source.divided.pairs,
            split_made=True,
            split_why='',
            without_truth=0,
            sizes=(),
            kind=source.kind,
            legend=source.legend,
        )
    )


def test_nothing(tmp_path):
    write_images(tmp_path)
    write(tmp_path / 'classes.txt', 'a')
    assert outlines(tmp_path) is None


def test_both_kinds_are_opened_again_as_they_were(tmp_path):
    for kind in ('coco', 'yolo'):
        root = tmp_path / kind
        write_images(root)
        if kind == 'coco':
            write(root / 'instances.json', coco())
        else:
            for name, (_, ids, _) in zip(NAMES, rooms(), strict=True):
                write(root / f'labels/{name}.txt', yolo(ids))
        source = outlines(root)
        assert source.kind == kind
        assert source.divided.made and not source.divided.without_truth
        again = reopened(root, source)
        pair = source.divided.pairs['train'][0]
        label_maps = [
            truth.read(pair, SIZE[::-1]).values
            for truth in (source.truth, again)
        ]
        np.testing.assert_array_equal(*label_maps)
        counts = Counter([0, 1])
        assert again.classes(counts) == source.truth.classes(counts)
