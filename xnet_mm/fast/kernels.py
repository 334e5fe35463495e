# ruff: noqa: ANN001, ANN201, ANN202 - pointers and integers of a GPU
"""GPU kernels of the blocks, for inference: Triton, compiled when first used.

`kernel_calls.py` has the functions that take tensors; here is what runs on
the GPU. Shapes, all contiguous, the last axis densest in memory:

    B, H, W, C   images, height, width, channels of a map, (B,H,W,C)
    TALL, WIDE   height and width of an attention window, N = TALL * WIDE
    heads, D     attention heads and the width of one, C = heads * D

1. `depthwise_kernel`: 7x7, stride 1, padding 3, each channel by itself.

       map (H,W,C)                          one program: 8 rows x COLUMNS
       . . . . . . . . . . . . . . . .      outputs of CHANNELS channels
       . . +-------------------+ . . .      in fp32 registers (row0..row7).
       . . |   3 rows above    | . . .      It walks down 14 input rows; the
       . . |   +-----------+   | . . .      input row dy serves up to seven
       . . | 3 | 8 outputs | 3 | . . .      outputs, rows dy-6 to dy, so each
       . . |   +-----------+   | . . .      is read once per dx and not seven
       . . |   3 rows below    | . . .      times. Outside of the map: zero.
       . . +-------------------+ . . .

   x (B,H,W,C) * taps (7,7,C) + bias (C,) -> out (B,H,W,C)

2. `window_attention_kernel`: Swin's attention without the copies to windows.

       map of tokens, rolled by SHIFT     one program: QUERIES queries of
       +-----+-----+--                    one head in one window; over all
       |  w0 |  w1 |  <- WIDE tokens      keys of that window, KEYS at a
       +-----+-----+                      time, by the running softmax of
       |  w2 |  w3 |  ^                   flash attention:
       +-----+-----+  TALL                  highest = max so far
                                            total   = sum of exp so far
       token of place (y,x) =               summed  = sum of exp * value
       ((y+SHIFT_Y) % H, (x+SHIFT_X) % W)

   What is a copy elsewhere is an address here: roll, padding to whole
   windows (a padded token is the projection's bias), cutting, and the mask
   that keeps apart what only meets because the map was rolled:

       shifted map, by rows and by columns:  0 0 0 1 2   `_region`; tokens
       (1: the last window's unrolled part,              of different regions
       2: what came round from the front)                get -100

   qkv (B,H,W,3,heads,D), pad (3,heads,D), bias (heads,N,N) -> out (B,H,W,C)
"""

import triton
import triton.language as tl


