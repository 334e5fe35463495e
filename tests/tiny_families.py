"""Families that are none, and what a worker finds of them."""

import sys
import time

FAMILIES = {'a/a': ['a_1', 'a_2'], 'b/b': ['b_1'], 'c/c': ['c_1']}


def find(names):
    """Facts of each of FAMILIES."""
    facts = dict(model=names[0], parameters=1_500_000)
    if names[0] == 'a_1':
        return dict(facts, encoder='any', decoder='any', equals='features')
    if names[0] == 'b_1':
        why = 'it has strides [16, 16, 16]'
        return dict(facts, encoder='224×224', decoder='', why_no_decoder=why)
    return dict(facts, why_no_encoder='no map', why_no_decoder='no map')


def find_or_die(names):
    """No facts of b."""
    if names[0] == 'b_1':
        sys.exit(3)
    return find(names)


def find_or_hang(names):
    """No facts of b."""
    while names[0] == 'b_1':
        time.sleep(0.1)
    return find(names)
