"""Evaluates five images in as many processes as torchrun started."""

import json
import sys
from pathlib import Path

import torch
from mmengine.dist import all_gather_object, is_main_process
from mmengine.evaluator import Evaluator
from torch.utils.data import DataLoader, Dataset

from xnet_mm.engine.launch import process_group_closed


class FiveImages(Dataset):
    """Predictions and ground truth; the fourth has none."""

    def __len__(self):
        return 5

    def __getitem__(self, index):
        generator = torch.Generator().manual_seed(index)
        gt = torch.rand(1, 4, 6, generator=generator) * 11
        pred = gt * (1 + 0.1 * torch.rand(gt.shape, generator=generator))
        sample = dict(img_path=f'{index}.png', pred_depth_map=dict(data=pred))
        if index != 3:
            sample['gt_depth_map'] = dict(data=gt)
        return sample


def evaluate(output_dir, counts=None):
    """Figures of all five images, in every process."""
    from mmengine.dataset import DefaultSampler

    data = FiveImages()
    evaluator = Evaluator(
        [
            dict(type='xnet_mm.DepthProtocolMetric'),
            dict(type='xnet_mm.KITTISubmission', output_dir=str(output_dir)),
        ]
    )
    evaluator.dataset_meta = dict(max_depth=10.0)
    sampler = DefaultSampler(data, shuffle=False)
    for batch in DataLoader(
        data, batch_size=2, sampler=sampler, collate_fn=list
    ):
        evaluator.process(batch)
    if counts is not None:
        counts += all_gather_object(len(evaluator.metrics[0].results))
    return evaluator.evaluate(len(data))


@process_group_closed()
def main():
    torch.distributed.init_process_group('gloo')
    target, counts = Path(sys.argv[1]), []
    figures = evaluate(target, counts)
    if is_main_process():
        content = json.dumps(dict(figures=figures, processed=counts))
        target.with_suffix('.json').write_text(content)


if __name__ == '__main__':
    main()
