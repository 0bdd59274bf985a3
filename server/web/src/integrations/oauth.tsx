import type { OAuthApp } from '@mattermost/types/integrations';
import { api } from '../api/client';
import { may } from '../store/permissions';
import { isAdmin } from '../store/session';
import { CheckField } from '../ui/CheckField';
import { CopyField } from '../ui/CopyField';
import { Field } from '../ui/Field';
import { TextArea } from '../ui/TextArea';
import { curl } from './curl';
import { Example } from './Example';
import { enabled, lines, siteUrl, type FormProps, type Kind } from './kind';
import { renewToken } from './renew';

export const oauth: Kind<OAuthApp> = {
  id: 'oauth2-apps',
  title: 'OAuth 2 applications',
  one: 'application',
  icon: 'lock',
  lead: 'Programs in which people log in with their account of this site, and which then act for them.',
  allowed: () => enabled('EnableOAuthServiceProvider') && may('manage_oauth'),
  list: (_, page, size) => api.getOAuthApps(page, size),
  key: (app) => app.id,
  name: (app) => app.name,
  detail: (app) => [app.description, app.homepage].filter(Boolean).join(' · '),
  blank: () => ({ name: '', description: '', homepage: '', icon_url: '', callback_urls: [], is_trusted: false, is_public: false }) as unknown as OAuthApp,
  create: (app) => api.createOAuthApp(app),
  update: (app) => api.editOAuthApp(app),
  remove: (app) => api.deleteOAuthApp(app.id),
  more: (app, reload) => (app.is_public ? [] : [renewToken('secret', () => api.regenOAuthAppSecret(app.id), reload)]),
  Form,
  Use,
};

function Form({ value, set, fresh }: FormProps<OAuthApp>) {
  return (
    <>
      <Field label="Name" required autofocus maxLength={64} value={value.name} onValue={(text) => set({ name: text })} hint="People see it when they are asked whether they trust it." />
      <Field label="Description" required maxLength={512} value={value.description} onValue={(text) => set({ description: text })} />
      <Field label="Home page" type="url" required maxLength={256} value={value.homepage} onValue={(text) => set({ homepage: text })} />
      <TextArea label="Addresses to return to" required value={value.callback_urls.join('\n')} onValue={(text) => set({ callback_urls: text.split('\n') })} hint="One a line. The program sends people back to one of these after the log-in." />
      <Field label="Address of a picture" type="url" maxLength={512} value={value.icon_url} onValue={(text) => set({ icon_url: text })} hint="Optional." />
      {fresh && <CheckField label="Runs where it cannot keep a secret" checked={Boolean(value.is_public)} onChecked={(on) => set({ is_public: on })} hint="In a browser or on a phone. It then has no secret and must use PKCE." />}
      {isAdmin.value && <CheckField label="Trusted" checked={value.is_trusted} onChecked={(on) => set({ is_trusted: on })} hint="People are not asked whether it may act for them." />}
    </>
  );
}

function Use({ value }: { value: OAuthApp }) {
  const back = lines(value.callback_urls.join('\n'))[0] ?? '';
  const query = new URLSearchParams({ response_type: 'code', client_id: value.id, redirect_uri: back, state: 'any-text' });
  const secret: Record<string, string> = value.client_secret ? { client_secret: value.client_secret } : { code_verifier: 'VERIFIER' };
  const form = { grant_type: 'authorization_code', client_id: value.id, ...secret, redirect_uri: back, code: 'CODE' };
  return (
    <>
      <CopyField label="Client id" value={value.id} />
      {value.client_secret && <CopyField label="Client secret" value={value.client_secret} hint="Known to the program and nobody else." />}
      <CopyField label="Log-in address" value={`${siteUrl()}/oauth/authorize?${query}${value.client_secret ? '' : '&code_challenge_method=S256&code_challenge=CHALLENGE'}`} hint="Open it in a browser. It returns with ?code=… behind the address to return to." />
      <Example title="Change the code into a token (put it in place of CODE)" text={curl({ url: `${siteUrl()}/oauth/access_token`, form })} />
    </>
  );
}
