// The inside: conversations, the one at hand, and its members.

import { html, useEffect, useRef, useState } from '../vendor/htm-preact.js';
import { nextActive, order, SERVER } from '../state.js';
import { cleanLine, cleanName, fold, isChannel, pieces } from '../text.js';
import { Field } from './field.js';
import { Log } from './log.js';
import { Menu } from './menu.js';

const MEMBERS_SHOWN = 500;
const CONNECTION = { online: 'Connected', connecting: 'Connecting …', offline: 'No connection. Trying again …' };

function Conversations({ store, chosen }) {
  const { state } = store;
  return html`<nav aria-label="Conversations" class="conversations">
    <p class="server" title=${cleanName(state.nick)}><bdi>${cleanName(state.nick)}</bdi>${state.away && ' (away)'}</p>
    <ul>${order(state).map((key) => {
      const buffer = state.buffers.get(key);
      const name = cleanName(key === SERVER ? state.server : buffer.name);
      const count = buffer.mentions || buffer.unread;
      const label = `${name}${buffer.mentions ? `, ${buffer.mentions} for you` : buffer.unread ? `, ${buffer.unread} unread` : ''}`;
      const isActive = key === state.active;
      return html`<li key=${key}>
        <button type="button" class="conversation" aria-label=${label} aria-current=${isActive ? 'true' : undefined} onClick=${() => { store.look(buffer.name); chosen(); }}>
          <bdi class=${buffer.joined ? '' : 'left'}>${name}</bdi>${count ? html` <span class=${buffer.mentions ? 'mention' : 'unread'}>${count}</span>` : ''}
        </button>
        ${isActive && key !== SERVER && html`<button type="button" class="close" tabindex="-1" aria-label=${isChannel(key) ? `Leave ${name}` : `Close ${name}`} onClick=${() => store.type('/close')}>×</button>`}
      </li>`;
    })}</ul>
    <button type="button" class="join" onClick=${() => { chosen(); store.set({ dialog: 'channels' }); }}>Join a channel</button>
  </nav>`;
}

const RANKS = [['Operators', '@', (one) => one.op], ['Voiced', '+', (one) => !one.op && one.voice], ['Others', '', (one) => !one.op && !one.voice]];

function Members({ store, chosen }) {
  const members = [...store.here.members.values()].sort((one, other) => (fold(one.nick) < fold(other.nick) ? -1 : 1));
  let left = MEMBERS_SHOWN;
  return html`<aside aria-label="Members" class="members">
    ${RANKS.map(([title, sign, belongs]) => {
      const all = members.filter(belongs);
      const shown = all.slice(0, left);
      left -= shown.length;
      return all.length > 0 && html`<h2>${title} <span>${all.length}</span></h2>
        <ul>${shown.map((one) => html`<li key=${one.nick}><button type="button" class=${one.away ? 'away' : ''} title=${one.away ? 'away' : undefined}
          onClick=${() => { store.look(one.nick); chosen(); }}>
          <span aria-hidden="true" class="rank">${sign}</span><bdi>${cleanName(one.nick)}</bdi></button></li>`)}</ul>`;
    })}
    ${members.length > MEMBERS_SHOWN && html`<p>and ${members.length - MEMBERS_SHOWN} more</p>`}
  </aside>`;
}

/** Who is writing. What was not renewed for a while does not hold any more. */
function Typing({ buffer }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (buffer.typing.size === 0) return undefined;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 2000);
    return () => clearInterval(timer);
  }, [buffer.typing]);
  const nicks = [...buffer.typing.values()].filter(({ at }) => now - at < 8000).map(({ nick }) => cleanName(nick));
  return html`<p class="typing">${nicks.length > 3 ? 'Several are writing …' : nicks.length ? `${nicks.join(', ')} ${nicks.length > 1 ? 'are' : 'is'} writing …` : ''}</p>`;
}

/** What opens above the page comes a moment after it, and is no part of the first load. */
function Dialogs({ store }) {
  const [Loaded, setLoaded] = useState(null);
  useEffect(() => {
    import('./dialogs.js').then((module) => setLoaded(() => module.Dialogs), () => store.tell('Not all of the page could be loaded. Load it again.', 'error'));
  }, []);
  return Loaded && html`<${Loaded} store=${store} />`;
}

const isTyping = () => /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName) || document.querySelector('dialog[open]');

export function Main({ store }) {
  const [drawer, setDrawer] = useState(null);
  const { state, here } = store;
  const handler = useRef(null);
  handler.current = (event) => {
    if (event.key === 'Escape' && drawer) setDrawer(null);
    else if (event.altKey && event.key === 'ArrowUp') store.step(-1);
    else if (event.altKey && event.key === 'ArrowDown') store.step(1);
    else if (event.altKey && /^a$/i.test(event.key)) {
      const next = nextActive(store.state);
      if (next) store.look(store.state.buffers.get(next).name);
    } else if (event.key === '/' && !event.ctrlKey && !event.metaKey && !isTyping()) document.getElementById('field')?.focus();
    else return;
    event.preventDefault();
  };
  useEffect(() => {
    const listen = (event) => handler.current(event);
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, []);
  const shut = () => setDrawer(null);
  const name = here.name === SERVER ? state.server : here.name;
  const hasMembers = isChannel(here.name);
  return html`<div class=${`inside${drawer ? ` shows-${drawer}` : ''}${hasMembers ? '' : ' alone'}`}>
    <${Conversations} store=${store} chosen=${shut} />
    <main>
      <header class="bar">
        <button type="button" class="drawer" aria-label="Show conversations" aria-expanded=${drawer === 'conversations' ? 'true' : 'false'} onClick=${() => setDrawer(drawer === 'conversations' ? null : 'conversations')}>☰</button>
        <h1><bdi>${cleanName(name)}</bdi></h1>
        <div data-testid="topic" class="topic" dir="auto" title=${cleanLine(here.topic)}>${pieces(cleanLine(here.topic)).map((piece) => (piece.href ? html`<a href=${piece.href} target="_blank" rel="noopener noreferrer nofollow">${piece.text}</a>` : piece.text))}</div>
        <span data-testid="connection" data-state=${state.connection} role="status" class="connection"><span>${CONNECTION[state.connection]}</span></span>
        ${hasMembers && html`<button type="button" class="drawer people" aria-label=${`Show members, ${here.members.size}`} aria-expanded=${drawer === 'members' ? 'true' : 'false'} onClick=${() => setDrawer(drawer === 'members' ? null : 'members')}>${here.members.size}</button>`}
        <button type="button" class="search" aria-label="Search" onClick=${() => store.set({ dialog: 'search' })}>⌕</button>
        <${Menu} store=${store} />
      </header>
      <${Log} key=${state.active} buffer=${here} store=${store} />
      <${Typing} buffer=${here} />
      <${Field} store=${store} />
    </main>
    ${hasMembers && html`<${Members} store=${store} chosen=${shut} />`}
    ${drawer && html`<div class="veil" onClick=${shut}></div>`}
    <${Dialogs} store=${store} />
  </div>`;
}
