"""Files of a test run: none is lost, wherever the images come from."""

from types import SimpleNamespace as Fake

import pytest
from mmengine.dataset import BaseDataset, ConcatDataset, RepeatDataset
from mmengine.structures import BaseDataElement

from xnet_mm.engine.save_hook import SaveHook


class Listed(BaseDataset):
    """Images of these names below one folder."""

    def __init__(self, folder, *names):
        self.names = names
        super().__init__(data_prefix=dict(img_path=str(folder)))

    def load_data_list(self):
        folder = self.data_prefix['img_path']
        return [dict(img_path=f'{folder}/{name}') for name in self.names]


class Plain(SaveHook):
    """Writes which image it was."""

    key = 'it'

    def encode(self, sample, dataset):
        return f'{sample.img_path} of {dataset.names[0]}'.encode()


def written(tmp_path, dataset, *paths):
    """File -> content, of a test with these images in two batches."""
    runner = Fake(test_dataloader=Fake(dataset=dataset))
    hook = Plain(str(tmp_path / 'out'))
    hook.before_test(runner)
    samples = [
        BaseDataElement(metainfo=dict(img_path=path), it=1) for path in paths
    ]
    hook.after_test_iter(runner, 0, {}, samples[:1])
    hook.after_test_iter(runner, 1, {}, samples[1:])
    out = tmp_path / 'out'
    return {
        str(path.relative_to(out)): path.read_text()
        for path in out.rglob('*.*')
    }


@pytest.mark.parametrize(
    ('names', 'files'),
    [
        # four images in two folders are four files
        (
            ['s/0.png', 's/1.png', 't/0.png', 't/1.png'],
            ['s/0.png', 's/1.png', 't/0.png', 't/1.png'],
        ),
        (['a.jpg', 'a.png'], ['a.jpg.png', 'a.png.png']),
        (
            ['a.jpg', 'a.png', 'a.jpg.png', 'b.c.jpg'],
            ['a.jpg.png', 'a.png.png', 'a.jpg.png.png', 'b.c.png'],
        ),
        # one city only: the folder stays
        (['ulm/0.png'], ['ulm/0.png']),
    ],
)
def test_every_image_has_its_file(tmp_path, names, files):
    dataset = Listed('data/rgb', *names)
    paths = [f'data/rgb/{name}' for name in names]
    found = written(tmp_path, dataset, *paths, paths[0])  # a padded batch
    assert found == {
        file: f'{path} of {names[0]}'
        for file, path in zip(files, paths, strict=True)
    }


def test_equal_names_of_two_data_sets(tmp_path):
    joined = ConcatDataset(
        [Listed('data/a/rgb', '0.jpg'), Listed('data/b/rgb', '0.jpg', '1.jpg')]
    )
    paths = ['data/a/rgb/0.jpg', 'data/b/rgb/0.jpg', 'data/b/rgb/1.jpg']
    assert written(tmp_path, joined, *paths) == {
        'a/rgb/0.png': 'data/a/rgb/0.jpg of 0.jpg',
        'b/rgb/0.png': 'data/b/rgb/0.jpg of 0.jpg',
        'b/rgb/1.png': 'data/b/rgb/1.jpg of 0.jpg',
    }


def test_names_do_not_hang_on_wrappers(tmp_path):
    repeated = RepeatDataset(Listed('/data/rgb', 'd/0.jpg', 'd/0.png'), 2)
    assert written(tmp_path, repeated, '/data/rgb/d/0.png') == {
        'd/0.png.png': '/data/rgb/d/0.png of d/0.jpg'
    }


def test_what_the_model_does_not_predict(tmp_path):
    runner = Fake(test_dataloader=Fake(dataset=Listed('a', '0.jpg')))
    hook = Plain(str(tmp_path))
    hook.before_test(runner)
    sample = BaseDataElement(metainfo=dict(img_path='a/0.jpg'), other=1)
    with pytest.raises(ValueError, match=r"Plain needs `it`.*\['other'\]"):
        hook.after_test_iter(runner, 0, {}, [sample])
    with pytest.raises(NotImplementedError):
        SaveHook('').encode(sample, None)
