"""Where heads, data and metrics disagree on classes and ids.

Each function says what differs and how to mend it, or '' where nothing does.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import mmseg
import numpy as np
import torch
from mmseg.datasets.transforms import LoadAnnotations
from mmseg.models.losses import CrossEntropyLoss
from PIL import Image
from torch import nn

from ..datasets import FolderSegDataset
from ..datasets.label_check import BROKEN, TWO_CLASSES
from ..datasets.label_ids import IGNORED, describe_too_many
from ..evaluation import LabelledEvaluator

# Of mmseg: those that have no `use_sigmoid` and take a softmax.
SOFTMAX_LOSSES = ('OhemCrossEntropy', 'TverskyLoss', 'HuasdorffDisstanceLoss')
NUM_OPENED = 8  # files of a data set: they are of one kind


def heads(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Each head with its name in a config."""
    for name in ('decode_head', 'auxiliary_head'):
        head = getattr(model, name, None)
        if isinstance(head, nn.ModuleList | list | tuple):
            yield from ((f'{name}[{i}]', one) for i, one in enumerate(head))
        elif head is not None:
            yield name, head


def compare_counts(
    model: nn.Module, classes: Sequence[str], split: str
) -> str:
    """Each head's number of classes and the data's; one is too few."""
    names = ', '.join(classes[:12]) + (', ...' * (len(classes) > 12))
    counts = [('decode_head', getattr(model, 'num_classes', None))]
    for name, head in heads(model):
        counts.append((name, getattr(head, 'num_classes', None)))
    for name, count in counts:
        if count is not None and count != len(classes):
            return (
                f'The head has num_classes={count}, the {split} data '
                f'{len(classes)} classes ({names}). Set '
                f'model.{name}.num_classes={len(classes)} (and that of each '
                'other head), or mend the classes in the metainfo of the '
                'data set.'
            )
        if count == 1:
            return (
                f'model.{name}.num_classes=1: one class ({names}) is right '
                'everywhere, so nothing is learnt (the loss is 0 from the '
                f'start). Name what it is not, too: {TWO_CLASSES}, without '
                'reduce_zero_label.'
            )
    return ''


def compare_outputs(model: nn.Module) -> str:
    """A head with one output needs a sigmoid."""
    for name, head in heads(model):
        losses = getattr(head, 'loss_decode', None)
        if getattr(head, 'out_channels', None) != 1 or losses is None:
            continue
        for loss in losses if isinstance(losses, nn.ModuleList) else [losses]:
            kind = type(loss).__name__
            if not getattr(loss, 'use_sigmoid', kind not in SOFTMAX_LOSSES):
                return (
                    f'model.{name} has out_channels=1 and {kind} with a '
                    'softmax, which is 1 everywhere: nothing is learnt. '
                    'Leave out_channels out, or set use_sigmoid=True in '
                    'loss_decode.'
                )
    return ''


def compare_weights(model: nn.Module) -> str:
    """Class weights that are not one a class, or that mmseg cannot use."""
    for name, head in heads(model):
        losses = getattr(head, 'loss_decode', None)
        if losses is not None:
            count, option = getattr(head, 'out_channels', None), 'loss_decode'
            classes = f'{count} outputs'
        else:  # Mask2Former: the last is 'no object'
            losses, option = getattr(head, 'loss_cls', None), 'loss_cls'
            count = getattr(head, 'num_classes', -1) + 1
            classes = f'{count - 1} classes and one more for none of them'
        for loss in losses if isinstance(losses, nn.ModuleList) else [losses]:
            weights = getattr(loss, 'class_weight', None)
            if not isinstance(weights, Sequence | np.ndarray):
                continue
            if len(weights) != count:
                return (
                    f'model.{name}.{option} has a class_weight of '
                    f'{len(weights)} numbers, the head has {classes}. Write '
                    'one number for each, or class_weight=None.'
                )
            if type(loss) is CrossEntropyLoss and fails_at_ignored(loss):
                return (
                    f'model.{name}.{option} is a CrossEntropyLoss with '
                    'class_weight, which ends with an IndexError at the first '
                    'ignored pixel in this MMSegmentation '
                    f"({mmseg.__version__}). Write type='xnet_mm."
                    "WeightedCrossEntropyLoss', with the same options."
                )
    return ''


def fails_at_ignored(loss: CrossEntropyLoss) -> bool:
    """Whether it looks up the class weight of ignored pixels."""
    if loss.use_sigmoid or loss.use_mask:
        return False
    logits = torch.zeros(1, len(loss.class_weight), 1, 1)
    label = torch.full((1, 1, 1), IGNORED)
    try:
        loss(logits, label, ignore_index=IGNORED)
    except IndexError:
        return True
    return False


