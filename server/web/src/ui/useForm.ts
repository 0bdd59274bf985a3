import { useState } from 'preact/hooks';
import { errorText } from '../api/client';

/** State of a form that sends something: busy while it runs, the error in words when it fails. */
export function useForm(submit: () => Promise<void>) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const onSubmit = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setError('');
    try {
      await submit();
    } catch (cause) {
      setError(errorText(cause));
    }
    setBusy(false);
  };
  return { busy, error, onSubmit };
}
