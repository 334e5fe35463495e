"""tools/test.py with a segmentor, from the outside."""

import runpy
import shutil
import sys

import cv2
import numpy as np
import pytest
import tiny
import torch
from hostile_files import HOSTILE
from launches import REPO

from xnet_mm.fileio.checkpoint import load_checkpoint_file
from xnet_mm.visualization import SegPanelVisualizer


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return tiny.write_tiny_seg(tmp_path_factory.mktemp('seg'))


@pytest.fixture
def run(monkeypatch):
    """Run a tool of the repository, or any script, in this process."""
    monkeypatch.setenv('LOCAL_RANK', '0')  # the tools set it: undo that

    def run_tool(script, *args):
        # MMEngine keeps one visualiser of each name for the whole process.
        SegPanelVisualizer._instance_dict.clear()
        monkeypatch.setattr(sys, 'argv', [str(script), *map(str, args)])
        runpy.run_path(str(REPO / 'tools' / script), run_name='__main__')

    return run_tool


@pytest.fixture(scope='module')
def trained(root, tmp_path_factory):
    """Config and checkpoint of a tiny run."""
    folder = tmp_path_factory.mktemp('trained')
    config = tiny.write_tiny_config(folder / 'trained.py', root, iters=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            sys, 'argv', ['', str(config), '--work-dir', str(folder / 'work')]
        )
        patch.setenv('LOCAL_RANK', '0')
        runpy.run_path(str(REPO / 'tools/train.py'), run_name='__main__')
    return config, folder / 'work' / 'iter_2.pth'


@pytest.mark.parametrize('tta', [(), ('--tta',)])
def test_test_writes_table_labels_pictures(
    trained, tmp_path, run, capfd, root, tta
):
    config, checkpoint = trained
    own = tmp_path / f'test{len(tta)}.py'
    own.write_text(config.read_text())
    out, show = tmp_path / 'out', tmp_path / 'show'
    run(
        *('test.py', own, checkpoint, '--work-dir', tmp_path / 'work'),
        *('--out', out, '--show-dir', show, *tta),
    )
    printed = ''.join(capfd.readouterr())
    pictures = show / 'vis_data' / 'vis_image'
    assert '| class 2 |' in printed
    assert f'Pictures: {pictures}' in printed
    assert len(list(pictures.glob('test_*_*.png'))) == 6
    labels = cv2.imread(str(out / '0.png'), cv2.IMREAD_UNCHANGED)
    assert labels.shape == (48, 64)
    assert labels.dtype == np.uint8
    assert labels.max() < 3


def maps_below(folder):
    return {
        str(path.relative_to(folder)): cv2.imread(str(path), -1)
        for path in sorted(folder.rglob('*.png'))
    }


@pytest.mark.heavy
def test_ids_of_the_files_in_a_file_for_each_image(
    trained, tmp_path, run, root, capfd
):
    """Folders, suffixes and reduce_zero_label of the user's own data."""
    config, checkpoint = trained
    for i, name in enumerate(['s/0.png', 't/0.png', 's/0.bmp', 's/1.png']):
        for kind, suffix in (('images', name[-4:]), ('labels', '.png')):
            target = tmp_path / kind / f'{name[:-4]}{suffix}'
            target.parent.mkdir(parents=True, exist_ok=True)
            array = cv2.imread(str(root / kind / f'{i}.png'), -1)
            cv2.imwrite(str(target), array)
    found = {}
    for reduce, zeros in ((False, ''), (True, 'reduce_zero_label=True')):
        own = tmp_path / f'own{reduce}.py'
        own.write_text(
            config.read_text()
            + f"""
test_dataloader['dataset'] = dict(type='ConcatDataset', datasets=[dict(
    data, img_suffix=suffix, data_root={str(tmp_path)!r},
    pipeline=test_pipeline, {zeros}) for suffix in ('.png', '.bmp')])
"""
        )
        out = tmp_path / f'out{reduce}'
        run('test.py', own, checkpoint, '--work-dir', tmp_path, '--out', out)
        found[reduce] = maps_below(out)
    assert (
        [*found[True]]
        == [*found[False]]
        == [
            *('s/0.bmp.png', 's/0.png.png', 's/1.png', 't/0.png'),
        ]
    )
    for name, labels in found[False].items():
        assert labels.shape == (48, 64)
        np.testing.assert_array_equal(found[True][name], labels + 1)
    # An image has one prediction, whatever it is called and where it lies.
    out = tmp_path / 'flat'
    run('test.py', config, checkpoint, '--work-dir', tmp_path, '--out', out)
    flat = maps_below(out)
    for name, number in (('s/0.png.png', 0), ('t/0.png', 1), ('s/1.png', 3)):
        np.testing.assert_array_equal(
            found[False][name], flat[f'{number}.png']
        )