@triton.jit
def depthwise_kernel(
    x_ptr,
    taps_ptr,
    bias_ptr,
    out_ptr,
    height,
    width,
    channels,
    COLUMNS: tl.constexpr,
    CHANNELS: tl.constexpr,
):
    """Eight rows of outputs: each input is read once for all of them."""
    blocks = tl.cdiv(channels, CHANNELS)
    block = tl.program_id(0)
    channel = (block % blocks) * CHANNELS + tl.arange(0, CHANNELS)
    column = (block // blocks) * COLUMNS + tl.arange(0, COLUMNS)
    top = tl.program_id(1) * 8
    image = tl.program_id(2).to(tl.int64) * height * width * channels
    x_ptr += image
    out_ptr += image
    real = channel < channels
    bias = tl.load(bias_ptr + channel, mask=real, other=0.0).to(tl.float32)
    row0 = tl.zeros([COLUMNS, CHANNELS], tl.float32) + bias[None, :]
    row1 = row0
    row2 = row0
    row3 = row0
    row4 = row0
    row5 = row0
    row6 = row0
    row7 = row0
    for dx in range(7):
        at = column + dx - 3
        offsets = at[:, None] * channels + channel[None, :]
        taps = taps_ptr + dx * channels + channel
        down = 7 * channels
        tap0 = tl.load(taps, mask=real, other=0.0).to(tl.float32)
        tap1 = tl.load(taps + down, mask=real, other=0.0).to(tl.float32)
        tap2 = tl.load(taps + 2 * down, mask=real, other=0.0).to(tl.float32)
        tap3 = tl.load(taps + 3 * down, mask=real, other=0.0).to(tl.float32)
        tap4 = tl.load(taps + 4 * down, mask=real, other=0.0).to(tl.float32)
        tap5 = tl.load(taps + 5 * down, mask=real, other=0.0).to(tl.float32)
        tap6 = tl.load(taps + 6 * down, mask=real, other=0.0).to(tl.float32)
        tap = (tap0, tap1, tap2, tap3, tap4, tap5, tap6)
        for dy in tl.static_range(14):
            row = top + dy - 3
            end = width * ((row >= 0) & (row < height)).to(tl.int32)
            inside = (at >= 0) & (at < end)
            x = tl.load(
                x_ptr + row * width * channels + offsets,
                mask=inside[:, None] & real[None, :],
                other=0.0,
            ).to(tl.float32)
            if dy < 7:
                row0 += x * tap[dy][None, :]
            if dy >= 1 and dy < 8:
                row1 += x * tap[dy - 1][None, :]
            if dy >= 2 and dy < 9:
                row2 += x * tap[dy - 2][None, :]
            if dy >= 3 and dy < 10:
                row3 += x * tap[dy - 3][None, :]
            if dy >= 4 and dy < 11:
                row4 += x * tap[dy - 4][None, :]
            if dy >= 5 and dy < 12:
                row5 += x * tap[dy - 5][None, :]
            if dy >= 6 and dy < 13:
                row6 += x * tap[dy - 6][None, :]
            if dy >= 7:
                row7 += x * tap[dy - 7][None, :]
    rows = (row0, row1, row2, row3, row4, row5, row6, row7)
    offsets = column[:, None] * channels + channel[None, :]
    for dy in tl.static_range(8):
        end = width * (top + dy < height).to(tl.int32)
        tl.store(
            out_ptr + (top + dy) * width * channels + offsets,
            rows[dy].to(out_ptr.dtype.element_ty),
            mask=(column < end)[:, None] & real[None, :],
        )


@triton.jit
def _region(at, length, SIDE: tl.constexpr, SHIFT: tl.constexpr):
    """Which part of a shifted map a row or column comes from: 0, 1 or 2."""
    last = (at >= length - SIDE).to(tl.int32)
    return last + (at >= length - SHIFT).to(tl.int32)


@triton.jit
def window_attention_kernel(
    qkv_ptr,
    pad_ptr,
    bias_ptr,
    out_ptr,
    height,
    width,
    across,
    heads,
    WIDTH: tl.constexpr,
    TALL: tl.constexpr,
    WIDE: tl.constexpr,
    SHIFT_Y: tl.constexpr,
    SHIFT_X: tl.constexpr,
    SCALE: tl.constexpr,
    PADDED: tl.constexpr,
    QUERIES: tl.constexpr,
    KEYS: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """Some queries of one head in one window, over all keys of the window."""
    area: tl.constexpr = TALL * WIDE
    shifted: tl.constexpr = SHIFT_Y + SHIFT_X > 0
    window = tl.program_id(1)
    image = tl.program_id(2) // heads
    head = tl.program_id(2) % heads
    top = (window // across) * TALL
    left = (window % across) * WIDE
    below = tl.cdiv(height, TALL) * TALL
    beside = across * WIDE
    channels = heads * WIDTH
    qkv_ptr += image.to(tl.int64) * height * width * 3 * channels
    qkv_ptr += head * WIDTH
    out_ptr += image.to(tl.int64) * height * width * channels + head * WIDTH
    feature = tl.arange(0, WIDTH)[None, :]

    # Only the queries that are not padding, so that fewer programs do it.
    query = tl.program_id(0) * QUERIES + tl.arange(0, QUERIES)
    columns = WIDE
    count = area
    if PADDED:
        columns = tl.minimum(WIDE, width - left)
        count = columns * tl.minimum(TALL, height - top)
        if tl.program_id(0) * QUERIES >= count:
            return
    asked = query < count
    query_y = query // columns
    query_x = query % columns
    query_row = (query_y * WIDE + query_x) * area  # of the bias
    query_y += top
    query_x += left
    query_at = (query_y + SHIFT_Y) % height * width
    query_at += (query_x + SHIFT_X) % width
    q = tl.load(
        qkv_ptr + query_at[:, None] * 3 * channels + feature,
        mask=asked[:, None],
        other=0.0,
    )
    highest = tl.full([QUERIES], -float('inf'), tl.float32)
    total = tl.zeros([QUERIES], tl.float32)
    summed = tl.zeros([QUERIES, WIDTH], tl.float32)
    for first in tl.static_range(0, area, KEYS):
        key = first + tl.arange(0, KEYS)
        real = key < area
        key_y = top + key // WIDE
        key_x = left + key % WIDE
        inside = real
        if PADDED:
            inside = real & (key_y < height) & (key_x < width)
        key_at = (key_y + SHIFT_Y) % height * width
        key_at += (key_x + SHIFT_X) % width
        keys = qkv_ptr + key_at[:, None] * 3 * channels + feature
        k = tl.load(keys + channels, mask=inside[:, None], other=0.0)
        v = tl.load(keys + 2 * channels, mask=inside[:, None], other=0.0)
        if PADDED:
            # Padding is zero before the projection, hence its bias here.
            pad = pad_ptr + channels + head * WIDTH + feature
            k = tl.where(inside[:, None], k, tl.load(pad).to(k.dtype))
            pad += channels
            v = tl.where(inside[:, None], v, tl.load(pad).to(v.dtype))
        bias = tl.load(
            bias_ptr + head * area * area + query_row[:, None] + key[None, :],
            mask=asked[:, None] & real[None, :],
            other=0.0,
        )
        score = tl.dot(q, tl.trans(k), input_precision=PRECISION) * SCALE
        score += bias.to(tl.float32)
        if shifted:
            of_query = 3 * _region(query_y, below, TALL, SHIFT_Y)
            of_query += _region(query_x, beside, WIDE, SHIFT_X)
            of_key = 3 * _region(key_y, below, TALL, SHIFT_Y)
            of_key += _region(key_x, beside, WIDE, SHIFT_X)
            apart = of_query[:, None] != of_key[None, :]
            score = tl.where(apart, score - 100.0, score)
        score = tl.where(real[None, :], score, -float('inf'))
        new = tl.maximum(highest, tl.max(score, 1))
        share = tl.exp(score - new[:, None])
        faded = tl.exp(highest - new)
        total = total * faded + tl.sum(share, 1)
        summed = summed * faded[:, None]
        summed += tl.dot(share.to(v.dtype), v, input_precision=PRECISION)
        highest = new
    tl.store(
        out_ptr + query_at[:, None] * channels + feature,
        (summed / total[:, None]).to(out_ptr.dtype.element_ty),
        mask=asked[:, None],
    )
