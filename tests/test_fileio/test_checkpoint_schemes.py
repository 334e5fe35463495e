"""MMEngine's and MMSegmentation's own tools read by our reader."""

import copy
from pathlib import Path

import pytest
import tiny
import torch
from hostile_files import DAMAGED, HOSTILE
from mmengine.runner.checkpoint import CheckpointLoader
from mmseg.apis import MMSegInferencer, init_model

from xnet_mm.fileio import checkpoint_schemes
from xnet_mm.fileio.checkpoint_schemes import LOADERS


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    return tiny.train(tmp_path_factory.mktemp('trained'))


@pytest.fixture
def case(trained, tmp_path):
    return tiny.copy_of(trained, tmp_path)


@pytest.mark.parametrize('way', ['load_from', 'resume', 'auto', 'init_model'])
def test_no_stranger_runs_code(case, tmp_path, way):
    """Each way of MMEngine's and MMSegmentation's own to read one."""
    cfg, content = case
    marker = tmp_path / 'marker'
    HOSTILE['system'](cfg.load_from, marker)
    with pytest.raises(ValueError, match=r'it asks for posix\.system'):
        open_by(way, cfg)
    text = f'import os\nos.system("touch {marker}")\n'
    content['meta'] |= dict(config=text, cfg=text)
    torch.save(content, cfg.load_from)
    open_by(way, cfg)
    assert not marker.exists()


@pytest.mark.parametrize('kind', ['empty', 'text', 'tensor', 'cut', 'list'])
def test_stock_tools_say_what_is_damaged(case, kind):
    cfg, _ = case
    DAMAGED[kind][0](cfg.load_from)
    with pytest.raises(ValueError, match=DAMAGED[kind][1]):
        open_by('init_model', cfg)


def open_by(way, cfg):
    cfg = copy.deepcopy(cfg)
    if way == 'init_model':
        return init_model(cfg, cfg.load_from, 'cpu')
    cfg.resume = way != 'load_from'
    if way == 'auto':
        work = Path(cfg.work_dir)
        work.mkdir(exist_ok=True)
        (work / 'last_checkpoint').write_text(cfg.load_from)
        cfg.load_from = None
    return tiny.run(cfg).train()


def test_pretrained_parts_are_read_by_it_too(case, tmp_path):
    cfg, _ = case
    HOSTILE['system'](tmp_path / 'evil.pth', tmp_path / 'marker')
    cfg.model.backbone.init_cfg = dict(
        type='Pretrained', checkpoint=str(tmp_path / 'evil.pth')
    )
    cfg.load_from = None
    with pytest.raises(ValueError, match=r'evil\.pth was refused'):
        tiny.run(cfg).train()
    assert not (tmp_path / 'marker').exists()


def test_an_inferencer_runs_no_config_of_a_stranger(case, tmp_path):
    cfg, content = case
    marker = tmp_path / 'marker'
    for text in (
        f'import os\nos.system("touch {marker}")\n',
        f'model = dict(type="os.system", command="touch {marker}")\n',
        f'model = dict(type="mmengine.utils.call_command", cmd=["touch", '
        f'"{marker}"])\n',
    ):
        content['meta']['cfg'] = text
        content['message_hub']['runtime_info']['cfg'] = text
        torch.save(content, cfg.load_from)
        with pytest.raises(ValueError, match='Cannot find the config'):
            MMSegInferencer(None, weights=cfg.load_from, device='cpu')
    assert not marker.exists()


@pytest.mark.parametrize('path', [
    'http://h/a.pth', 'https://h/a.pth', 's3://b/a.pth', 'x:s3://b/a.pth',
    'petrel://b/a.pth', 'torchvision://resnet18', 'modelzoo://resnet18',
    'open-mmlab://vgg16_caffe', 'openmmlab://vgg16_caffe', 'mmcls://vgg11',
    'pavi://a', '/a.pth', '',
])  # fmt: skip
def test_every_scheme_of_mmengine_is_ours(path):
    loader = CheckpointLoader._get_checkpoint_loader(path)
    assert loader in LOADERS.values()
    assert loader.__module__ == checkpoint_schemes.__name__
    known = {p for prefixes in LOADERS for p in prefixes}
    assert known == CheckpointLoader._schemes.keys()


def test_names_are_looked_up_and_read_by_it(tmp_path, monkeypatch):
    asked = []
    state = {'backbone.w': torch.ones(1), 'head.w': torch.ones(1)}
    torch.save(dict(state_dict=state), tmp_path / 'a.pth')

    def cached_download(url):
        asked.append(url)
        return tmp_path / 'a.pth'

    monkeypatch.setattr(checkpoint_schemes, 'cached_download', cached_download)
    load = CheckpointLoader.load_checkpoint
    for name in ('open-mmlab://vgg16_caffe', 'torchvision://resnet18'):
        assert load(name)['state_dict'].keys() == state.keys()
    assert load('mmcls://vgg11')['state_dict'].keys() == {'w'}
    assert all(url.startswith('https://') for url in asked)
    assert len(asked) == 3
    for name in ('open-mmlab://no', 'torchvision://no', 'mmcls://no'):
        with pytest.raises(ValueError, match='knows no such model'):
            load(name)
    with pytest.raises(ValueError, match='Download the file'):
        load('pavi://a')


def test_bytes_of_a_backend_are_read_by_it(tmp_path, monkeypatch):
    class Backend:
        def get(self, path):
            return Path(tmp_path / 'a.pth').read_bytes()

    monkeypatch.setattr(
        checkpoint_schemes, 'get_file_backend', lambda *_, **__: Backend()
    )
    torch.save(dict(w=torch.ones(1)), tmp_path / 'a.pth')
    assert CheckpointLoader.load_checkpoint('s3://b/a.pth')['w'] == 1
    HOSTILE['system'](tmp_path / 'a.pth', tmp_path / 'marker')
    with pytest.raises(ValueError, match=r's3://b/a\.pth was refused'):
        CheckpointLoader.load_checkpoint('s3://b/a.pth')
