"""What every depth transform owes besides moving pixels.

A transform moves `img`, then `gt_depth_map` if there is one (0 = no ground
truth) and `intrinsics` if there are some: (fx, fy, cx, cy) in pixels of the
current image, where (0, 0) is the centre of the top left pixel.
"""


def check_in_step(results: dict, transform: object) -> None:
    """Refuse a depth map of another size than the current image.

    Raises:
        ValueError: the sizes differ, so the same move would not keep the
            depth on its pixels; names the file.
    """
    if 'gt_depth_map' not in results:
        return
    depth_shape = results['gt_depth_map'].shape[:2]
    image_shape = results['img'].shape[:2]
    if depth_shape != image_shape:
        raise ValueError(
            f'{results.get("depth_map_path")}: '
            f'{type(transform).__name__} got a depth map of '
            f'{depth_shape[1]}x{depth_shape[0]} and an image of '
            f'{image_shape[1]}x{image_shape[0]} (width x height). Put '
            'LoadDepth before every transform that changes the size, or '
            'after all of them'
        )


def move_intrinsics(
    results: dict,
    *,
    scale: tuple[float, float] = (1.0, 1.0),
    shift: tuple[float, float] = (0.0, 0.0),
) -> None:
    """Follow pixels that went from (u, v) to scale * (u, v) + shift."""
    if results.get('intrinsics') is not None:
        fx, fy, cx, cy = results['intrinsics']
        results['intrinsics'] = (
            fx * scale[0],
            fy * scale[1],
            cx * scale[0] + shift[0],
            cy * scale[1] + shift[1],
        )


def resize_intrinsics(results: dict, scale: tuple[float, float]) -> None:
    """Follow a resize by `scale` (x, y), which keeps the image's edges.

    The edge of the top left pixel lies at -0.5 before and after.
    """
    shift = (scale[0] / 2 - 0.5, scale[1] / 2 - 0.5)
    move_intrinsics(results, scale=scale, shift=shift)
