"""Old paths give the new objects, and say so."""

import importlib
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from xnet_mm import moved

ROOT = Path(__file__).resolve().parents[1]
# Old module, one of its names, and where that is now.
PATHS = [
    ('engine.benchmark', 'write_report', 'benchmark'),
    ('datasets.dgp', 'read_scene', 'datasets.conversion.dgp'),
    (
        *('datasets.lidar_projection', 'project_nearest'),
        'datasets.conversion.lidar_projection',
    ),
    ('datasets.nyu_sources', 'Labelled', 'datasets.conversion.nyu_sources'),
    ('datasets.scene_details', 'DETAILS', 'datasets.scenes.details'),
    ('datasets.scene_layout', 'random_scene', 'datasets.scenes.layout'),
    ('datasets.scene_raycast', 'cast', 'datasets.scenes.raycast'),
    ('datasets.scene_renderer', 'render_scene', 'datasets.scenes.renderer'),
    ('datasets.scene_textures', 'noise_tile', 'datasets.scenes.textures'),
    ('engine.ablation', 'Run', 'ablation.plan'),
    ('engine.ablation_figures', 'Ablation', 'ablation.figures'),
    ('engine.ablation_logs', 'read_log', 'ablation.logs'),
    ('engine.ablation_page', 'page', 'ablation.page'),
    ('engine.ablation_report', 'write_report', 'ablation.report'),
    ('engine.ablation_runner', 'train', 'ablation.runner'),
    ('engine.atomic', 'write_atomically', 'fileio.atomic'),
    ('engine.benchmark.clock', 'Clock', 'benchmark.clock'),
    ('engine.benchmark.loading', 'time_loading', 'benchmark.loading'),
    ('engine.benchmark.measure', 'measure', 'benchmark.measure'),
    ('engine.benchmark.measure', 'Setting', 'benchmark.setting'),
    ('engine.benchmark.measure', 'torch_call', 'benchmark.calls'),
    ('engine.benchmark.profile', 'write_profile', 'benchmark.profile'),
    ('engine.benchmark.report', 'make_table', 'benchmark.report'),
    ('engine.benchmark.subject', 'build_subject', 'benchmark.subject'),
    (
        *('engine.class_check_hook', 'ClassCheckHook'),
        'engine.data_check_hooks',
    ),
    ('engine.complexity', 'count_model', 'benchmark.complexity'),
    ('engine.depth_png', 'encode_depth', 'fileio.depth_png'),
    (
        *('engine.depth_range_check_hook', 'DepthRangeCheckHook'),
        'engine.data_check_hooks',
    ),
    ('engine.export', 'ExportedModel', 'export.model'),
    ('engine.export', 'export_onnx', 'export.onnx'),
    ('engine.export', 'export_aoti', 'export.aoti'),
    ('engine.export', 'compare', 'export.trace'),
    ('engine.metafile', 'write_metafile', 'benchmark.metafile'),
    ('engine.prediction', 'Predictor', 'prediction.predictor'),
    ('engine.prediction', 'predict_images', 'prediction.inputs'),
    ('engine.prediction_depth', 'DepthWriter', 'prediction.depth'),
    ('engine.prediction_files', 'LabelWriter', 'prediction.files'),
    ('engine.safe_globals', 'load_checkpoint_file', 'fileio.checkpoint'),
    ('models.fast_blocks', 'FastConvNeXtBlock', 'fast.convnext'),
    ('models.fast_blocks', 'FastSwinTransformerBlock', 'fast.swin'),
    ('models.fast_linear', 'FastLinear', 'fast.linear'),
    ('models.fast_mlp', 'add_mlp', 'fast.mlp'),
    ('models.inference', 'prepare_for_inference', 'fast.prepare'),
    ('models.precision', 'convert', 'fast.precision'),
    ('models.triton_kernels', 'depthwise_conv7', 'fast.kernel_calls'),
]
NAMES = [
    ('datasets.conversion', 'run_jobs', 'datasets.threads'),
    ('datasets.conversion', 'place', 'datasets.conversion.jobs'),
    (
        *('datasets.conversion', 'report_broken'),
        'datasets.conversion.command_line',
    ),
    ('datasets.scenes', 'ScenesDataset', 'datasets.scenes.dataset'),
    ('models', 'prepare_for_inference', 'fast'),
    ('models.reshape', 'resize_to', 'models.resize'),
]


