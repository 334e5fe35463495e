"""The campaign: that it can tell right from wrong, and, by itself, all of it.

Long: pytest leaves it out unless it is asked for by `-m campaign`.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from campaign.case import (
    BAD,
    CLEAR,
    CODE,
    LOST,
    SURVIVED,
    WRONG,
    Case,
    Gives,
    Outcome,
    Refused,
    Run,
    Skips,
    check,
    judge,
)
from campaign.desk import Desk
from campaign.trainings import differs

REFUSED = Refused((r'a\.pth', 'missing'))
GOOD = Run('tool', 0, 'figures\n', '', 1.0)
CLEAR_ERROR = Run('tool', 1, '', 'a.pth: 3 keys are Missing\n', 1.0)
TRACEBACK = 'Traceback (most recent call last)\n' + CLEAR_ERROR.err


def verdict(desk, right, run):
    return judge(Case('kind', 'name', '', right, None), desk, run).verdict


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / 'case', tmp_path)


@pytest.mark.parametrize(
    ('run', 'expected'),
    [
        (CLEAR_ERROR, CLEAR),
        (GOOD, WRONG),
        (CLEAR_ERROR._replace(err='missing'), BAD),
        (CLEAR_ERROR._replace(err=TRACEBACK), BAD),
        (CLEAR_ERROR._replace(code=-11), BAD),
        (CLEAR_ERROR._replace(timed_out=True), BAD),
        (CLEAR_ERROR._replace(err=100 * CLEAR_ERROR.err), BAD),
    ],
)
def test_what_has_to_be_refused(desk, run, expected):
    assert verdict(desk, REFUSED, run) == expected


def test_what_has_to_be_right(desk):
    def look(run):
        check('figures' in run.out, 'no figures')

    right = Gives('figures', look)
    assert verdict(desk, right, GOOD) == SURVIVED
    assert verdict(desk, right, GOOD._replace(out='')) == WRONG
    assert verdict(desk, right, CLEAR_ERROR) == BAD
    either = Gives('figures', look, or_refused=('missing',))
    assert verdict(desk, either, CLEAR_ERROR) == CLEAR
    assert verdict(desk, either, CLEAR_ERROR._replace(err=TRACEBACK)) == BAD


def test_what_has_to_be_skipped(desk):
    def look(run):
        raise Outcome(LOST, 'the good ones are gone')

    assert verdict(desk, Skips(('missing',)), CLEAR_ERROR) == SURVIVED
    assert verdict(desk, Skips(('missing',)), GOOD) == WRONG
    assert verdict(desk, Skips(('missing',), look), CLEAR_ERROR) == LOST


def test_harm_counts_first(desk):
    victim = desk.victim('home/a.pth')
    assert verdict(desk, REFUSED, CLEAR_ERROR) == CLEAR
    victim.write_text('other')
    assert verdict(desk, REFUSED, CLEAR_ERROR) == LOST
    victim.unlink()
    assert verdict(desk, REFUSED, CLEAR_ERROR) == LOST
    desk.marker.touch()
    assert verdict(desk, REFUSED, CLEAR_ERROR) == CODE


def test_nothing_is_left_behind(desk):
    (desk.folder / 'a.png.1.tmp').touch()
    assert verdict(desk, REFUSED, CLEAR_ERROR) == BAD


def test_where_checkpoints_differ():
    state = dict(step=[1, dict(lr=0.1)])
    assert differs(state, dict(step=[1, dict(lr=0.1)]), 'a') == ''
    assert differs(state, dict(step=[1, dict(lr=0.2)]), 'a') == 'a.step.1.lr'
    assert differs(state, dict(step=[1]), 'a') == 'a.step'
    assert differs(state, {}, 'a') == 'a'


@pytest.mark.campaign
def test_campaign():
    folder = Path(__file__).with_name('campaign')
    assert subprocess.run([sys.executable, str(folder)]).returncode == 0
