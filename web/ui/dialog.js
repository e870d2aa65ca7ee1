// What all dialogs have in common.

import { html, useEffect, useRef, useState } from '../vendor/htm-preact.js';
import * as net from '../net.js';

export function Dialog({ label, close, children }) {
  const element = useRef(null);
  useEffect(() => { element.current.showModal(); }, []);
  // The browser gives the focus back to where it was, unless the dialog is gone before it is closed.
  const shut = () => element.current.close();
  const outside = (event) => { if (event.target === element.current) shut(); };
  return html`<dialog ref=${element} aria-label=${label} onClose=${close} onClick=${outside}>
    <div class="sheet"><header><h2>${label}</h2><button type="button" aria-label="Close" onClick=${shut}>×</button></header>${children}</div>
  </dialog>`;
}

/** Something from the server: `[value, problem, ask again]`. */
export function useAsked(ask) {
  const [value, setValue] = useState(null);
  const [problem, setProblem] = useState('');
  const again = () => ask().then(setValue, (error) => setProblem(error.message));
  useEffect(() => { again(); }, []);
  return [value, problem, again, setProblem];
}

/** One's own modes, which nobody has told since the page was opened; null until they are known. */
export function useModes({ state: { nick, modes } }) {
  useEffect(() => { if (modes === null) net.send({ command: 'MODE', to: nick }).catch(() => {}); }, []);
  return modes;
}
