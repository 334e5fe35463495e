// What the page asks the program for.

export class Refused extends Error {}

async function answer(address, options) {
  let found;
  try {
    found = await fetch(address, options);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Refused('The program does not answer. Is it still running?');
  }
  if (!found.ok) throw new Refused(await found.text());
  return found;
}

export const askModel = async () => (await answer('model')).json();

export const addressOf = (key, part) => `predictions/${key}/${part}`;

export const askBytes = async (key, part) => (
  await answer(addressOf(key, part))).arrayBuffer();

// Predict a file, or an example by its number; `tell` hears how it goes on.
export async function askPrediction({ file, example }, tell, signal) {
  const address = file ? 'predictions' : `predictions?example=${example}`;
  const found = await answer(address, {
    method: 'POST',
    body: file ?? null,
    headers: { 'X-Picture-Name': encodeURIComponent(file?.name ?? '') },
    signal,
  });
  const reader = found.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Refused('The program broke off. Is it running?');
    text += value;
    const lines = text.split('\n');
    text = lines.pop();
    for (const line of lines) {
      const told = JSON.parse(line);
      if (told.state === 'done') return told;
      if (told.state === 'failed') throw new Refused(told.message);
      tell(told);
    }
  }
}
