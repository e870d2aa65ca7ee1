// The account: a nick that is kept, whether one stays while one is away, and the way back.

import { html, useEffect, useState } from '../vendor/htm-preact.js';
import * as net from '../net.js';
import { clean, cleanName, same } from '../text.js';
import { Dialog, useModes } from './dialog.js';

/** Sends a command; gives why it was refused, or nothing. */
async function refusal(message) {
  try {
    const receipt = await net.send(message);
    return receipt.status === 'error' ? receipt.error : '';
  } catch (error) {
    return error.message;
  }
}

/** Two fields for a password of one's own. Calls `done` with it; gives why it was not good, or nothing. */
export function NewPassword({ nick, label, done }) {
  const [problem, setProblem] = useState('');
  const submit = async (event) => {
    event.preventDefault();
    const { first, second } = event.currentTarget.elements;
    setProblem(first.value === second.value ? await done(first.value) : 'The two are not the same.');
  };
  return html`<form onSubmit=${submit}>
    <input class="unseen" type="text" autocomplete="username" value=${nick} readonly tabindex="-1" aria-hidden="true" />
    <label>Password<input name="first" type="password" autocomplete="new-password" minlength="8" required /></label>
    <label>The same again<input name="second" type="password" autocomplete="new-password" minlength="8" required /></label>
    <p role="alert" class="problem">${clean(problem ?? '')}</p>
    <button type="submit" class="primary">${label}</button>
  </form>`;
}

function Keep({ store }) {
  const { nick } = store.state;
  const keep = async (password) => {
    try {
      const { account } = await net.register(nick, password);
      store.dispatch({ type: 'session', nick: store.state.nick, account });
      return '';
    } catch (error) {
      return error.message;
    }
  };
  return html`<p>The nick <b><bdi>${cleanName(nick)}</bdi></b> is yours until the session ends. With an account it is kept for you, and with its password you
      log in whenever you like, also from elsewhere.</p>
    <${NewPassword} nick=${nick} label="Keep my nick" done=${keep} />
    <p class="hint">Nobody can send you a forgotten password, since nobody asks for your address.</p>`;
}

function Drop({ store, account, back, close }) {
  const [problem, setProblem] = useState('');
  const drop = async () => {
    const why = await refusal({ command: 'UNREGISTER', params: [account] });
    if (why) setProblem(why);
    else {
      store.dispatch({ type: 'session', nick: store.state.nick, account: null });
      close();
    }
  };
  return html`<p>The nick <b><bdi>${cleanName(account)}</bdi></b> would not be kept for you any more, nor what you have read. This session goes on until you leave.</p>
    <p role="alert" class="problem">${clean(problem)}</p>
    <div class="choice"><button type="button" class="primary" onClick=${back}>Keep it</button><button type="button" onClick=${drop}>Drop the account</button></div>`;
}

function Stay({ store }) {
  const { nick } = store.state;
  const modes = useModes(store);
  const [problem, setProblem] = useState('');
  const stays = modes?.includes('S') ?? false;
  const change = async ({ target }) => {
    const why = await refusal({ command: 'MODE', to: nick, params: [stays ? '-S' : '+S'] });
    if (why) target.checked = stays;
    setProblem(why);
  };
  return html`<label class="check"><input type="checkbox" checked=${stays} disabled=${modes === null} onChange=${change} aria-describedby="staying" />
      <span>Stay in my channels while I am away</span></label>
    <p id="staying" class="hint">Then logging out of the last device does not end the session, and you find later what was said meanwhile.</p>
    <p role="alert" class="problem">${clean(problem)}</p>`;
}

export function Account({ store, close, drops = false }) {
  const [isDropping, setDropping] = useState(drops);
  const { nick, account } = store.state;
  // Another device may have made or dropped it.
  useEffect(() => { net.session().then((session) => store.dispatch({ type: 'session', ...session }), () => {}); }, []);
  let what = html`<${Keep} store=${store} />`;
  if (account && isDropping) what = html`<${Drop} store=${store} account=${account} back=${() => setDropping(false)} close=${close} />`;
  else if (account) {
    what = html`<p>The nick <b><bdi>${cleanName(account)}</bdi></b> is kept for you${same(account, nick) ? '' : ', although you go by another now'}. With it and your
        password you log in, from wherever you like.</p>
      <${Stay} store=${store} />
      <div class="choice"><button type="button" onClick=${() => store.set({ dialog: 'password' })}>Change the password</button>
        <button type="button" onClick=${() => setDropping(true)}>Drop the account …</button></div>`;
  }
  return html`<${Dialog} label="Account" close=${close}>${what}<//>`;
}

export const Unregister = (props) => html`<${Account} ...${props} drops />`;
