// A point cloud that is turned by hand. Drawn by the processor into a plain
// canvas: that works in every browser, and in machines without a GPU.

const BACKGROUND = 0xff1c1612; // ABGR
const LIMIT = 1.5; // radians of pitch
const START = { yaw: -0.3, pitch: 0.16, zoom: 0.86, x: 0, y: 0 };

export class Cloud {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext('2d');
    this.count = 0;
    this.pointers = new Map();
    this.view = { ...START };
    const listen = (name, act) => canvas.addEventListener(name, act);
    listen('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, event);
    });
    listen('pointermove', (event) => this.drag(event));
    for (const name of ['pointerup', 'pointercancel']) {
      listen(name, (event) => this.pointers.delete(event.pointerId));
    }
    listen('wheel', (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.04 : 0.0012)));
    });
    listen('dblclick', () => this.reset());
    listen('contextmenu', (event) => event.preventDefault());
    listen('keydown', (event) => this.key(event));
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  // What `View.points` gives; `angle`: degrees the camera saw.
  show(buffer, angle) {
    this.spacing = new Float32Array(buffer, 0, 1)[0];
    this.count = (buffer.byteLength - 4) / 15;
    this.points = new Float32Array(buffer, 4, 3 * this.count);
    const bytes = new Uint8Array(buffer, 4 + 12 * this.count);
    this.colours = new Uint32Array(this.count);
    for (let i = 0; i < this.count; i += 1) {
      this.colours[i] = (0xff000000 | (bytes[3 * i + 2] << 16)
        | (bytes[3 * i + 1] << 8) | bytes[3 * i]) >>> 0;
    }
    const depths = [];
    const slopes = [];
    for (let i = 2; i < this.points.length; i += 3 * 16) {
      depths.push(this.points[i]);
      slopes.push(Math.abs(this.points[i - 1] / this.points[i]));
    }
    depths.sort((a, b) => a - b);
    this.middle = depths[depths.length >> 1] ?? 1;
    this.wide = Math.tan((angle * Math.PI) / 360);
    this.high = Math.max(1e-3, ...slopes);
    this.reset();
  }

  reset() {
    this.view = { ...START };
    this.draw();
  }

  zoom(factor) {
    this.view.zoom = Math.min(20, Math.max(0.1, this.view.zoom * factor));
    this.draw();
  }

  turn(yaw, pitch) {
    this.view.yaw += yaw;
    const turned = this.view.pitch + pitch;
    this.view.pitch = Math.min(LIMIT, Math.max(-LIMIT, turned));
    this.draw();
  }

  move(x, y) {
    this.view.x += x / this.canvas.clientWidth;
    this.view.y += y / this.canvas.clientWidth;
    this.draw();
  }

  drag(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const x = event.clientX - before.clientX;
    const y = event.clientY - before.clientY;
    this.pointers.set(event.pointerId, event);
    if (this.pointers.size === 1) {
      if (event.shiftKey || event.buttons > 1) this.move(x, y);
      else this.turn(x * 0.006, -y * 0.006);
      return;
    }
    const [other] = [...this.pointers.values()]
      .filter((one) => one.pointerId !== event.pointerId);
    const far = (one) => Math.hypot(
      one.clientX - other.clientX, one.clientY - other.clientY) || 1;
    this.move(x / 2, y / 2);
    this.zoom(far(event) / far(before));
  }

  key(event) {
    const acts = {
      ArrowLeft: () => this.turn(-0.08, 0),
      ArrowRight: () => this.turn(0.08, 0),
      ArrowUp: () => this.turn(0, 0.08),
      ArrowDown: () => this.turn(0, -0.08),
      '+': () => this.zoom(1.15),
      '-': () => this.zoom(1 / 1.15),
      Home: () => this.reset(),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  }

  draw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.paint();
    });
  }

  paint() {
    const { canvas } = this;
    const ratio = Math.min(window.devicePixelRatio || 1, 1.5);
    const width = Math.round(canvas.clientWidth * ratio);
    const height = Math.round(canvas.clientHeight * ratio);
    if (!width || !height || !this.points) return;
    if (canvas.width !== width || canvas.height !== height || !this.image) {
      canvas.width = width;
      canvas.height = height;
      this.image = this.context.createImageData(width, height);
      this.pixels = new Uint32Array(this.image.data.buffer);
      this.depth = new Float32Array(width * height);
    }
    this.pixels.fill(BACKGROUND);
    this.depth.fill(Infinity);
    this.project(width, height);
    this.close(width, height);
    this.context.putImageData(this.image, 0, 0);
  }

  // A surface that is turned towards the eye opens between its points.
  close(width, height) {
    const { depth, pixels } = this;
    const filled = (at) => depth[at] < Infinity;
    for (let row = 2; row < height - 2; row += 1) {
      for (let at = row * width + 2; at < (row + 1) * width - 2; at += 1) {
        if (filled(at)) continue;
        for (const step of [1, width]) {
          const before = [at - step, at - 2 * step].find(filled);
          if (before === undefined) continue;
          if (filled(at + step) || filled(at + 2 * step)) {
            pixels[at] = pixels[before];
            depth[at] = depth[before];
            break;
          }
        }
      }
    }
  }

  project(width, height) {
    const { points, colours, pixels, depth, middle, view } = this;
    // From where the camera stood, the scene fills the canvas.
    const focal = Math.min(
      width / 2 / this.wide, height / 2 / this.high);
    const [sy, cy] = [Math.sin(view.yaw), Math.cos(view.yaw)];
    const [sp, cp] = [Math.sin(view.pitch), Math.cos(view.pitch)];
    const back = middle / view.zoom;
    const left = width / 2 + view.x * width;
    const top = height / 2 + view.y * width;
    const near = middle * 0.02;
    const spread = focal * this.spacing * 1.35;
    for (let i = 0; i < this.count; i += 1) {
      const z0 = points[3 * i + 2];
      const x0 = points[3 * i];
      const y0 = points[3 * i + 1];
      const z1 = z0 - middle;
      const x = cy * x0 + sy * z1;
      const z2 = cy * z1 - sy * x0;
      const y = cp * y0 - sp * z2;
      const z = sp * y0 + cp * z2 + back;
      if (z < near) continue;
      const size = Math.min(9, Math.max(1, Math.ceil((spread * z0) / z)));
      const u = Math.round(left + (focal * x) / z - size / 2);
      const v = Math.round(top + (focal * y) / z - size / 2);
      if (u >= width || v >= height || u + size <= 0 || v + size <= 0) {
        continue;
      }
      const right = Math.min(width, u + size);
      const bottom = Math.min(height, v + size);
      for (let row = Math.max(0, v); row < bottom; row += 1) {
        for (let column = Math.max(0, u); column < right; column += 1) {
          const at = row * width + column;
          if (z < depth[at]) {
            depth[at] = z;
            pixels[at] = colours[i];
          }
        }
      }
    }
  }
}
