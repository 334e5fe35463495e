"""Where a run goes on, and whether the checkpoint has all that it needs."""

import pytest
import torch

from xnet_mm.fileio.resuming import check_resumable, last_checkpoint


def test_the_pointer_names_the_checkpoint(tmp_path):
    assert last_checkpoint(tmp_path) is None
    checkpoint = tmp_path / 'iter_4.pth'
    checkpoint.touch()
    for text in (str(checkpoint), f'  {checkpoint}\n'):
        (tmp_path / 'last_checkpoint').write_text(text)
        assert last_checkpoint(tmp_path) == str(checkpoint)
    (tmp_path / 'last_checkpoint').write_text('s3://bucket/iter_4.pth')
    assert last_checkpoint(tmp_path) == 's3://bucket/iter_4.pth'


@pytest.mark.parametrize('kept', [True, False])
def test_a_folder_that_was_moved_or_copied_means_its_own(tmp_path, kept):
    old, new = tmp_path / 'old', tmp_path / 'new'
    for folder in (old, new):
        folder.mkdir()
        (folder / 'iter_4.pth').touch()
        (folder / 'last_checkpoint').write_text(str(old / 'iter_4.pth'))
    if not kept:
        (old / 'iter_4.pth').unlink()
    assert last_checkpoint(new) == str(new / 'iter_4.pth')
    (new / 'iter_4.pth').unlink()
    if kept:  # checkpoints in a folder of their own: `out_dir`
        assert last_checkpoint(new) == str(old / 'iter_4.pth')


@pytest.mark.parametrize(
    ('content', 'text'),
    [
        (b'', 'last_checkpoint is empty'),
        (b' \n', 'last_checkpoint is empty'),
        (b'\xff\xfe', 'last_checkpoint cannot be read'),
        (b'/gone/iter_8.pth', "names '/gone/iter_8.pth', and there is no"),
        (b'a\0b', 'there is no such file'),
        (b'x' * 9999, 'there is no such file'),
        (b'/', "names '/', and there is no such file"),
        (b'~nobody/a.pth', 'there is no such file'),
    ],
)
def test_a_damaged_pointer_is_an_error(tmp_path, content, text):
    (tmp_path / 'iter_4.pth').touch()
    (tmp_path / 'last_checkpoint').write_bytes(content)
    with pytest.raises(ValueError, match=text) as error:
        last_checkpoint(tmp_path)
    assert 'The folder holds iter_4.pth: resume from' in str(error.value)


def test_a_folder_without_checkpoints_says_so(tmp_path):
    (tmp_path / 'last_checkpoint').mkdir()
    with pytest.raises(ValueError, match='The folder holds no checkpoint'):
        last_checkpoint(tmp_path)


def whole(**parts):
    groups = dict(state={}, param_groups=[])
    hub = dict(log_scalars={}, runtime_info={}, resumed_keys={})
    return dict(
        meta=dict(epoch=0, iter=3, seed=None),
        state_dict=dict(w=torch.ones(1)),
        optimizer=groups,
        message_hub=hub,
        **parts,
    )


def test_a_whole_state_is_resumed():
    check_resumable(whole(), 'a.pth', False)
    check_resumable(whole(param_schedulers=[]), 'a.pth', True)
    several = whole()
    several['optimizer'] = dict(a=several['optimizer'])  # OptimWrapperDict
    check_resumable(several, 'a.pth', False)


@pytest.mark.parametrize(
    ('part', 'value', 'text'),
    [
        ('meta', [], 'its meta is of type list'),
        ('meta', dict(epoch=0, iter=-1), r"meta\['iter'\] is -1"),
        ('meta', dict(epoch=True, iter=1), r"meta\['epoch'\] is True"),
        ('optimizer', dict(state={}), 'no param_groups'),
        ('message_hub', dict(log_scalars=[]), 'log_scalars.* is no dict'),
        (
            'message_hub',
            dict(
                log_scalars={},
                resumed_keys={},
                runtime_info=dict(keep_ckpt_ids=['/../../a', 3]),
            ),
            r"keep_ckpt_ids are \['/\.\./\.\./a', 3\], wanted numbers",
        ),
        ('param_schedulers', 3, 'its param_schedulers is of type int'),
    ],
)
def test_what_is_wrong_is_named(part, value, text):
    content = whole(param_schedulers=[])
    content[part] = value
    with pytest.raises(ValueError, match=text) as error:
        check_resumable(content, 'a.pth', True)
    assert 'a.pth cannot be resumed' in str(error.value)
    assert 'set load_from' in str(error.value)
