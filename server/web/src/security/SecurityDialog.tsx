// Second factor, sessions and access tokens of one's own account.
import { config, me } from '../store/session';
import { Dialog } from '../ui/Dialog';
import { MfaSection } from './MfaSection';
import { PasswordSection } from './PasswordSection';
import { ServiceSection } from './ServiceSection';
import { SessionsSection } from './SessionsSection';
import { TokensSection } from './TokensSection';

export default function SecurityDialog() {
  const user = me.value;
  if (!user) return null;
  return (
    <Dialog title="Security">
      {config.value.EnableMultifactorAuthentication === 'true' && <MfaSection user={user} />}
      {!user.auth_service && <PasswordSection user={user} />}
      <ServiceSection user={user} />
      <SessionsSection user={user} />
      {config.value.EnableUserAccessTokens === 'true' && <TokensSection userId={user.id} />}
    </Dialog>
  );
}
