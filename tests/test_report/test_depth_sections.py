"""What a page says of depth, by hand."""

import numpy as np
from judged import named

from xnet_mm.report.depth import DepthCounts
from xnet_mm.report.depth_sections import by_distance, protocol_table
from xnet_mm.report.worst import Worst


def counts_of(protocol):
    counts = DepthCounts(protocol, np.array([0.0, 1, 2]), Worst(), 7)
    counts.pixels[:] = 1, 0, 1999
    counts.abs_rel[:] = 0.5, 0, 199.9
    counts.close[:] = 0, 0, 1999
    return counts


def test_all_figures_of_the_protocol():
    protocol = named('nyu_eigen')
    figures = {key: 0.1 * i for i, key in enumerate(protocol.keys, 1)}
    page = protocol_table(counts_of(protocol), figures)
    assert 'Protocol nyu_eigen (NYU-Depth-V2, Eigen split' in page
    assert '7 images' in page
    for line in protocol.describe():
        assert line.replace('<', '&lt;') in page
    for i, key in enumerate(protocol.keys, 1):
        assert f'<td>{key}</td>' in page
        assert f'<td class="num">{0.1 * i:.4f}</td>' in page
    assert '<td>AbsRel ↓</td>' in page
    assert '<td>δ1 ↑</td>' in page


def test_distances_with_their_share():
    page = by_distance(counts_of(named('custom', max_depth=3.0)))
    cells = '</td><td class="num">'
    assert cells.join(['0–1 m', '&lt; 0.1 %', '0.5000', '0.0000']) in page
    assert cells.join(['2–3 m', '100.0 %', '0.1000', '1.0000']) in page
    assert '1–2 m' not in page  # no pixel
    assert cells.join(['all pixels', '100 %', '0.1002', '0.9995']) in page
