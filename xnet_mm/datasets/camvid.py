"""CamVid: street scenes filmed from a car, 11 classes."""

from ..registry import DATASETS
from .folder_dataset import FolderSegDataset


@DATASETS.register_module()
class CamVidDataset(FolderSegDataset):
    """CamVid in the 11-class, 480x360 release of the SegNet tutorial.

    Images are JPEG, label maps 8-bit PNG with ids 0..10 and void 255, as
    `tools/dataset_converters/camvid.py` writes them: train 367, val 101,
    test 233 images. Frames follow each other closely, so the images of a
    split are alike.

    Source: Brostow et al., "Semantic object classes in video", PRL 2009;
    classes and splits of Badrinarayanan et al., "SegNet", TPAMI 2017.
    """

    METAINFO = dict(
        classes=(
            'sky',
            'building',
            'pole',
            'road',
            'pavement',
            'tree',
            'sign_symbol',
            'fence',
            'car',
            'pedestrian',
            'bicyclist',
        ),
        palette=[
            [128, 128, 128],
            [128, 0, 0],
            [192, 192, 128],
            [128, 64, 128],
            [60, 40, 222],
            [128, 128, 0],
            [192, 128, 128],
            [64, 64, 128],
            [64, 0, 128],
            [64, 64, 0],
            [0, 128, 192],
        ],
    )
