// Which of the box's services are ready. A button whose service is down says so and comes back by itself.
import { signal } from '@preact/signals';

export type ServiceName = 'rtcd' | 'offloader' | 'llm';

export interface Service {
  ready: boolean;
  reason: string;
}

const POLL_MS = 15_000;

export const services = signal<Partial<Record<ServiceName, Service>>>({});

const TITLES: Record<ServiceName, string> = {
  rtcd: 'The call service',
  offloader: 'The recording service',
  llm: 'The language model',
};

/** Empty when the service can be used; otherwise a sentence for the tooltip. Unknown counts as ready. */
export function missing(name: ServiceName): string {
  const service = services.value[name];
  if (!service || service.ready) return '';
  return service.reason ? `${TITLES[name]} is not available: ${service.reason}` : `${TITLES[name]} is not available right now.`;
}

async function poll(): Promise<void> {
  try {
    const answer = await fetch('/api/v4/muster/services', {
      headers: { 'X-Requested-With': 'XMLHttpRequest' },
      signal: AbortSignal.timeout(10_000),
    });
    // A server without this route (another Mattermost server) has no services to report.
    if (answer.ok && answer.headers.get('content-type')?.includes('json')) services.value = await answer.json();
  } catch {
    // The connection banner already tells that the server is away; the last known answer stays.
  }
}

/** Polls until the returned function is called. */
export function watchServices(): () => void {
  void poll();
  const timer = setInterval(() => void poll(), POLL_MS);
  return () => clearInterval(timer);
}
