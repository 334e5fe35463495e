"""Where a model's time goes, as a file."""

import pytest
from benched import subject

from xnet_mm.benchmark import Setting
from xnet_mm.benchmark.clock import Clock
from xnet_mm.benchmark.profile import write_profile


@pytest.mark.parametrize('mode', ['eager', 'onnxruntime', 'openvino'])
def test_profile_lists_the_slowest_first(tmp_path, mode):
    setting = Setting((32, 48), mode=mode)
    path = write_profile(subject('a b', []), setting, Clock('cpu'), tmp_path)
    assert path == tmp_path / 'profile_a_b.txt'
    title, whole, _, *rows = path.read_text().splitlines()
    assert title == '32x48, batch 1, fp32, eager'
    times = [float(row.split()[0]) for row in rows]
    assert times == sorted(times, reverse=True)
    assert any('convolution' in row for row in rows)
    assert sum(times) == pytest.approx(float(whole.split()[0]), rel=0.1)
