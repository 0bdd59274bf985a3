// The current address as a signal, and the two ways to change it.
import { signal } from '@preact/signals';
import { parseRoute, type Route } from './route';

const here = (): Route => parseRoute(location.pathname, location.search);

export const route = signal<Route>(here());

addEventListener('popstate', () => {
  route.value = here();
});

export function navigate(path: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push' && path !== location.pathname + location.search) history.pushState(null, '', path);
  else history.replaceState(null, '', path);
  route.value = here();
}

/** Click handler for links inside the client: plain left clicks navigate without loading the page. */
export function followLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const link = (event.target as Element).closest('a');
  if (!link || link.target === '_blank' || link.hasAttribute('download')) return;
  const url = new URL(link.href, location.href);
  if (url.origin !== location.origin || /^\/(api|plugins)\//.test(url.pathname)) return;
  event.preventDefault();
  navigate(url.pathname + url.search);
}
