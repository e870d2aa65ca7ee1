// The menu: search, account, devices, password, notifications, theme, help, the way out.

import { html, useEffect, useRef, useState } from '../vendor/htm-preact.js';

const THEMES = ['system', 'light', 'dark'];

export function Menu({ store }) {
  const [isOpen, setOpen] = useState(false);
  const box = useRef(null);
  const theme = store.setting('theme') ?? 'system';
  const notifies = store.setting('notify') && typeof Notification === 'function' && Notification.permission === 'granted';
  useEffect(() => {
    if (!isOpen) return undefined;
    box.current.querySelector('[role=menuitem]').focus();
    const outside = (event) => { if (!box.current?.contains(event.target)) setOpen(false); };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, [isOpen]);

  function shut() {
    setOpen(false);
    box.current.querySelector('button').focus();
  }

  function pressed(event) {
    const all = [...box.current.querySelectorAll('[role=menuitem]')];
    const at = all.indexOf(document.activeElement);
    if (event.key === 'Escape' || event.key === 'Tab') shut();
    else if (event.altKey) return;
    else if (event.key === 'ArrowDown') all[(at + 1) % all.length].focus();
    else if (event.key === 'ArrowUp') all[(at + all.length - 1) % all.length].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function turn() {
    const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    store.setSetting('theme', next);
    if (next === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
  }

  async function notify() {
    if (typeof Notification !== 'function') {
      store.tell('This browser shows no notifications here.', 'error');
      return;
    }
    const wanted = !notifies && await Notification.requestPermission() === 'granted';
    store.setSetting('notify', wanted);
    if (!notifies && !wanted) store.tell('The browser does not allow notifications.', 'error');
  }

  const open = (dialog) => () => {
    shut();
    store.set({ dialog });
  };
  const entries = [
    ['Search', open('search')], ['Account', open('account')], ['Devices', open('devices')], ['Set password', open('password')],
    [`Notifications: ${notifies ? 'on' : 'off'}`, notify], [`Theme: ${theme}`, turn],
    ['Help', open('help')], ['Log out', open('logout')],
  ];
  return html`<div class="menu" ref=${box}>
    <button type="button" aria-haspopup="menu" aria-expanded=${isOpen ? 'true' : 'false'} aria-label="Menu" onClick=${() => setOpen(!isOpen)}>⋯</button>
    ${isOpen && html`<div role="menu" aria-label="Menu" onKeyDown=${pressed}>
      ${entries.map(([label, act]) => html`<button type="button" role="menuitem" tabindex="-1" key=${label.split(':')[0]} onClick=${act}>${label}</button>`)}
    </div>`}
  </div>`;
}
