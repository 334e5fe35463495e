"""The README's own config, as a reader would paste it."""

import re
from pathlib import Path

import torch
from mmengine.config import Config
from mmseg.registry import MODELS

README = Path(__file__).parents[1] / 'README.md'


def build(word, tmp_path):
    """The model of the one example that contains `word`."""
    blocks = re.findall(r'```python\n(.*?)```', README.read_text(), re.S)
    (block,) = [b for b in blocks if word in b]
    (tmp_path / 'config.py').write_text(block)
    cfg = Config.fromfile(tmp_path / 'config.py')
    return MODELS.build(cfg.model).eval()


def test_model_of_the_readme_builds_and_predicts(tmp_path):
    model = build('EncoderDecoder', tmp_path)
    assert model.decode_head.in_channels == [96, 192, 384, 768]
    with torch.no_grad():
        logits = model.decode_head(
            model.extract_feat(torch.rand(1, 3, 64, 64))
        )
    assert logits.shape == (1, 150, 64, 64)


def test_depth_model_of_the_readme_builds_and_predicts(tmp_path):
    model = build('MonoDepthEstimator', tmp_path)
    with torch.no_grad():
        depth = model.inference(torch.rand(1, 3, 64, 64))
    assert depth.shape == (1, 1, 64, 64)
    assert depth.min() > 0 and depth.max() < 10


def test_links_of_the_readme_lead_somewhere():
    links = re.findall(r'\]\(([^)]+)\)', README.read_text())
    for link in links:
        if not link.startswith('http'):
            assert (README.parent / link).exists(), link
