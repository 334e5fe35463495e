"""TensorBoard, W&B and MLflow get our pictures and a run's figures.

The packages are not of the test environment: what is not there is skipped.
"""

import json

import cv2
import numpy as np
import pytest
from config_files import load
from doc_examples import example_with
from mmengine.config import Config
from mmengine.registry import VISBACKENDS
from mmengine.runner import Runner
from tiny import run, write_tiny_config, write_tiny_seg
from tiny_depth import write_run

CAMVID = 'camvid/xnet_effnet-lite0_effnet-lite0_1xb4-2k_camvid-192x256.py'
EXTRA = """
default_hooks['visualization'].update(draw=True, interval=1)
vis_backends = [dict(type='LocalVisBackend'), dict({backend})]
visualizer = dict(type='xnet_mm.SegPanelVisualizer', vis_backends=vis_backends)
"""


def train(folder, **backend):
    """Train two iterations and validate; pictures by name, figures by step."""
    path = write_tiny_config(
        folder / 'config.py',
        write_tiny_seg(folder / 'data', num=2),
        iters=2,
        extra=EXTRA.format(
            backend=', '.join(f'{k}={v!r}' for k, v in backend.items())
        ),
    )
    cfg = Config.fromfile(path)
    cfg.work_dir = str(folder / 'work')
    run(cfg).train()
    return what_was_drawn(folder / 'work')


def test_depth(folder, **backend):
    """Test a depth model; pictures by name, and no figures."""
    config, checkpoint = write_run(folder)
    cfg = Config.fromfile(config)
    cfg.load_from, cfg.work_dir = str(checkpoint), str(folder / 'work')
    cfg.vis_backends = [dict(type='LocalVisBackend'), backend]
    cfg.visualizer.vis_backends = cfg.vis_backends
    cfg.default_hooks.visualization.update(draw=True, interval=1)
    cfg.experiment_name = folder.name
    Runner.from_cfg(cfg).test()
    return what_was_drawn(folder / 'work')


test_depth.__test__ = False


def what_was_drawn(work_dir):
    pictures = {
        path.name: cv2.imread(str(path))[..., ::-1]
        for path in work_dir.rglob('vis_image/*.png')
    }
    assert pictures
    figures = {}
    for path in work_dir.rglob('vis_data/scalars.json'):
        for line in map(json.loads, path.read_text().splitlines()):
            step = line.pop('step')
            figures.update({(key, step): line[key] for key in line})
    return pictures, figures


RUNS = pytest.mark.parametrize('drive', [train, test_depth])


@RUNS
def test_tensorboard(drive, tmp_path):
    pytest.importorskip('tensorboard')
    from tensorboard.backend.event_processing import event_accumulator

    pictures, figures = drive(tmp_path, type='TensorboardVisBackend')
    (events,) = tmp_path.rglob('events*')
    found = event_accumulator.EventAccumulator(
        str(events), size_guidance={'images': 0, 'scalars': 0}
    )
    found.Reload()
    shown = {}
    for tag in found.Tags()['images']:
        for event in found.Images(tag):
            data = np.frombuffer(event.encoded_image_string, np.uint8)
            picture = cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]
            shown[f'{tag}_{event.step}.png'] = picture
    assert_same(shown, pictures)
    for (key, step), value in figures.items():
        values = {e.step: e.value for e in found.Scalars(key)}
        np.testing.assert_allclose(values[step], value, rtol=1e-6)


@RUNS
def test_wandb_offline(drive, tmp_path, monkeypatch):
    pytest.importorskip('wandb')
    monkeypatch.setenv('WANDB_SILENT', 'true')
    pictures, figures = drive(
        tmp_path,
        type='WandbVisBackend',
        init_kwargs=dict(project='tests', mode='offline'),
        define_metric_cfg=[dict(name='*', step_metric='iter')],
    )
    files = [*tmp_path.rglob('media/images/*.png')]
    assert len(files) == len(pictures)
    wanted = {picture.tobytes() for picture in pictures.values()}
    found = {cv2.imread(str(p))[..., ::-1].tobytes() for p in files}
    assert found == wanted
    # What is kept for the server: names, steps, figures.
    (log,) = tmp_path.rglob('*.wandb')
    content = log.read_bytes()
    for name in pictures:
        stem, _, step = name.removesuffix('.png').rpartition('_')
        assert f'{stem}, step {step}'.encode() in content
    assert all(key.encode() in content for key, _ in figures)


@RUNS
def test_mlflow(drive, tmp_path):
    mlflow = pytest.importorskip('mlflow')
    pytest.importorskip('sqlalchemy')
    uri = f'sqlite:///{tmp_path / "mlflow.db"}'
    pictures, figures = drive(
        tmp_path,
        type='MLflowVisBackend',
        tracking_uri=uri,
        artifact_location=str(tmp_path / 'artifacts'),
        exp_name=tmp_path.name,
    )
    mlflow.end_run()
    shown = {
        path.name: cv2.imread(str(path))[..., ::-1]
        for path in (tmp_path / 'artifacts').glob('*/artifacts/*.png')
    }
    assert_same(shown, pictures)
    client = mlflow.MlflowClient(uri)
    (experiment,) = client.search_experiments(
        filter_string=f"name = '{tmp_path.name}'"
    )
    (ran,) = client.search_runs([experiment.experiment_id])
    for (key, step), value in figures.items():
        history = client.get_metric_history(ran.info.run_id, key)
        assert {h.step: h.value for h in history}[step] == value


def test_the_lines_of_the_page(tmp_path):
    names = {}
    exec(example_with('WandbVisBackend'), names)
    cfg = load(CAMVID)
    cfg.merge_from_dict(
        {key: names[key] for key in ('default_hooks', 'visualizer')}
    )
    assert cfg.default_hooks.visualization.draw
    assert cfg.visualizer.type == 'xnet_mm.SegPanelVisualizer'
    for backend in cfg.visualizer.vis_backends:
        VISBACKENDS.build(dict(backend, save_dir=str(tmp_path)))
        assert all(
            key in cfg for key in backend.get('tracked_config_keys', ())
        )


def assert_same(found, wanted):
    assert found.keys() == wanted.keys()
    for name, picture in wanted.items():
        assert np.array_equal(found[name], picture), name
