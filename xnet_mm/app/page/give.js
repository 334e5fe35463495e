// How pictures are given: chosen, dropped anywhere, pasted.

import { Refused } from './ask.js';

export function listenForPictures(take, refuse) {
  document.getElementById('file').addEventListener('change', ({ target }) => {
    const [file] = target.files;
    target.value = ''; // or the same file again would be no change
    if (file) take(file);
  });
  for (const name of ['dragenter', 'dragover']) {
    window.addEventListener(name, (event) => {
      event.preventDefault();
      document.body.classList.add('over');
    });
  }
  for (const name of ['dragleave', 'drop']) {
    window.addEventListener(name, (event) => {
      event.preventDefault();
      if (name === 'dragleave' && event.relatedTarget) return;
      document.body.classList.remove('over');
    });
  }
  window.addEventListener('drop', ({ dataTransfer }) => {
    const [file] = dataTransfer.files;
    if (file) take(file);
    else refuse(new Refused('That was no file. Save the picture first.'));
  });
  window.addEventListener('paste', ({ clipboardData }) => {
    const [file] = clipboardData.files;
    if (file) take(file);
  });
}
