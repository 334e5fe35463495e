"""Try a model by hand, on a page in the browser: python tools/app.py SOURCE.

SOURCE is the folder of a training, one that `save_pretrained` wrote,
OWNER/NAME on the Hugging Face hub, or two: CONFIG CHECKPOINT. The page is for
this machine alone unless --host says more, and asks no other machine for
anything.
"""

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a bare clone

from xnet_mm.arguments import config_file, device, port, tile_side
from xnet_mm.engine.launch import existing_file
from xnet_mm.errors import clear_errors
from xnet_mm.prediction.load import load

NEEDED = ('starlette', 'uvicorn')  # the extra


def parse_args() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(
        description=__doc__, formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument('source', help='see above')
    parser.add_argument(
        'checkpoint', nargs='?', help='file that training wrote, of a config'
    )
    parser.add_argument(
        '--device', type=device, help='default: cuda if it is there, else cpu'
    )
    parser.add_argument(
        '--tile',
        type=tile_side,
        metavar='PIXELS',
        help='pictures of any size, by tiles of so many pixels a side, at '
        "the picture's own scale",
    )
    parser.add_argument(
        '--host',
        default='127.0.0.1',
        help='address to listen at; 0.0.0.0 lets other machines in, without '
        'a password (default: %(default)s)',
    )
    parser.add_argument(
        '--port', type=port, help='default: the first free one from 7860 on'
    )
    return parser.parse_args()


@clear_errors
def main() -> None:
    """Serve the page until Ctrl-C."""
    args = parse_args()
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        them = 'it' if len(missing) == 1 else 'them'
        raise SystemExit(
            f'not installed: {", ".join(missing)}. The page needs {them}: '
            "pip install 'xnet_mm[app]'"
        )
    from xnet_mm.app.serve import listen, serve

    listening = listen(args.host, args.port)  # before the model: that takes
    source = args.source
    if args.checkpoint is not None:
        source = config_file(source)
        existing_file(source, 'config')
        existing_file(args.checkpoint, 'checkpoint')
    model = load(source, args.checkpoint, device=args.device, tile=args.tile)
    serve(model, listening)


if __name__ == '__main__':
    main()
