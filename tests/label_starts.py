"""Starts of a data set of label maps, and what they read and wrote."""

from seg_pairs import build


def reads_of(read, root, **options):
    read.clear()
    build(root, **options)
    return sorted(read)


def the_file(folder):
    (path,) = folder.glob('*.json')
    return path
