"""What is told of a model goes through JSON, and is right."""

import json

import pytest
from shared_models import CLASSES, PALETTE, load_pair

from xnet_mm.app.facts import describe_model


@pytest.mark.parametrize('kind', ['segmentation', 'depth'])
def test_facts(tmp_path, kind):
    model = load_pair(tmp_path / 'my run', kind)
    examples = [tmp_path / 'secret/a.jpg']
    text = json.dumps(describe_model(model, examples, 5))
    assert str(tmp_path) not in text
    told = json.loads(text)
    assert told['name'] == 'my run' and told['weights'] == 'iter_2.pth'
    assert told['examples'] == ['a.jpg'] and told['largest'] == 5
    assert told['max_depth'] == (8 if kind == 'depth' else None)
    classes = [(c['name'], c['colour']) for c in told['classes']]
    wanted = [*zip(CLASSES, PALETTE, strict=True)]
    assert classes == ([] if kind == 'depth' else wanted)
    assert [len(table) for table in told['colours'].values()] == [256, 256]
