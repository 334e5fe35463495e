// Uses the page as a person would, and tells what was seen.
const $ = (id) => document.getElementById(id);
const until = async (test, what) => {
  for (let i = 0; i < 600; i += 1) {
    if (test()) return;
    await new Promise((done) => { setTimeout(done, 50); });
  }
  throw new Error(`never: ${what}`);
};
const idle = () => !$('status').textContent;
const shown = () => idle() && !$('result').hidden
  && !$('result').classList.contains('old');
const tip = (x, y) => {
  const box = $('frame').getBoundingClientRect();
  $('frame').dispatchEvent(new PointerEvent('pointermove', {
    clientX: box.left + x * box.width, clientY: box.top + y * box.height,
  }));
  return $('tip').hidden ? null : $('tip').textContent;
};
const pixels = (canvas) => {
  const { width, height } = canvas;
  const { data } = canvas.getContext('2d')
    .getImageData(0, 0, width, height);
  return { width, height, data: [...data] };
};
const places = [[0.01, 0.01], [0.51, 0.51], [0.26, 0.76], [0.99, 0.99]];

async function use() {
  const seen = {};
  await until(() => $('thumbnails').children.length, 'examples');
  $('thumbnails').children[0].click();
  await until(shown, 'a result');
  seen.tabs = [...$('tabs').children].map((tab) => tab.textContent);
  seen.legend = [...$('legend').querySelectorAll('button')].map(
    (entry) => [...entry.children].slice(1).map((part) => part.textContent));
  seen.labels = places.map(([x, y]) => tip(x, y));
  $('opacity').value = 100;
  $('opacity').dispatchEvent(new Event('input'));
  seen.painted = pixels($('layer'));
  $('legend').querySelector('button').click();
  seen.chosen = pixels($('layer'));
  $('tab-confidence').click();
  seen.confidence = tip(0.51, 0.51);
  $('tab-depth').click();
  seen.depth = places.map(([x, y]) => tip(x, y));
  seen.bar = $('depth-bar').textContent;
  $('tab-points').click();
  await until(() => idle() && $('count').textContent, 'points');
  await new Promise((done) => { setTimeout(done, 300); });
  const before = pixels($('cloud'));
  seen.count = $('count').textContent;
  const part = before.width * Math.round(before.height / 2) * 4;
  seen.cloud = before.data.slice(part, part + before.width * 4);
  $('cloud').dispatchEvent(
    new KeyboardEvent('keydown', { key: 'ArrowLeft' }));
  await new Promise((done) => { setTimeout(done, 300); });
  const after = pixels($('cloud')).data;
  seen.turned = before.data.filter((value, i) => value !== after[i]).length;
  $('angle').value = 500;
  $('angle').dispatchEvent(new Event('change'));
  await until(() => $('problem').textContent, 'a problem');
  seen.angle = $('problem').textContent;
  seen.links = [$('zip').href, $('ply').href];
  const given = new DataTransfer();
  given.items.add(new File(['<svg onload="x()"/>'], '<b>a.svg'));
  $('file').files = given.files;
  $('file').dispatchEvent(new Event('change'));
  await until(() => $('problem').textContent.includes('unreadable'), 'svg');
  seen.problem = $('problem').textContent;
  seen.addresses = performance.getEntriesByType('resource')
    .map((entry) => entry.name);
  return seen;
}

const told = await use().catch((error) => ({ failed: `${error.stack}` }));
await fetch('/told', { method: 'POST', body: JSON.stringify(told) });
