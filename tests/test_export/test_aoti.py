"""Compiled files: PyTorch's results, and what the compiler is given."""

import json

import pytest
import torch
from needs import needs_torch
from tiny_export import FCN, logits_of, tiny

from xnet_mm.export import export_aoti
from xnet_mm.export.aoti import AotiFormat

pytestmark = needs_torch('2.6', 'AOTInductor packages')


@pytest.mark.heavy  # a C++ compiler at work
def test_aoti_gives_pytorchs_logits(tmp_path):
    model = tiny()
    image = torch.randint(0, 256, (2, 3, 75, 101)).float()
    wanted = logits_of(model, image)
    path = export_aoti(model, tmp_path / 'a.pt2', (64, 96))
    ours = torch._inductor.aoti_load_package(str(path))(image)
    assert (ours - wanted).abs().max() < 1e-4 * wanted.abs().max()


def test_the_compiler_gets_a_program_of_free_sizes_and_the_facts(
    tmp_path, monkeypatch
):
    """In the compiler's place: the traced program, as torch saves it."""
    given = []

    def save(program, package_path, inductor_configs):
        torch.export.save(program, package_path)
        given.append(inductor_configs)

    def load(path):
        program = torch.export.load(path).module()
        return lambda image: program(image).detach()

    monkeypatch.setattr('torch._inductor.aoti_compile_and_package', save)
    monkeypatch.setattr('torch._inductor.aoti_load_package', load)
    model = tiny(**FCN)
    image = torch.randint(0, 256, (2, 3, 75, 101)).float()
    wanted = logits_of(model, image)
    path = export_aoti(model, tmp_path / 'a.pt2', (64, 96), dict(task='x'))
    assert path == tmp_path / 'a.pt2'
    assert [p.name for p in tmp_path.iterdir()] == ['a.pt2']
    ours = load(path)(image)
    assert (ours - wanted).abs().max() < 1e-4 * wanted.abs().max()
    (configs,) = given
    facts = configs.pop('aot_inductor.metadata')
    assert configs == {} and json.loads(facts.pop('xnet_mm')) == dict(
        task='x', size=None, size_divisor=1
    )
    assert facts == {}
    kind = AotiFormat(torch.device('cpu'))
    assert kind.simplify(path, tmp_path / 'b') == ''
