"""One at a time, in order; each gets its own; nothing stays behind."""

import asyncio
import json
import threading

import pytest

pytest.importorskip('starlette', reason="extra 'app'")

from xnet_mm.app import jobs as module
from xnet_mm.app.jobs import MOST_WAITING, Jobs
from xnet_mm.app.predicting import BadPictureError
from xnet_mm.app.results import Result, Results


class Shown:
    def describe(self):
        return dict(size=[1, 2])


@pytest.fixture
def jobs(tmp_path):
    return Jobs('the model', tmp_path, Results())


async def lines(jobs, name):
    place = jobs.new_place()
    told = [json.loads(line) async for line in jobs.run(place / name, place)]
    module.remove(place)
    return told


def run_all(jobs, *names):
    async def gather():
        return await asyncio.gather(*(lines(jobs, name) for name in names))

    return asyncio.run(gather())


def test_one_at_a_time_in_order(jobs, tmp_path, monkeypatch):
    at_work, order = threading.Lock(), []

    def predict(model, path, archive):
        assert model == 'the model'
        assert at_work.acquire(blocking=False), 'two at once'
        order.append(path.name)
        archive.touch()
        at_work.release()
        return Result(path.stem, Shown(), archive)

    monkeypatch.setattr(module, 'predict_file', predict)
    names = [f'{i}.png' for i in range(5)]
    told = run_all(jobs, *names)
    assert order == names
    for i, one in enumerate(told):
        waiting = [dict(state='waiting', ahead=i)] if i else []
        *before, done = one
        assert before == [*waiting, dict(state='predicting')]
        assert (done['state'], done['name']) == ('done', str(i))
        assert done['size'] == [1, 2]
        assert jobs.results.get(done['key']).name == str(i)
    assert len({one[-1]['key'] for one in told}) == 5
    assert not jobs.is_full
    assert all(p.suffix == '.zip' for p in tmp_path.iterdir())


def test_a_failure_is_told_and_the_next_is_served(
    jobs, tmp_path, monkeypatch, caplog
):
    def predict(model, path, archive):
        archive.touch()
        if path.name == 'bad':
            raise BadPictureError('bad: no picture')
        return [][1]

    monkeypatch.setattr(module, 'predict_file', predict)
    told = run_all(jobs, 'bad', 'worse')
    assert told[0][-1] == dict(state='failed', message='bad: no picture')
    assert not caplog.records or 'bad' not in caplog.records[0].message
    message = told[1][-1]['message']
    assert message.startswith('worse: the program failed (IndexError: list')
    assert 'Traceback' not in message and 'worse was not' in caplog.text
    assert 'IndexError' in caplog.text
    assert [*tmp_path.iterdir()] == []


def test_full(jobs, monkeypatch):
    release = threading.Event()
    monkeypatch.setattr(module, 'predict_file', lambda *args: release.wait())

    async def fill():
        tasks = []
        for i in range(MOST_WAITING + 1):
            assert not jobs.is_full
            tasks.append(asyncio.create_task(lines(jobs, str(i))))
            await asyncio.sleep(0)
        assert jobs.is_full
        release.set()
        await asyncio.gather(*tasks)
        assert not jobs.is_full

    asyncio.run(fill())
