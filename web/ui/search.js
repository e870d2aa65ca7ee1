// Searching: words, where and by whom, and what was found, which leads to where it was said.

import { html, useEffect, useRef, useState } from '../vendor/htm-preact.js';
import { find, findMore, jump, placeOf } from '../find.js';
import { SERVER, spoken } from '../state.js';
import { clean, cleanLine, cleanName, hue, same } from '../text.js';
import { Dialog } from './dialog.js';

const SHOWN = 300;

/** Text of one line that is not too long. */
function excerpt(text) {
  const line = cleanLine(text);
  return line.length > SHOWN ? `${line.slice(0, SHOWN)} …` : line;
}

function Found({ message, store, go }) {
  const line = spoken(message, store.state.nick);
  const place = placeOf(message, store.state.nick, store.found.fields.target);
  return html`<li><button type="button" onClick=${() => go(message.id, place)}>
    <small><time datetime=${line.ts}>${new Date(line.ts).toLocaleString()}</time> · <bdi>${cleanName(place)}</bdi></small>
    <span class="about"><bdi class=${`h${hue(line.nick)}`}>${cleanName(line.nick)}</bdi> <bdi dir="auto">${excerpt(line.text)}</bdi></span>
  </button></li>`;
}

export function Search({ store, close }) {
  const { here, searching } = store;
  // What was found last, unless something else is asked for.
  const found = searching?.q ? null : store.found;
  const place = here.name === SERVER ? found?.fields.target ?? '' : here.name;
  const [isHere, setHere] = useState(!found || same(found.fields.target, place));
  const field = useRef(null);
  useEffect(() => {
    field.current?.focus();
    if (!searching?.q) return;
    store.searching = null;
    find(store, searching);
  }, []);
  const search = (event) => {
    event.preventDefault();
    const { q, by } = event.currentTarget.elements;
    if (q.value.trim()) find(store, { q: q.value.trim(), from: by.value.trim(), target: isHere ? place : '' });
  };
  const go = (id, name) => {
    close();
    jump(store, id, name);
  };
  const count = found?.messages.length ?? 0;
  const said = !found || found.problem ? '' : found.isBusy && !count ? 'Searching …' : !found.isDone ? '' : count ? `${count} found${found.mayHaveMore ? ', and there may be more' : ''}` : 'Nothing found';
  return html`<${Dialog} label="Search" close=${close}>
    <form role="search" onSubmit=${search}>
      <label>Words<input ref=${field} name="q" type="search" defaultValue=${searching?.q ?? found?.fields.q ?? ''} autocomplete="off" maxlength="256" aria-describedby="howto" /></label>
      <p id="howto" class="hint">All of them are to be there; "several words" that follow each other; beginn*.</p>
      <label>Said by (a nick, optional)<input name="by" defaultValue=${found?.fields.from ?? ''} autocomplete="off" autocapitalize="off" spellcheck=${false} maxlength="32" /></label>
      ${place && html`<label class="check"><input type="checkbox" checked=${isHere} onChange=${(event) => setHere(event.target.checked)} /><span>Only in <bdi>${cleanName(place)}</bdi></span></label>`}
      <button type="submit" class="primary">Search</button>
    </form>
    <p role="alert" class="problem">${clean(found?.problem ?? '')}</p>
    <p role="status" class="hint">${said}</p>
    ${count > 0 && html`<ol class="found" aria-label="Found">${found.messages.map((message) => html`<${Found} key=${message.id} message=${message} store=${store} go=${go} />`)}</ol>`}
    ${found?.mayHaveMore && html`<button type="button" disabled=${found.isBusy} onClick=${() => findMore(store)}>More</button>`}
  <//>`;
}
