"""Where a classifier can be cut into a stem and four stages, by its names."""

from itertools import pairwise

from torch import nn

FAMILIES = (
    'ConvNeXt and ConvNeXt V2 (timm; mmpretrain by config), Swin, Swin V2, '
    'ResNet, EfficientNet and EfficientNet-Lite, and any other timm model '
    'whose `feature_info` names four stages of strides 4, 8, 16, 32 that '
    'run one after the other'
)


class NotAHierarchyError(ValueError):
    """The classifier has no stem and four stages that could be told apart."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f'{name} cannot serve as a decoder: {reason}. What can: '
            f'{FAMILIES}.'
        )


def split_timm(name: str, model: nn.Module) -> list[list[str]]:
    """Split a timm model by its `feature_info`.

    Args:
        name: of the model, for the error.
        model: timm's.

    Returns:
        Five lists of names of submodules, in the order they run: the stem,
        stages 1 to 4.

    Raises:
        NotAHierarchyError: there are no four stages of strides 4, 8, 16 and
            32, or they are not children of one module, after a stem.
    """
    info = [dict(f) for f in getattr(model, 'feature_info', [])]
    last: dict[int, str] = {f['reduction']: f['module'] for f in info}
    strides = (4, 8, 16, 32)
    if not {*strides} <= {*last} or len(last) != len(info):
        raise NotAHierarchyError(
            name,
            f'timm lists features of strides {[f["reduction"] for f in info]}',
        )
    ends = [last[stride] for stride in strides]
    # Registration order is running order in timm; `Hierarchy` verifies it.
    units = []
    for child_name, child in model.named_children():
        if any(end.startswith(f'{child_name}.') for end in ends):
            units += [f'{child_name}.{n}' for n, _ in child.named_children()]
        else:
            units.append(child_name)
    container = ends[0].split('.')[0]
    starts = [i for i, u in enumerate(units) if u.split('.')[0] == container]
    if not set(ends) <= set(units) or not starts or not starts[0]:
        raise NotAHierarchyError(
            name, f'its stages {ends} are nested or have no stem before them'
        )
    cuts = [0, starts[0], *(units.index(end) + 1 for end in ends)]
    parts = [units[a:b] for a, b in pairwise(cuts)]
    if not all(parts):
        raise NotAHierarchyError(name, f'its stages {ends} stand in no order')
    return parts


def split_mmpretrain(name: str, model: nn.Module) -> list[list[str]]:
    """Split mmpretrain's ConvNeXt, likewise.

    Raises:
        NotAHierarchyError: it is another model.
    """
    if not hasattr(model, 'downsample_layers'):
        raise NotAHierarchyError(name, 'it is not mmpretrain.ConvNeXt')
    later = [[f'downsample_layers.{i}', f'stages.{i}'] for i in (1, 2, 3)]
    return [['downsample_layers.0'], ['stages.0'], *later]
