// What opens above the conversation: channels, devices, a password, help, and a question before one leaves; account and
// search have files of their own.

import { html, useEffect, useRef, useState } from '../vendor/htm-preact.js';
import * as net from '../net.js';
import { NAMES } from '../commands.js';
import { cleanLine, cleanName, fold } from '../text.js';
import { Account, NewPassword, Unregister } from './account.js';
import { Dialog, useAsked, useModes } from './dialog.js';
import { Search } from './search.js';

const CHANNELS_SHOWN = 200;

function Channels({ store, close }) {
  const [channels, problem] = useAsked(net.channels);
  const [typed, setTyped] = useState('');
  const field = useRef(null);
  useEffect(() => field.current?.focus(), []);
  const join = (name) => {
    if (!name.trim()) return;
    close();
    store.type(`/join ${name.trim()}`);
  };
  const fits = (channels ?? []).filter(({ name, topic }) => fold(`${name} ${topic ?? ''}`).includes(fold(typed)))
    .sort((one, other) => other.members - one.members || (one.name < other.name ? -1 : 1));
  return html`<${Dialog} label="Channels" close=${close}>
    <form class="row" onSubmit=${(event) => { event.preventDefault(); join(typed); }}>
      <label>Channel name<input ref=${field} value=${typed} onInput=${(event) => setTyped(event.target.value)} placeholder="#tea" autocapitalize="off" autocomplete="off" spellcheck=${false} maxlength="64" /></label>
      <button type="submit" class="primary">Join</button>
    </form>
    ${problem && html`<p role="alert" class="problem">${problem}</p>`}
    <ul class="channels">${fits.slice(0, CHANNELS_SHOWN).map(({ name, topic, members }) => html`<li key=${name}>
      <button type="button" onClick=${() => join(name)}><bdi>${cleanName(name)}</bdi> <span class="count">${members}</span><span class="about" dir="auto">${cleanLine(topic ?? '')}</span></button></li>`)}</ul>
    ${channels && fits.length === 0 && html`<p class="hint">No channel fits. Join makes a new one.</p>`}
    ${fits.length > CHANNELS_SHOWN && html`<p class="hint">and ${fits.length - CHANNELS_SHOWN} more; type a part of the name</p>`}
  <//>`;
}

function Devices({ close }) {
  const [clients, problem, again, setProblem] = useAsked(net.clients);
  const revoke = async (uuid) => {
    try {
      await net.revoke(uuid);
    } catch (error) {
      setProblem(error.message);
    }
    await again();
  };
  return html`<${Dialog} label="Devices" close=${close}>
    <p class="hint">Each is logged in by itself and hears the same.</p>
    ${problem && html`<p role="alert" class="problem">${problem}</p>`}
    <ul class="devices">${(clients ?? []).map((one) => html`<li key=${one.uuid}>
      <span><b>${cleanLine(one.address)}</b>${one.current && ' · this device'}<br /><small>since ${new Date(one.created).toLocaleString()}, last seen ${new Date(one.last_seen).toLocaleString()}</small></span>
      ${!one.current && html`<button type="button" onClick=${() => revoke(one.uuid)}>Revoke</button>`}</li>`)}</ul>
  <//>`;
}

function Password({ store, close }) {
  const set = async (password) => {
    try {
      const receipt = await net.send({ command: 'PASS', body: [password] });
      if (receipt.status === 'error') return receipt.error;
    } catch (error) {
      return error.message;
    }
    close();
    store.tell('The password is set. With it you come in from further devices.');
    return '';
  };
  const { account, nick } = store.state;
  return html`<${Dialog} label="Set password" close=${close}>
    <p class="hint">${account ? 'Another password for your account.' : 'With your nick and this password you come into this session from other devices, until it ends.'}</p>
    <${NewPassword} nick=${nick} label="Set" done=${set} />
    ${!account && html`<p class="hint">To have the nick kept beyond that, <button type="button" onClick=${() => store.set({ dialog: 'account' })}>make an account</button></p>`}
  <//>`;
}

const KEYS = [['Tab', 'completes nicks, channels and commands'], ['↑ ↓', 'what was typed before'], ['Alt+↑, Alt+↓', 'the conversation above or below'],
  ['Alt+A', 'where somebody has said something'], ['/', 'to the field'], ['Shift+Enter', 'a further line'],
  ['Shift+Tab, ↑ ↓', 'from one message to another'], ['r, e', 'reply or react to it'], ['//', 'at the beginning says a line with one stroke']];

function Help({ close }) {
  return html`<${Dialog} label="Help" close=${close}>
    <dl class="keys">${KEYS.map(([key, what]) => html`<dt><kbd>${key}</kbd></dt><dd>${what}</dd>`)}</dl>
    <h3>Commands</h3><p class="commands">${NAMES.map((name) => html`<code>/${name}</code> `)}</p>
    <p class="hint">/help NAME asks the server about one.</p>
  <//>`;
}

function LogOut({ store, close }) {
  const { account } = store.state;
  const modes = useModes(store);
  let what = 'Without another device the session ends, and the nick is free for anybody.';
  if (account && modes?.includes('S')) what = 'You stay in your channels, and the nick is kept for you.';
  else if (account) what = 'Without another device the session ends. The nick is kept for you.';
  return html`<${Dialog} label="Leaving" close=${close}>
    <p>${what}</p>
    <button type="button" class="primary" onClick=${() => store.logOut()}>Log out</button>
  <//>`;
}

const ALL = { channels: Channels, devices: Devices, password: Password, account: Account, unregister: Unregister, search: Search, help: Help, logout: LogOut };

export function Dialogs({ store }) {
  const Which = ALL[store.dialog];
  return Which ? html`<${Which} store=${store} close=${() => store.set({ dialog: null })} />` : null;
}
