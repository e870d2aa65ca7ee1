// Which screen is shown.

import { html, useEffect, useLayoutEffect, useReducer } from '../vendor/htm-preact.js';
import { cleanName } from '../text.js';
import { Login } from './login.js';
import { Main } from './main.js';

export function App({ store }) {
  const [, again] = useReducer((count) => count + 1, 0);
  // Before anything can happen: an effect that waits for the next picture would miss what comes before that.
  useLayoutEffect(() => store.subscribe(again), [store]);
  const { state, phase } = store;
  useEffect(() => {
    let count = 0;
    for (const buffer of state.buffers.values()) count += buffer.mentions;
    const name = phase === 'inside' && store.here.name !== '*' ? `${cleanName(store.here.name)} · ` : '';
    document.title = `${count ? `(${count}) ` : ''}${name}${cleanName(state.server)}`;
  });
  if (phase === 'inside') return html`<${Main} store=${store} />`;
  if (phase === 'login') return html`<${Login} store=${store} />`;
  return html`<main class="door"><p role="status">${phase === 'unreachable' ? 'The server cannot be reached. Trying again …' : ''}</p></main>`;
}
