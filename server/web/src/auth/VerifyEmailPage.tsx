import { useEffect, useState } from 'preact/hooks';
import { api, errorText } from '../api/client';
import { followLink } from '../routing/navigate';
import { ErrorNote, Spinner } from '../ui/states';
import { AuthFrame } from './AuthFrame';

/** Somebody opened the link that shows that an address is theirs. */
export function VerifyEmailPage({ code }: { code: string }) {
  const [done, setDone] = useState(false);
  const [error, setError] = useState('');
  useEffect(() => {
    api.verifyUserEmail(code).then(
      () => setDone(true),
      (cause) => setError(errorText(cause)),
    );
  }, [code]);
  return (
    <AuthFrame title="Your address">
      {!done && !error && <Spinner />}
      {done && <p>Thank you: the address is yours.</p>}
      {error && <ErrorNote text={error} />}
      <p class="form-foot" onClick={followLink}>
        <a href="/">Go on</a>
      </p>
    </AuthFrame>
  );
}
