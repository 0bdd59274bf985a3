// The one REST client. Everything under /api/v4 goes through `api`; plugins go through `plugin()`.
import { Client4, ClientError } from '@mattermost/client';
import { t } from '../locale/locale';

/** Deadline of an ordinary request; uploads have none, they report progress and can be cancelled. */
const REQUEST_DEADLINE_MS = 30_000;

type FetchOptions = Parameters<InstanceType<typeof Client4>['getOptions']>[0];

class Api extends Client4 {
  override getOptions(options: FetchOptions) {
    const withDeadline = { signal: AbortSignal.timeout(REQUEST_DEADLINE_MS), ...options };
    return super.getOptions(withDeadline as FetchOptions);
  }

  /** A call under `/api/v4` that the library has no name for. */
  call<T>(path: string, method: 'get' | 'post' | 'put' | 'delete', body?: unknown): Promise<T> {
    const options = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    return this.doFetch<T>(`${this.getBaseRoute()}${path}`, options as FetchOptions);
  }
}

export const api = new Api();
api.setUrl(location.origin);

/** A plugin's answer that was not 2xx: `message` is fit to be shown. */
export class PluginError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** Calls `/plugins/{id}{path}` with the session's cookie and CSRF token; answers the parsed JSON. */
export async function plugin<T>(id: string, path: string, method: 'get' | 'post' = 'get', body?: unknown): Promise<T> {
  const init = api.getOptions({
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
  } as FetchOptions);
  const answer = await fetch(`${location.origin}/plugins/${id}${path}`, init as RequestInit);
  const text = await answer.text();
  const parsed = parseJson(text);
  if (!answer.ok) throw new PluginError(pluginMessage(parsed, text, answer.status), answer.status);
  return parsed as T;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Some plugin routes answer an empty body or plain text; their callers need no value.
    return undefined;
  }
}

function pluginMessage(parsed: unknown, text: string, status: number): string {
  if (parsed && typeof parsed === 'object') {
    const { message, error } = parsed as { message?: unknown; error?: unknown };
    if (typeof message === 'string' && message) return message;
    if (typeof error === 'string' && error) return error;
  }
  return text.trim().slice(0, 200) || `The server answered ${status}.`;
}

/** A sentence for people from anything that was thrown. */
export function errorText(cause: unknown): string {
  if (cause instanceof ClientError || cause instanceof PluginError) return cause.message || t('error.refused');
  if (cause instanceof DOMException && cause.name === 'TimeoutError') return t('error.timeout');
  if (cause instanceof TypeError) return t('error.unreachable');
  if (cause instanceof Error && cause.message) return cause.message;
  return t('error.unknown');
}

/** True when the server says that the session is gone. */
export function isSignedOut(cause: unknown): boolean {
  return cause instanceof ClientError && cause.status_code === 401;
}
