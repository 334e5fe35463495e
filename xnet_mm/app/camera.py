"""What a camera sees from left to right: told, in the picture, or assumed."""

from math import atan, degrees, hypot, isfinite, radians, tan
from pathlib import Path

from ..checks import Camera
from ..fileio.images import open_header

USUAL = 60.0  # degrees; phones have about 65, laptops about 55
NARROWEST, WIDEST = 5.0, 150.0  # degrees that are taken
DIAGONAL = hypot(36, 24)  # mm of 35 mm film
EXIF_FOLDER, FOCAL_LENGTH_35 = 0x8769, 0xA405


def read_view_angle(path: Path, height: int, width: int) -> tuple[float, bool]:
    """Degrees from the left to the right edge of a photograph.

    Cameras give the focal length for the diagonal of 35 mm film, of which
    the angle follows for pictures of any sides (CIPA DCG-001).

    Args:
        path: of the picture.
        height: of the picture as it is shown.
        width: as `height`.

    Returns:
        The angle, and whether the file says it; else it is a usual one.
    """
    focal = 0.0
    try:
        with open_header(path) as picture:
            tags = picture.getexif().get_ifd(EXIF_FOLDER)
            focal = float(tags.get(FOCAL_LENGTH_35, 0))
    except Exception:  # no picture's header, or a damaged one: says nothing
        focal = 0.0
    if not (isfinite(focal) and focal > 0):
        return USUAL, False
    angle = 2 * degrees(atan(width / hypot(width, height) * DIAGONAL
                             / 2 / focal))  # fmt: skip
    if not NARROWEST <= angle <= WIDEST:
        return USUAL, False
    return angle, True


def camera_of(angle: float, height: int, width: int) -> Camera:
    """(fx, fy, cx, cy) of square pixels, the axis through the middle.

    Args:
        angle: from the left to the right edge, degrees.
        height: of the image, pixels.
        width: as `height`.

    Raises:
        ValueError: an angle that no such camera has.
    """
    if not NARROWEST <= angle <= WIDEST:
        raise ValueError(
            f'The view angle is {angle:g}°, wanted {NARROWEST:g}° to '
            f'{WIDEST:g}°'
        )
    focal = width / 2 / tan(radians(angle) / 2)
    return focal, focal, (width - 1) / 2, (height - 1) / 2
