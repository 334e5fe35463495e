// The page: a picture in, its prediction shown.

import { addressOf, askBytes, askModel, askPrediction, Refused }
  from './ask.js';
import { Cloud } from './cloud.js';
import { css, drawBar, element, metres, paintLabels, paintValues }
  from './colours.js';
import { listenForPictures } from './give.js';
import { listenForPointer } from './tip.js';

const $ = (id) => document.getElementById(id);
const NAMES = {
  labels: 'Labels', confidence: 'Confidence', depth: 'Depth',
  points: 'Point cloud',
};
const strength = { labels: 55, confidence: 85, depth: 100 };
const cloud = new Cloud($('cloud'));
let model = null;
let result = null;
let maps = {};
let view = null;
let chosen = null;
let running = null;
let cloudIsNew = false;

const percent = (share) => (
  share > 0 && share < 0.001 ? '<0.1 %' : `${(100 * share).toFixed(1)} %`);

function say(text, busy = false) {
  $('status').textContent = text;
  $('status').className = busy ? 'busy' : '';
}

function complain(error) {
  if (error.name === 'AbortError') return;
  say('');
  $('result').classList.remove('old');
  $('problem').textContent = error instanceof Refused
    ? error.message : `The page failed: ${error.message}`;
  $('problem').scrollIntoView({ block: 'nearest' });
  if (!(error instanceof Refused)) console.error(error);
}

async function predict(what) {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  $('problem').textContent = '';
  $('result').classList.add('old');
  if (what.file && what.file.size > model.largest) {
    complain(new Refused(`${what.file.name} is larger than `
      + `${model.largest / 2 ** 20} MB, the most that this page takes.`));
    return;
  }
  say(what.file ? `Sending ${what.file.name} …` : 'Asking …', true);
  try {
    const told = await askPrediction(what, ({ state, ahead }) => {
      say(state === 'waiting'
        ? `Waiting: ${ahead} before this one …` : 'Predicting …', true);
    }, mine.signal);
    const kinds = [
      told.has_labels && 'labels', told.has_confidence && 'confidence',
      told.depth && 'depth',
    ].filter(Boolean);
    const photo = new Image();
    photo.src = addressOf(told.key, 'image');
    const [found] = await Promise.all([
      Promise.all(kinds.map((kind) => askBytes(told.key, `maps/${kind}`))),
      photo.decode(),
    ]);
    if (running !== mine) return; // another picture was given since
    const types = {
      labels: Uint16Array, confidence: Uint8Array, depth: Float32Array,
    };
    maps = {};
    kinds.forEach((kind, i) => { maps[kind] = new types[kind](found[i]); });
    result = told;
    $('photo').src = photo.src;
    showResult(kinds);
    say('');
  } catch (error) {
    if (running === mine) complain(error);
  }
}

function showResult(kinds) {
  const [height, width] = result.shown;
  $('frame').style.setProperty('--ratio', width / height);
  const [tall, wide] = result.size;
  const [rows, columns] = result.predicted;
  $('about').textContent = `${result.name}: ${wide} × ${tall} pixels`
    + (rows < tall || columns < wide
      ? `, made smaller to ${columns} × ${rows}. The download has that size; `
        + 'for the full one take tools/predict.py.' : '.');
  chosen = null;
  drawLegend();
  if (maps.confidence) {
    let sum = 0;
    for (const value of maps.confidence) sum += value;
    const mean = Math.round(sum / maps.confidence.length / 2.55);
    $('mean').textContent = `On average ${mean} %.`;
    drawBar($('confidence-bar'), model.colours.confidence, 0, 100, '%');
  }
  if (result.depth) {
    const { nearest, farthest, angle } = result.depth;
    $('nearest').textContent = nearest === null ? 'none' : metres(nearest);
    $('farthest').textContent = farthest === null ? 'none' : metres(farthest);
    $('whole').hidden = model.max_depth === null;
    $('angle').value = angle;
    $('angle-note').textContent = result.depth.angle_is_known
      ? `${angle}° is what the photo's Exif data say.`
      : `The photo does not say it; ${angle}° is usual. A wrong angle makes `
        + 'the scene too deep or too flat.';
    cloudIsNew = true;
    linkCloud();
  }
  $('zip').href = addressOf(result.key, 'files.zip');
  $('ply-row').hidden = !result.depth;
  const views = result.depth ? [...kinds, 'points'] : kinds;
  $('tabs').replaceChildren(...views.map((name) => {
    const tab = element('button', NAMES[name], { id: `tab-${name}` });
    tab.setAttribute('role', 'tab');
    tab.addEventListener('click', () => show(name));
    return tab;
  }));
  $('result').hidden = false;
  $('result').classList.remove('old');
  show(views.includes(view) ? view : views[0]);
}

