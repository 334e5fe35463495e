// Colours of maps, and the bars that say what they mean.

export const css = ([r, g, b]) => `rgb(${r}, ${g}, ${b})`;

export const metres = (value) => `${value.toFixed(value < 10 ? 2 : 1)} m`;

// An element with text; the text of others never becomes markup.
export function element(name, text = '', more = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  return Object.assign(made, more);
}

// Round numbers within a range, about `count` of them.
export function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((s) => s >= rough);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9;
    i += 1) {
    found.push(Number((i * step).toPrecision(12)));
  }
  return found;
}

// The colours of `table` from `low` to `high`, with numbers below them.
export function drawBar(place, table, low, high, unit) {
  const canvas = element('canvas', '', { width: table.length, height: 1 });
  const context = canvas.getContext('2d');
  table.forEach((colour, i) => {
    context.fillStyle = css(colour);
    context.fillRect(i, 0, 1, 1);
  });
  const numbers = element('div');
  const values = ticks(low, high, 5);
  values.forEach((value, i) => {
    const at = (value - low) / (high - low);
    const last = i === values.length - 1;
    const text = element('span', last ? `${value} ${unit}` : `${value}`);
    text.style.left = `${100 * at}%`;
    if (at < 0.03) text.className = 'first';
    if (at > 0.93) text.className = 'last';
    if (at > 0.93) text.style.marginRight = `${100 * (1 - at)}%`;
    numbers.append(text);
  });
  place.replaceChildren(canvas, numbers);
}

// Paint classes. Where one is chosen, the others turn dark.
export function paintLabels(image, labels, palette, opacity, chosen) {
  const colours = palette.map(
    ([r, g, b]) => ((opacity << 24) | (b << 16) | (g << 8) | r) >>> 0);
  const dark = ((205 << 24) | (0x14 << 16) | (0x10 << 8) | 0x0c) >>> 0;
  const table = colours.map(
    (colour, i) => (chosen === null || chosen === i ? colour : dark));
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < labels.length; i += 1) pixels[i] = table[labels[i]] ?? 0;
}

// Paint values; those that are no positive finite number black, if `gaps`.
export function paintValues(image, values, table, low, high, opacity, gaps) {
  const colours = table.map(
    ([r, g, b]) => ((opacity << 24) | (b << 16) | (g << 8) | r) >>> 0);
  const black = (opacity << 24) >>> 0;
  const scale = 256 / (high - low);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i];
    if (gaps && !(value > 0 && value < Infinity)) {
      pixels[i] = black;
    } else {
      const at = Math.floor((value - low) * scale);
      pixels[i] = colours[at < 0 ? 0 : at > 255 ? 255 : at];
    }
  }
}
