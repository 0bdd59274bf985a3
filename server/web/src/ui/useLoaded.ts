import { useEffect, useState } from 'preact/hooks';
import { ClientError } from '@mattermost/client';
import { errorText } from '../api/client';

export interface Loaded<T> {
  value: T | null;
  error: string;
  /** The server does not know the call, or this user may not make it. */
  absent: boolean;
  reload: () => void;
}

/** Fetches something when the component appears or `key` changes. */
export function useLoaded<T>(fetch: () => Promise<T>, key = ''): Loaded<T> {
  const [turn, setTurn] = useState(0);
  const [state, setState] = useState<{ value: T | null; error: string; absent: boolean }>({ value: null, error: '', absent: false });
  useEffect(() => {
    let current = true;
    fetch().then(
      (value) => current && setState({ value, error: '', absent: false }),
      (cause) => {
        const absent = cause instanceof ClientError && [403, 404, 501].includes(cause.status_code ?? 0);
        if (current) setState((old) => ({ value: old.value, error: errorText(cause), absent }));
      },
    );
    return () => {
      current = false;
    };
  }, [turn, key]);
  return { ...state, reload: () => setTurn((old) => old + 1) };
}
