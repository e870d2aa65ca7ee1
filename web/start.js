// Where the page begins.

import { html, render } from './vendor/htm-preact.js';
import { Store } from './store.js';
import { App } from './ui/app.js';

const store = new Store();
const theme = store.setting('theme');
if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
render(html`<${App} store=${store} />`, document.getElementById('app'));
store.begin();
