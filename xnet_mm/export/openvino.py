"""An exported file by OpenVINO, on Intel's processors and others."""

from pathlib import Path

from .trace import Run

HELP = 'install it: pip install openvino'


def open_openvino(path: Path, threads: int = 0) -> Run:
    """The program of an .onnx file, compiled for this CPU in float32.

    Args:
        path: of the file.
        threads: of a prediction; 0 for all cores.

    Returns:
        Images (B,N,H,W) float32 to predictions.

    Raises:
        ModuleNotFoundError: openvino is missing.
        ValueError: it cannot read the file.
    """
    try:
        import openvino
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f'{error}: {HELP}') from error
    # In bfloat16, which is its choice where the CPU has it, results would
    # not be those of PyTorch.
    options = dict(INFERENCE_PRECISION_HINT='f32', PERFORMANCE_HINT='LATENCY')
    if threads:
        options['INFERENCE_NUM_THREADS'] = str(threads)
    try:
        program = openvino.Core().compile_model(str(path), 'CPU', options)
    except RuntimeError as error:
        raise ValueError(
            f'{path} is not an ONNX file, or one that this OpenVINO '
            f'({openvino.__version__}) cannot read: {error}'
        ) from error
    return lambda image: program(dict(image=image))[0]