@pytest.fixture
def imported_anew(monkeypatch):
    """Takes an old module out of what is imported, for one test."""

    def take_out(module):
        monkeypatch.delitem(sys.modules, module, raising=False)

    return take_out


@pytest.mark.parametrize(('old', 'name', 'new'), PATHS)
def test_old_module_has_the_new_objects(imported_anew, old, name, new):
    imported_anew(f'xnet_mm.{old}')
    with pytest.warns(DeprecationWarning) as warned:
        module = importlib.import_module(f'xnet_mm.{old}')
    # The new module may import another library for the first time.
    texts = [str(w.message) for w in warned]
    (message,) = [text for text in texts if 'xnet_mm.' in text]
    assert message.startswith(f'xnet_mm.{old} is now ')
    assert f'xnet_mm.{new}' in message
    place = importlib.import_module(f'xnet_mm.{new}')
    assert getattr(module, name) is getattr(place, name)


@pytest.mark.parametrize(('old', 'name', 'new'), NAMES)
def test_name_that_left_its_module(monkeypatch, old, name, new):
    module = importlib.import_module(f'xnet_mm.{old}')
    monkeypatch.delitem(vars(module), name, raising=False)
    with pytest.warns(DeprecationWarning) as warned:
        exec(f'from xnet_mm.{old} import {name} as found', found := {})
    assert [str(w.message) for w in warned] == [
        f'xnet_mm.{old}.{name} is now xnet_mm.{new}.{name}; the old path '
        'goes with the next release.'
    ]
    place = importlib.import_module(f'xnet_mm.{new}')
    assert found['found'] is getattr(place, name)


def test_every_old_path_is_tested():
    tested = {old for old, _, _ in PATHS}
    assert tested == set(moved.MODULES)
    assert {old for old, _, _ in NAMES} == set(moved.NAMES)


def test_new_places_exist_and_old_ones_do_not():
    for old, places in moved.MODULES.items():
        file = ROOT / 'xnet_mm' / old.replace('.', '/')
        assert not file.with_suffix('.py').exists()
        for new in places:
            assert find_spec(f'xnet_mm.{new}').origin.endswith('.py')
    for names in moved.NAMES.values():
        for name, new in names.items():
            assert hasattr(importlib.import_module(f'xnet_mm.{new}'), name)


def test_the_warning_points_at_the_user(imported_anew):
    imported_anew('xnet_mm.engine.atomic')
    with pytest.warns(DeprecationWarning) as warned:
        from xnet_mm.engine.atomic import write_atomically  # noqa: F401
    assert warned[0].filename == __file__


def test_what_never_was_is_an_error():
    with pytest.raises(ModuleNotFoundError, match=r'xnet_mm\.engine\.nothing'):
        importlib.import_module('xnet_mm.engine.nothing')
    models = importlib.import_module('xnet_mm.models')
    with pytest.raises(
        AttributeError, match=r"module 'xnet_mm\.models' has no .* 'nothing'"
    ):
        _ = models.nothing
    with pytest.warns(DeprecationWarning):
        importlib.reload(importlib.import_module('xnet_mm.engine.atomic'))
    with pytest.raises(
        AttributeError, match=r"'xnet_mm\.engine\.atomic' .* 'nothing'"
    ):
        _ = importlib.import_module('xnet_mm.engine.atomic').nothing


LAZY = """
import sys, warnings
warnings.simplefilter('error', DeprecationWarning)
warnings.filterwarnings('ignore', module=r'(?!xnet_mm)')
import xnet_mm
rooms = ('ablation', 'benchmark', 'export', 'prediction')
def loaded():
    return [m for m in sys.modules if m.startswith(
        tuple(f'xnet_mm.{room}' for room in rooms))]
print(loaded())
assert xnet_mm.models.PFPHead
print(loaded())
warnings.simplefilter('ignore')
from xnet_mm.engine import ablation_logs
print(loaded())
print(ablation_logs.read_log.__module__)
print(loaded())
"""


def test_nothing_is_imported_before_somebody_asks():
    run = subprocess.run(
        [sys.executable, '-c', LAZY],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-5:] == [
        *('[]', '[]', '[]'),
        'xnet_mm.ablation.logs',
        "['xnet_mm.ablation', 'xnet_mm.ablation.logs']",
    ]
