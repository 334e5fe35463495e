"""Models of shapes without values: on the meta device, wholly or in part."""

from contextlib import contextmanager

import pytest
import torch
from mmengine.analysis import get_model_complexity_info, parameter_count
from tiny_boxes import DINOV2_OF_8_BLOCKS, SWIN, estimator, segmentor
from torch import nn

from xnet_mm.models.classifier import where_it_lies

RESNET = dict(type='timm', model_name='resnet10t')
LITE = dict(type='timm', model_name='tf_efficientnet_lite0')
MODELS = {
    'convnext': segmentor,
    'swin': lambda: segmentor(SWIN, SWIN),
    'batch norm': lambda: segmentor(RESNET, LITE),
    'dinov2': lambda: segmentor(DINOV2_OF_8_BLOCKS),
    'depth': estimator,
}


@contextmanager
def empty_weights():
    """As accelerate's init_empty_weights: parameters only, one by one."""
    register = nn.Module.register_parameter

    def register_empty(module, name, parameter):
        register(module, name, parameter)
        if parameter is not None:
            module._parameters[name] = nn.Parameter(
                parameter.to('meta'), parameter.requires_grad
            )

    nn.Module.register_parameter = register_empty
    try:
        yield
    finally:
        nn.Module.register_parameter = register


@pytest.mark.parametrize(
    'context', [lambda: torch.device('meta'), empty_weights]
)
@pytest.mark.parametrize('build', MODELS.values(), ids=MODELS)
def test_models_are_built_without_values(build, context):
    wanted = build()
    with context():
        model = build()
    assert all(p.is_meta for p in model.parameters())
    if context is empty_weights:
        assert not any(b.is_meta for b in model.buffers())
    shapes = {n: t.shape for n, t in model.state_dict().items()}
    assert shapes == {n: t.shape for n, t in wanted.state_dict().items()}
    grads = [p.requires_grad for p in model.parameters()]
    assert grads == [p.requires_grad for p in wanted.parameters()]
    # As those do who build so: the values come from a checkpoint.
    model.load_state_dict(wanted.state_dict(), assign=True)
    for ours, theirs in zip(
        model.parameters(), wanted.parameters(), strict=True
    ):
        assert torch.equal(ours, theirs)


def test_mmengine_counts_a_model_built_without_values():
    wanted = sum(p.numel() for p in segmentor(RESNET, LITE).parameters())
    with torch.device('meta'):
        model = segmentor(RESNET, LITE).eval()
    assert parameter_count(model)[''] == wanted
    model.forward = model._forward
    model.to_empty(device='cpu')  # it traces, which PyTorch cannot on meta
    found = get_model_complexity_info(
        model, (3, 64, 96), show_table=False, show_arch=False
    )
    assert found['params'] == wanted
    assert found['flops'] > 0


def test_buffers_are_put_back_after_an_error():
    norm = nn.BatchNorm2d(2)
    norm.weight = nn.Parameter(norm.weight.to('meta'))
    mean = norm.running_mean
    with pytest.raises(ZeroDivisionError), where_it_lies(norm):
        assert norm.running_mean.is_meta
        assert torch.zeros(1).is_meta
        1 / 0  # noqa: B018
    assert norm.running_mean is mean
    assert not torch.zeros(1).is_meta
