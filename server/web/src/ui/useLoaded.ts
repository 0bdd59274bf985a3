import { useEffect, useState } from 'preact/hooks';
import { ClientError } from '@mattermost/client';
import { errorText } from '../api/client';

export interface Loaded<T> {
  value: T | null;
  error: string;
  /** The server does not know the call, or this user may not make it. */
  absent: boolean;
  /** The HTTP status of the refusal; 0 when there was none. */
  status: number;
  reload: () => void;
}

const NOTHING = { value: null, error: '', absent: false, status: 0 };

/** Fetches something when the component appears or `key` changes. */
export function useLoaded<T>(fetch: () => Promise<T>, key = ''): Loaded<T> {
  const [turn, setTurn] = useState(0);
  const [state, setState] = useState<Omit<Loaded<T>, 'reload'>>(NOTHING);
  useEffect(() => {
    let current = true;
    fetch().then(
      (value) => current && setState({ ...NOTHING, value }),
      (cause) => {
        const status = cause instanceof ClientError ? (cause.status_code ?? 0) : 0;
        if (current) setState((old) => ({ value: old.value, error: errorText(cause), absent: [403, 404, 501].includes(status), status }));
      },
    );
    return () => {
      current = false;
    };
  }, [turn, key]);
  return { ...state, reload: () => setTurn((old) => old + 1) };
}
