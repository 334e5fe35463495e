"""Options of the converters, and what they say at the end."""

from argparse import Namespace

import pytest

from xnet_mm.datasets.conversion.command_line import (
    add_job_options,
    convert_pairs,
    make_parser,
    report_broken,
)


def parse(*argv, **kwargs):
    parser = make_parser('Convert.')
    add_job_options(parser, **kwargs)
    return vars(parser.parse_args(argv))


def test_options_and_their_defaults(capsys):
    assert parse() == dict(copy=False, skip_broken=False, workers=None)
    assert parse('--copy', '--skip-broken', '--workers', '3') == dict(
        copy=True, skip_broken=True, workers=3
    )
    assert parse(places_files=False) == dict(skip_broken=False, workers=None)
    with pytest.raises(SystemExit):
        parse('--copy', places_files=False)
    assert 'unrecognized arguments: --copy' in capsys.readouterr().err


def test_the_docstring_is_printed_as_it_stands(capsys):
    text = 'First line.\n\n    an example:  two blanks\n'
    with pytest.raises(SystemExit):
        make_parser(text).parse_args(['--help'])
    assert text in capsys.readouterr().out


def convert(number):
    if number < 0:
        raise ValueError(f'{number} is below 0')
    return number > 5


def arguments(skip_broken=False):
    return Namespace(target='data/x', workers=2, skip_broken=skip_broken)


def test_written_and_there_are_counted(capsys):
    done = convert_pairs(convert, [9, 5, 1, 7], 'numbers', arguments())
    assert done == [9, 5, 1, 7]
    out = capsys.readouterr().out
    assert 'data/x: 2 pairs written, 2 were there\n' in out


def test_what_is_broken_ends_the_run_or_is_left_out(capsys):
    pairs, earlier = [9, -1, 2, -3], ['scene 7 is broken']
    with pytest.raises(SystemExit) as stop:
        convert_pairs(convert, pairs, 'numbers', arguments(), earlier)
    lines = str(stop.value).splitlines()
    assert lines[:4] == [
        '3 failed, and no list was written:',
        '  -1 is below 0',
        '  -3 is below 0',
        '  scene 7 is broken',
    ]
    assert lines[4].startswith('Get these files again')
    assert lines[4].endswith('leave them out with --skip-broken.')
    capsys.readouterr()
    done = convert_pairs(convert, pairs, 'numbers', arguments(True), earlier)
    assert done == [9, 2]
    out = capsys.readouterr().out
    assert 'data/x: 1 pairs written, 1 were there\nskipped 3:\n  -1 is' in out


def test_fifty_failures_are_named(capsys):
    report_broken([True, False, ('a', 'row')], skip_broken=False)
    assert capsys.readouterr().out == ''
    report_broken([True, *(f'e{i}' for i in range(50))], skip_broken=True)
    assert capsys.readouterr().out.splitlines()[-1] == '  e49'
    report_broken([f'e{i}' for i in range(52)], skip_broken=True)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == 'skipped 52:'
    assert lines[-2:] == ['  e49', '  ... (52 in all)']
