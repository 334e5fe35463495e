"""Pre-trained weights for another img_size: by timm's rule, and accounted."""

import pytest
import timm
import torch
from timm.models import beit, maxxvit
from torch.testing import assert_close

from xnet_mm.models import PretrainedEncoder
from xnet_mm.models.positions import resample_positions

BEIT = dict(
    model_name='beit_base_patch16_224', embed_dim=24, depth=2, num_heads=2
)
HIERA = dict(
    model_name='hiera_tiny_224', embed_dim=16, stages=(1, 1, 1, 1), num_heads=1
)
COATNET = dict(model_name='coatnet_pico_rw_224')
MIXER = dict(model_name='mixer_s16_224')


def pretrained(options):
    """A state whose positions are not the zeros they start with."""
    torch.manual_seed(3)
    state = timm.create_model(**options).state_dict()
    for name, tensor in state.items():
        if 'bias_table' in name or 'pos_embed' in name:
            tensor.normal_()
    return state


def encoder(options, size, path):
    config = dict(options, type='timm', img_size=size)
    return PretrainedEncoder(config, weights=str(path))


@pytest.mark.parametrize(
    ('options', 'rule', 'resampled'),
    [
        (
            BEIT,
            beit.checkpoint_filter_fn,
            ['blocks.0.attn.relative_position_bias_table',
             'blocks.1.attn.relative_position_bias_table'],
        ),
        (HIERA, resample_positions, ['pos_embed']),
        (COATNET, maxxvit.checkpoint_filter_fn, None),
    ],
    ids=['beit', 'hiera', 'coatnet'],
)  # fmt: skip
def test_resampled_and_named(options, rule, resampled, tmp_path, logged):
    state, size = pretrained(options), (64, 96)
    torch.save(state, tmp_path / 'w.pth')
    module = encoder(options, size, tmp_path / 'w.pth')
    module.init_weights()
    native = timm.create_model(**options, img_size=size)
    wanted = rule(dict(state), native)
    own = module.encoder.state_dict()
    changed = []
    for name, ours in module.native_names.items():
        if name not in wanted:
            continue  # a buffer that timm computes
        assert_close(own[ours], wanted[name])
        if wanted[name].numel() != state[name].numel():
            changed.append(name)
    assert changed == (resampled or changed) != []
    total = len(module.native_names)
    assert f'{total} of {total} tensors from' in logged[0]
    assert f'; re-sampled: {changed[0]}' in logged[0]


def test_the_same_size_is_not_resampled(tmp_path, logged):
    state = pretrained(BEIT)
    torch.save(state, tmp_path / 'w.pth')
    module = encoder(BEIT, 224, tmp_path / 'w.pth')
    module.init_weights()
    own = module.encoder.state_dict()
    for name, ours in module.native_names.items():
        assert torch.equal(own[ours], state[name]), name
    assert 're-sampled' not in logged[0]


def test_the_hub_s_weights_are_resampled_alike(monkeypatch, logged):
    """They are fetched at their own size, and accounted as a file's are."""
    state, create, asked = pretrained(HIERA), timm.create_model, []

    def from_hub(*args, pretrained=False, **options):
        model = create(*args, **options)
        if pretrained:
            asked.append(options.get('img_size'))
            model.load_state_dict(state)
        return model

    module = encoder(HIERA, (64, 96), 'timm')
    monkeypatch.setattr(timm, 'create_model', from_hub)
    module.init_weights()
    assert asked == [None]
    native = create(**HIERA, img_size=(64, 96))
    wanted = resample_positions(state, native)['pos_embed']
    assert_close(module.encoder.pos_embed.data, wanted)
    assert logged[0].endswith('; re-sampled: pos_embed')


def test_what_cannot_be_resampled_says_what_to_do(tmp_path):
    """Mixer's layers over tokens."""
    torch.save(pretrained(MIXER), tmp_path / 'w.pth')
    module = encoder(MIXER, (64, 96), tmp_path / 'w.pth')
    before = {k: v.clone() for k, v in module.state_dict().items()}
    with pytest.raises(
        ValueError, match=r'(?s)fc1\.weight.* Leave it out, and'
    ):
        module.init_weights()
    assert all(
        torch.equal(v, before[k]) for k, v in module.state_dict().items()
    )


def test_a_tensor_in_several_places(tmp_path, logged):
    """CoaT's position encodings stand in each block, and on their own."""
    state = pretrained(dict(model_name='coat_tiny'))
    torch.save(state, tmp_path / 'w.pth')
    module = PretrainedEncoder('coat_tiny', weights=str(tmp_path / 'w.pth'))
    module.init_weights()
    own = module.encoder.state_dict()
    assert {*module.native_names.values()} == {*own}
    for name, ours in module.native_names.items():
        assert torch.equal(own[ours], state[name]), name
