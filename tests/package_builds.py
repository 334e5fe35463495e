"""A copy of what the package is built from, and builds by pip's own hooks."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ('xnet_mm', 'configs', 'tools', 'tests')
FILES = (
    *('setup.py', 'pyproject.toml', 'LICENSE', 'MANIFEST.in'),
    'model-index.yml',
)
SUFFIXES = ('.py', '.sh', '.yml', '.html', '.css', '.js')


def copy_source(target: Path, folders: tuple[str, ...] = SHIPPED) -> Path:
    """Copy what is shipped: building writes beside setup.py."""
    target.mkdir(parents=True)
    for name in FILES:
        (target / name).write_bytes((ROOT / name).read_bytes())
    for name in folders:
        copy_modules(ROOT / name, target / name)
    return target


def copy_modules(source: Path, target: Path) -> None:
    """Copy the files to ship below `source`, but no `.mim`."""
    for path in source.rglob('*'):
        place = target / path.relative_to(source)
        if path.suffix in SUFFIXES and '.mim' not in path.parts:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())


def build(source: Path, kind: str) -> Path:
    """Build a `wheel`, `sdist` or `editable`; the file that came out."""
    hook = f'import setuptools.build_meta as b; b.build_{kind}({kind!r})'
    (source / kind).mkdir()
    run = subprocess.run(
        [sys.executable, '-c', hook],
        cwd=source,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    (path,) = (source / kind).iterdir()
    return path
