// The door: a nick, a password where one has a session already, and the work that a session may cost.

import { html, useEffect, useRef, useState } from '../vendor/htm-preact.js';
import { clean } from '../text.js';

export function Login({ store }) {
  const [problem, setProblem] = useState('');
  const [progress, setProgress] = useState(null);
  const field = useRef(null);
  const calling = useRef(null);
  useEffect(() => field.current?.focus(), []);

  async function connect(event) {
    event.preventDefault();
    if (calling.current) return;
    const form = event.currentTarget;
    const nick = form.elements.nick.value.trim();
    if (!nick) {
      setProblem('Choose a nick.');
      return;
    }
    setProblem('');
    calling.current = new AbortController();
    try {
      const told = (tried, bits) => setProgress({ tried, most: 2 ** bits });
      await store.logIn(nick, form.elements.password.value, told, calling.current.signal);
    } catch (error) {
      if (error.name !== 'AbortError') setProblem(explain(error));
    }
    calling.current = null;
    setProgress(null);
  }

  const { state } = store;
  // How likely it is that the work is done by now, since nobody knows when it will be.
  const share = progress ? 1 - Math.exp(-progress.tried / progress.most) : 0;
  return html`<main class="door">
    <h1>${clean(state.server)}</h1>
    ${state.motd && html`<p class="motd">${clean(state.motd)}</p>`}
    <form aria-label="Log in" onSubmit=${connect}>
      <label>Nick<input ref=${field} name="nick" autocomplete="username" autocapitalize="off" spellcheck=${false} maxlength="32" required /></label>
      <label>Password (optional)<input name="password" type="password" autocomplete="current-password" aria-describedby="hint" /></label>
      <p id="hint" class="hint">Only for a session that you have on another device already.</p>
      ${progress
        ? html`<div class="work"><p id="working">Paying with a little work …</p>
            <progress role="progressbar" aria-labelledby="working" max="1" value=${share}></progress>
            <button type="button" onClick=${() => calling.current?.abort()}>Cancel</button></div>`
        : html`<button type="submit" class="primary">Connect</button>`}
      <p role="alert" class="problem">${problem}</p>
    </form>
    <p class="hint"><a href="/docs">For programs</a></p>
  </main>`;
}

function explain(error) {
  if (error.status === 409) return `${clean(error.message)}. With its password you come in as a further device.`;
  if (error.status === 429) return `Too many attempts. Wait ${error.retryAfter || 'a few'} seconds.`;
  if (error instanceof TypeError) return 'The server cannot be reached.';
  return clean(error.message);
}
