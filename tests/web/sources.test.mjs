// The laws of the page, read from its source: it loads nothing from elsewhere, and text never becomes HTML.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const web = fileURLToPath(new URL('../../web/', import.meta.url));

/** The files below `web/`, without Swagger UI and other people's work. */
function files(extension, folder = web) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ['docs', 'vendor'].includes(entry.name) ? [] : files(extension, path);
    return entry.name.endsWith(extension) ? [path] : [];
  });
}

const name = (path) => relative(web, path);

test('the page is there', () => {
  assert.ok(existsSync(join(web, 'index.html')));
  assert.ok(files('.js').length > 0);
});

test('no text becomes HTML or program', () => {
  const forbidden = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function\(|setHTMLUnsafe|createContextualFragment|srcdoc/;
  for (const path of files('.js')) {
    readFileSync(path, 'utf8').split('\n').forEach((line, index) => {
      assert.ok(!forbidden.test(line), `${name(path)}:${index + 1}: ${line.trim()}`);
    });
  }
});

test('modules are named by paths that lead somewhere', () => {
  for (const path of files('.js')) {
    const text = readFileSync(path, 'utf8');
    for (const [, , named] of text.matchAll(/\b(import|from)\s*\(?\s*['"]([^'"\n]+)['"]/g)) {
      assert.match(named, /^\.{0,2}\//, `${name(path)} imports ${named}`);
      const target = named.startsWith('/') ? join(web, named) : join(dirname(path), named);
      assert.ok(existsSync(target), `${name(path)} imports ${named}`);
    }
  }
});

test('nothing is loaded from elsewhere, and no program stands in the HTML', () => {
  const html = readFileSync(join(web, 'index.html'), 'utf8');
  for (const [, value] of html.matchAll(/\b(?:src|href)\s*=\s*["']([^"']*)["']/g)) {
    assert.ok(!/^(?:[a-z]+:)?\/\//i.test(value), value);
  }
  assert.ok(!/\son\w+\s*=/i.test(html), 'no handler as an attribute');
  assert.ok(!/\sstyle\s*=/i.test(html), 'no style as an attribute');
  for (const [, attributes, body] of html.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/gi)) {
    assert.ok(/\bsrc\s*=/.test(attributes) && body.trim() === '', 'scripts are files');
  }
  for (const path of files('.css')) {
    assert.ok(!/@import|url\(\s*["']?(?:[a-z]+:)?\/\//i.test(readFileSync(path, 'utf8')), name(path));
  }
});
