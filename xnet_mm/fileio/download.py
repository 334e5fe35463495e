"""Files from URLs, kept under a name that only this URL has."""

import hashlib
import os
import re
import shutil
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import torch
from mmengine.logging import print_log

from .lock import in_turn


def cached_path(url: str) -> Path:
    """Where the file of `url` is kept: HASH-NAME in PyTorch's hub folder.

    Two URLs that end alike are two files.
    """
    digest = hashlib.sha256(url.encode()).hexdigest()[:16]
    name = Path(urlsplit(url).path).name or 'file'
    name = re.sub(r'[^\w.+-]', '_', name)[-100:]
    return Path(torch.hub.get_dir()) / 'checkpoints' / f'{digest}-{name}'


def cached_download(url: str) -> Path:
    """The file of a URL, downloaded unless it was before.

    It has its name only once it is whole. Of several processes on a machine
    one downloads, the others wait for it.

    Raises:
        ValueError: it cannot be fetched.
    """
    path = cached_path(url)
    path.parent.mkdir(parents=True, exist_ok=True)
    with in_turn(path.with_name('downloads.lock')):
        if not path.is_file():
            _download(url, path)
    return path


def _download(url: str, path: Path) -> None:
    temporary = path.with_name(f'{path.name}.{os.getpid()}.tmp')
    print_log(f'Download {url} to {path}', logger='current')
    request = Request(url, headers={'User-Agent': 'xnet_mm'})
    try:
        with (
            urlopen(request, timeout=60) as answer,
            temporary.open('wb') as file,
        ):
            shutil.copyfileobj(answer, file, 1 << 20)
            promised = answer.headers.get('Content-Length')
            if promised and int(promised) != file.tell():
                raise OSError(f'{file.tell()} bytes came of {promised}')
        temporary.replace(path)
    except Exception as error:  # whatever the network has in store
        raise ValueError(
            f'{url} cannot be fetched ({type(error).__name__}: '
            f'{str(error)[:200]}). Without a network, fetch the file '
            'elsewhere and give its path.'
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
