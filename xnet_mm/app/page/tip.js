// What is predicted under the pointer.

import { css, element, metres } from './colours.js';

const $ = (id) => document.getElementById(id);

// What is predicted at a place of the frame, 0 to 1 each.
function describe({ model, result, maps, view }, x, y) {
  const told = [];
  const at = (map, [rows, columns], u, v) => map[
    Math.min(rows - 1, Math.floor(v * rows)) * columns
      + Math.min(columns - 1, Math.floor(u * columns))];
  if (maps.labels && view !== 'depth') {
    const id = at(maps.labels, result.shown, x, y);
    const swatch = element('i');
    swatch.style.background = css(model.classes[id]?.colour ?? [0, 0, 0]);
    told.push(swatch, model.classes[id]?.name ?? `class ${id}`);
    if (maps.confidence) {
      const sure = at(maps.confidence, result.shown, x, y) / 255;
      told.push(` · ${Math.round(100 * sure)} %`);
    }
    for (const entry of $('legend').querySelectorAll('button')) {
      entry.classList.toggle('under', Number(entry.dataset.id) === id);
    }
  }
  if (maps.depth) {
    const [top, left, height, width] = result.depth.place;
    const [u, v] = [(x - left) / width, (y - top) / height];
    const inside = u >= 0 && u < 1 && v >= 0 && v < 1;
    const value = inside ? at(maps.depth, result.depth.size, u, v) : NaN;
    const known = value > 0 && value < Infinity;
    told.push(`${told.length ? ' · ' : ''}${known ? metres(value)
      : 'no depth'}`);
  }
  return told;
}

function point(event, seen) {
  const box = $('frame').getBoundingClientRect();
  const x = (event.clientX - box.left) / box.width;
  const y = (event.clientY - box.top) / box.height;
  const tip = $('tip');
  tip.hidden = !seen || x < 0 || x >= 1 || y < 0 || y >= 1;
  if (tip.hidden) return;
  tip.replaceChildren(...describe(seen, x, y));
  const left = x * box.width + 14;
  const over = left + tip.offsetWidth > box.width;
  tip.style.left = `${Math.max(0,
    over ? left - tip.offsetWidth - 28 : left)}px`;
  const top = y * box.height + 14;
  tip.style.top = `${top + tip.offsetHeight > box.height
    ? top - tip.offsetHeight - 28 : top}px`;
}

function leave() {
  $('tip').hidden = true;
  for (const entry of $('legend').querySelectorAll('.under')) {
    entry.classList.remove('under');
  }
}

// `seen` gives what is on the screen, or null.
export function listenForPointer(seen) {
  for (const name of ['pointermove', 'pointerdown']) {
    $('frame').addEventListener(name, (event) => point(event, seen()));
  }
  $('frame').addEventListener('pointerleave', leave);
}
