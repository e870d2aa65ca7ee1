// What this browser remembers between visits: never what was said.

const KEPT = 'neoirc';

export function remembered() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? '{}');
    return kept && typeof kept === 'object' ? kept : {};
  } catch {
    return {};
  }
}

export function remember(changes) {
  try {
    localStorage.setItem(KEPT, JSON.stringify({ ...remembered(), ...changes }));
  } catch { /* a browser that keeps nothing */ }
}
