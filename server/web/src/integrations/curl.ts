// Commands that try an integration out, safe to paste into a shell.

export interface CurlRequest {
  url: string;
  method?: string;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as a form. */
  form?: Record<string, string>;
}

const PLAIN = /^[A-Za-z0-9_/:=@.,+-]+$/;

/** One word of a POSIX shell. */
export function quoted(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

export function curl({ url, method, headers = {}, json, form }: CurlRequest): string {
  const parts = ['curl'];
  if (method) parts.push(`-X ${method}`);
  const all = json === undefined ? headers : { ...headers, 'Content-Type': 'application/json' };
  for (const [name, value] of Object.entries(all)) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (json !== undefined) parts.push(`-d ${quoted(JSON.stringify(json))}`);
  for (const [name, value] of Object.entries(form ?? {})) parts.push(`--data-urlencode ${quoted(`${name}=${value}`)}`);
  parts.push(quoted(url));
  return parts.join(' \\\n  ');
}