function show(name) {
  view = name;
  for (const tab of $('tabs').children) {
    tab.setAttribute('aria-selected', tab.id === `tab-${name}`);
  }
  for (const panel of document.querySelectorAll('[data-view]')) {
    panel.hidden = panel.dataset.view !== name;
  }
  $('strength').hidden = name === 'points';
  $('frame').hidden = name === 'points';
  $('space').hidden = name !== 'points';
  $('tip').hidden = true;
  if (name === 'points') {
    if (cloudIsNew) askCloud();
    else cloud.draw();
    return;
  }
  $('opacity').value = strength[name];
  paint();
}

function paint() {
  const canvas = $('layer');
  const [height, width] = view === 'depth' ? result.depth.size : result.shown;
  const place = view === 'depth' ? result.depth.place : [0, 0, 1, 1];
  ['top', 'left', 'height', 'width'].forEach((side, i) => {
    canvas.style[side] = `${100 * place[i]}%`;
  });
  canvas.className = view === 'labels' ? 'sharp' : '';
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height);
  const opacity = Math.round(strength[view] * 2.55);
  $('percent').textContent = `${strength[view]} %`;
  if (view === 'labels') {
    const palette = model.classes.map(({ colour }) => colour);
    paintLabels(image, maps.labels, palette, opacity, chosen);
  } else if (view === 'confidence') {
    const table = model.colours.confidence;
    paintValues(image, maps.confidence, table, 0, 255, opacity, false);
  } else {
    const which = document.querySelector('[name=range]:checked').value;
    const [low, high] = result.depth.ranges[which];
    const table = model.colours.depth;
    paintValues(image, maps.depth, table, low, high, opacity, true);
    drawBar($('depth-bar'), table, low, high, 'm');
  }
  canvas.getContext('2d').putImageData(image, 0, 0);
}

function drawLegend() {
  $('legend').replaceChildren(...result.shares.map(([id, share]) => {
    const { name, colour } = model.classes[id] ?? { name: `class ${id}` };
    const entry = element('button', '', { title: name });
    const swatch = element('i');
    swatch.style.background = css(colour ?? [0, 0, 0]);
    entry.append(swatch, element('span', name), element('b', percent(share)));
    entry.dataset.id = id;
    entry.addEventListener('click', () => choose(chosen === id ? null : id));
    const item = element('li');
    item.append(entry);
    return item;
  }));
  choose(null, false);
}

function choose(id, again = true) {
  chosen = id;
  $('all').hidden = id === null;
  $('legend').classList.toggle('chosen', id !== null);
  for (const entry of $('legend').querySelectorAll('button')) {
    entry.setAttribute('aria-pressed', Number(entry.dataset.id) === id);
  }
  if (again) paint();
}

function linkCloud() {
  const angle = encodeURIComponent($('angle').value);
  $('ply').href = addressOf(result.key, `cloud.ply?angle=${angle}`);
}

async function askCloud() {
  const mine = result;
  const angle = $('angle').value;
  $('problem').textContent = '';
  say('Making the point cloud …', true);
  try {
    const part = `points?angle=${encodeURIComponent(angle)}`;
    const found = await askBytes(mine.key, part);
    if (mine !== result || angle !== $('angle').value) return;
    cloudIsNew = false;
    linkCloud();
    cloud.show(found, Number(angle));
    $('count').textContent = `${cloud.count.toLocaleString('en')} points; `
      + 'those at jumps of the depth are left out.';
    say('');
  } catch (error) {
    complain(error);
  }
}

function listen() {
  listenForPictures((file) => predict({ file }), complain);
  $('opacity').addEventListener('input', ({ target }) => {
    strength[view] = Number(target.value);
    paint();
  });
  $('all').addEventListener('click', () => choose(null));
  window.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape' && view === 'labels' && result) choose(null);
  });
  for (const button of document.querySelectorAll('[name=range]')) {
    button.addEventListener('change', paint);
  }
  $('angle').addEventListener('change', askCloud);
  $('back').addEventListener('click', () => cloud.reset());
  listenForPointer(() => result && { model, result, maps, view });
}

async function start() {
  try {
    model = await askModel();
  } catch (error) {
    complain(error);
    return;
  }
  document.title = `${model.name} – xnet_mm`;
  $('model').textContent = model.name;
  const kinds = [
    model.classes.length && `${model.classes.length} classes`,
    model.max_depth !== null && `depth up to ${model.max_depth} m`,
  ].filter(Boolean);
  $('facts').textContent = [
    ...kinds, model.weights, model.device,
    model.tile && `tiles of ${model.tile} pixels`,
  ].filter(Boolean).join(' · ');
  [$('angle').min, $('angle').max] = model.angles;
  $('examples').hidden = !model.examples.length;
  $('thumbnails').replaceChildren(...model.examples.map((name, number) => {
    const button = element('button', '', { title: name });
    button.append(element('img', '', {
      src: `examples/${number}`, alt: name, height: 76,
    }));
    button.addEventListener('click', () => predict({ example: number }));
    return button;
  }));
  listen();
}

start();