@pytest.mark.parametrize('kept', [(), (1, 4)])
def test_images_without_labels_are_predicted(
    trained, tmp_path, run, root, capfd, kept
):
    config, checkpoint = trained
    shutil.copytree(root, tmp_path / 'data')
    for i in {*range(6)} - {*kept}:
        (tmp_path / 'data/labels' / f'{i}.png').unlink()
    own = tmp_path / 'own.py'
    own.write_text(
        config.read_text()
        + f"""
test_dataloader['dataset'] = dict(
    data, type='xnet_mm.FolderSegDataset', test_mode=True,
    data_root={str(tmp_path / 'data')!r}, pipeline=test_pipeline)
"""
    )
    out, show = tmp_path / 'out', tmp_path / 'show'
    run(
        *('test.py', own, checkpoint, '--work-dir', tmp_path / 'work'),
        *('--out', out, '--show-dir', show),
    )
    printed = ''.join(capfd.readouterr())
    assert [*maps_below(out)] == [f'{i}.png' for i in range(6)]
    assert len([*show.rglob('*.png')]) == 6
    if kept:
        assert '| class 2 |' in printed
        assert 'Evaluated on 2 of 6 images: the others have no' in printed
    else:
        assert '| class 2 |' not in printed and 'nan' not in printed
        assert 'No label map for any of the 6 images' in printed


def test_a_model_of_another_number_of_classes_than_the_data(
    trained, tmp_path, run
):
    config, checkpoint = trained
    own = tmp_path / 'own.py'
    own.write_text(
        config.read_text()
        + "test_dataloader['dataset']['metainfo'] = dict(classes=('a', 'b'))"
    )
    wanted = 'classes: 3 in the checkpoint, 2 in the data set'
    with pytest.raises((SystemExit, ValueError), match=wanted):
        run('test.py', own, checkpoint, '--work-dir', tmp_path)


def test_missing_checkpoint(trained, run):
    with pytest.raises(SystemExit, match=r'checkpoint not found: no\.pth'):
        run('test.py', trained[0], 'no.pth')


def test_another_checkpoint_is_refused_before_data_is_read(
    trained, tmp_path, run
):
    _, checkpoint = trained
    other = tiny.write_tiny_config(
        tmp_path / 'other.py', tmp_path / 'no_data', num_classes=5
    )
    work = ('--work-dir', tmp_path / 'work')
    wrong = (SystemExit, ValueError)
    with pytest.raises(wrong, match='was 3 in training, is 5 now'):
        run('test.py', other, checkpoint, *work)
    bare = tmp_path / 'bare.pth'
    torch.save(load_checkpoint_file(checkpoint)['state_dict'], bare)
    with pytest.raises(wrong, match=r'\(3, 8, 1, 1\), wanted \(5, 8, 1, 1\)'):
        run('test.py', other, bare, *work)


def test_a_checkpoint_and_a_config_run_no_code(trained, tmp_path, run):
    config, _ = trained
    evil, marker = tmp_path / 'evil.pth', tmp_path / 'marker'
    HOSTILE['system'](evil, marker)
    wrong = (SystemExit, ValueError)
    for command in (
        ('test.py', config, evil),
        ('train.py', config, '--resume', evil),
    ):
        with pytest.raises(wrong, match=r'asks for posix\.system'):
            run(*command, '--work-dir', tmp_path / 'work')
    data = tmp_path / 'evil.yml'
    data.write_text(f'a: !!python/object/apply:os.system ["touch {marker}"]')
    with pytest.raises(wrong, match=r'evil\.yml.*the tag !!python/'):
        run('test.py', data, evil)
    assert not marker.exists()
