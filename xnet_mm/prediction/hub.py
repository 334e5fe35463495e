"""The Hugging Face hub: where shared models come from and go to."""

import re
from pathlib import Path
from typing import Any

from .saved_folder import FILES

NAME = re.compile(r'[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}')


def is_hub_name(text: str) -> bool:
    """Whether a text can be OWNER/NAME of the hub."""
    return NAME.fullmatch(text) is not None and '..' not in text


def download(name: str) -> tuple[Path, Path]:
    """Fetch the files of a shared model, or take them from the cache.

    Args:
        name: OWNER/NAME.

    Returns:
        The folder, and the folder in which its files really lie (the cache
        keeps them once for all versions).

    Raises:
        FileNotFoundError: there is no such model, or the hub cannot be asked.
    """
    from huggingface_hub import snapshot_download

    try:
        found = snapshot_download(name, allow_patterns=[*FILES])
    except Exception as error:  # the hub's are of a dozen kinds
        text = ' '.join(str(error).split())[:200]
        raise FileNotFoundError(
            f'{name}: no such folder here, and nothing from the Hugging Face '
            f'hub ({type(error).__name__}: {text}). Give the path of a folder '
            "or the hub's OWNER/NAME; a private model wants `hf auth login`."
        ) from error
    folder = Path(found)
    # MODEL/snapshots/REVISION of links into MODEL/blobs
    is_cache = folder.parent.name == 'snapshots'
    return folder, folder.parents[1] / 'blobs' if is_cache else folder


def upload(
    folder: Path,
    name: str,
    *,
    private: bool = False,
    token: str | None = None,
    **kwargs: Any,
) -> str:
    """Make a repository where there is none yet, and upload a folder.

    Args:
        folder: all of it goes there.
        name: OWNER/NAME.
        private: of a new repository.
        token: of the hub; by default the one that is logged in.
        **kwargs: of `HfApi.upload_folder` (`commit_message`, `revision`,
            `create_pr`, ...).

    Returns:
        The address of the model.

    Raises:
        huggingface_hub.errors.HfHubHTTPError: the hub refuses.
    """
    from huggingface_hub import HfApi

    api = HfApi(token=token) if token else HfApi()
    url = api.create_repo(repo_id=name, private=private, exist_ok=True)
    kwargs.setdefault('commit_message', 'Upload by xnet_mm')
    api.upload_folder(repo_id=name, folder_path=str(folder), **kwargs)
    return str(url)
