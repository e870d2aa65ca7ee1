// The door: a nick, a password for what one has already or wants to keep, and the work that a session may cost.

import { html, useEffect, useRef, useState } from '../vendor/htm-preact.js';
import { clean } from '../text.js';

export function Login({ store }) {
  const [problem, setProblem] = useState('');
  const [progress, setProgress] = useState(null);
  const [keeps, setKeeps] = useState(false);
  const field = useRef(null);
  const calling = useRef(null);
  useEffect(() => field.current?.focus(), []);

  async function connect(event) {
    event.preventDefault();
    if (calling.current) return;
    const form = event.currentTarget;
    const nick = form.elements.nick.value.trim();
    const password = form.elements.password.value;
    if (!nick || keeps && !password) {
      setProblem(nick ? 'Choose a password, with which you come back to your nick.' : 'Choose a nick.');
      form.elements[nick ? 'password' : 'nick'].focus();
      return;
    }
    setProblem('');
    calling.current = new AbortController();
    try {
      const told = (tried, bits) => setProgress({ tried, most: 2 ** bits });
      await store.logIn({ nick, password, keeps }, told, calling.current.signal);
    } catch (error) {
      if (error.name !== 'AbortError') setProblem(explain(error, { password, keeps }));
      if (error.status === 409 || error.status === 401) form.elements.password.focus();
    }
    calling.current = null;
    setProgress(null);
  }

  const { state } = store;
  // How likely it is that the work is done by now, since nobody knows when it will be.
  const share = progress ? 1 - Math.exp(-progress.tried / progress.most) : 0;
  // The key of what comes later keeps it apart from the paragraph at the end: else the form is moved, and its field loses the focus.
  return html`<main class="door">
    <h1>${clean(state.server)}</h1>
    ${state.motd && html`<p key="motd" class="motd">${clean(state.motd)}</p>`}
    <form aria-label="Log in" onSubmit=${connect}>
      <label>Nick<input ref=${field} name="nick" autocomplete="username" autocapitalize="off" spellcheck=${false} maxlength="32" required /></label>
      <label>Password (optional)<input name="password" type="password" autocomplete=${keeps ? 'new-password' : 'current-password'} aria-describedby="hint" /></label>
      <p id="hint" class="hint">For a nick that is kept for you, or a session that you have on another device.</p>
      <label class="check"><input name="keeps" type="checkbox" checked=${keeps} onChange=${(event) => setKeeps(event.target.checked)} aria-describedby="keeping" />
        <span>Keep this nick</span></label>
      <p id="keeping" class="hint">A new account: nobody else gets the nick, and its password lets you in again.</p>
      ${progress
        ? html`<div class="work"><p id="working">Paying with a little work …</p>
            <progress role="progressbar" aria-labelledby="working" max="1" value=${share}></progress>
            <button type="button" onClick=${() => calling.current?.abort()}>Cancel</button></div>`
        : html`<button type="submit" class="primary">Connect</button>`}
      <p role="alert" class="problem">${problem || store.ended}</p>
    </form>
    <p class="hint"><a href="/docs">For programs</a></p>
  </main>`;
}

function explain(error, { password, keeps }) {
  const words = clean(error.message);
  if (error.status === 409 && (keeps || !password)) return `${words}. If it is yours, give its password${keeps ? ' without keeping it anew' : ''}.`;
  if (error.status === 401) return `${words}. Nobody is known by this nick with this password; a nick that is free is kept with the choice below.`;
  if (error.status === 429) return `Too many attempts. Wait ${error.retryAfter || 'a few'} seconds.`;
  if (error instanceof TypeError) return 'The server cannot be reached.';
  return words;
}