def compare_width(dataset: Any, split: str) -> str:
    """Classes that 8 bits do not hold, if the pipeline loads in 8 bits."""
    classes = getattr(dataset, 'metainfo', {}).get('classes') or ()
    if not any(
        isinstance(step, LoadAnnotations) for step in transforms(dataset)
    ):
        return ''
    reduced = getattr(dataset, 'reduce_zero_label', False)
    problem = describe_too_many(len(classes), reduced)
    return problem and f'The {split} data have {problem}.'


def compare_files(dataset: Any, split: str) -> str:
    """Files wider than 8 bits where mmseg's own loader casts to 8 bits."""
    if not any(type(step) is LoadAnnotations for step in transforms(dataset)):
        return ''
    count = len(dataset)
    for i in range(0, count, max(1, count // NUM_OPENED)):
        path = dataset.get_data_info(i).get('seg_map_path')
        try:
            with Image.open(path) as label:
                mode = label.mode
        except (*BROKEN, AttributeError):  # not local, or not there
            continue
        if mode.startswith(('I', 'F')):
            return (
                f'{path}: {mode!r} is wider than 8 bits, to which '
                f'LoadAnnotations casts: id 256 of the {split} data would '
                "be 0, and 300 be 44. Write type='xnet_mm.LoadLabels' for it "
                'in the pipeline: that takes what fits, and refuses the rest.'
            )
    return ''


def compare_ignored(
    model: nn.Module, dataset: Any, split: str, metrics: tuple
) -> str:
    """Which of heads, metrics and padding ignore another id than the data."""
    wanted = getattr(dataset, 'ignore_index', None)
    if wanted is None:
        return ''
    kind = type(dataset).__name__
    ours = isinstance(dataset, FolderSegDataset)
    wanted = IGNORED if ours else wanted
    named = [
        (f'model.{name}.ignore_index', getattr(head, 'ignore_index', None))
        for name, head in heads(model)
    ]
    for metric in metrics:
        key = f'ignore_index of {type(metric).__name__}'
        named.append((key, getattr(metric, 'ignore_index', None)))
    for step in transforms(dataset):
        key = f'seg_pad_val of {type(step).__name__}'
        padded = getattr(step, 'pad_val', None)
        inside = padded.get('seg') if isinstance(padded, dict) else None
        named.append((key, getattr(step, 'seg_pad_val', inside)))
    preprocessor = getattr(model, 'data_preprocessor', None)
    if split == 'training' and (
        getattr(preprocessor, 'size', None)
        or getattr(preprocessor, 'size_divisor', None)
    ):
        padded = getattr(preprocessor, 'seg_pad_val', None)
        named.append(('model.data_preprocessor.seg_pad_val', padded))
    other = [
        f'{name}={value}'
        for name, value in named
        if value is not None and value != wanted
    ]
    if not other:
        return ''
    return (
        f'The {split} data ({kind}) have {wanted} where a pixel does not '
        f'count, but {", ".join(other)}: such pixels would be trained or '
        'scored. '
        + (
            f'{kind} loads its ignore_index as {IGNORED}: leave the others '
            'as they are by default.'
            if ours
            else f'Set all of them to one value. ({IGNORED} is the default '
            'of all; xnet_mm.FolderSegDataset turns any ignore_index into it.)'
        )
    )


def compare_labelled(dataset: Any, split: str, evaluator: Any = None) -> str:
    """Images without a label map, where something needs one."""
    if not isinstance(dataset, FolderSegDataset) or not dataset.test_mode:
        return ''  # it wants them all
    missing = sum(
        dataset.get_data_info(i).get('seg_map_path') is None
        for i in range(len(dataset))
    )
    metrics = getattr(evaluator, 'metrics', [None])
    if (
        not missing
        or isinstance(evaluator, LabelledEvaluator)
        or all(getattr(metric, 'format_only', False) for metric in metrics)
    ):
        return ''
    return (
        f'{missing} of {len(dataset)} images of the {split} data have no '
        'label map, which test_mode=True allows. tools/test.py leaves them '
        "out of the metrics; a config does by dict(type='xnet_mm."
        "LabelledEvaluator', metrics=...) as its evaluator. To train they "
        'have to be labelled.'
    )


def compare_names(train: Any, val: Any) -> str:
    """The same class names in another order are a mistake; '' if not."""
    first, second = (
        [*(getattr(data, 'metainfo', {}).get('classes') or ())]
        for data in (train, val)
    )
    if first == second or sorted(first) != sorted(second):
        return ''
    return (
        'The training and the validation data have the same classes in '
        f'another order ({", ".join(first)}; {", ".join(second)}): ids would '
        'mean different things. Use one order.'
    )


def transforms(dataset: Any) -> Iterator[Any]:
    """All transforms of a data set's pipeline, those inside of others too."""
    steps = [getattr(dataset, 'pipeline', None)]
    while steps:
        step = steps.pop()
        if step is None:
            continue
        yield step
        for name in ('transforms', 'subroutines'):
            inner = getattr(step, name, ())
            if isinstance(inner, list | tuple):
                steps += inner
            elif inner is not None:
                steps.append(inner)
