// Who is signed in, and what the server says about itself.
import { computed, signal } from '@preact/signals';
import type { UserProfile } from '@mattermost/types/users';

export type Phase = 'loading' | 'signedOut' | 'ready' | 'failed';

export const phase = signal<Phase>('loading');
/** Why `phase` is `failed`. */
export const failure = signal('');
export const me = signal<UserProfile | null>(null);
/** The server's client configuration: every value is text. */
export const config = signal<Record<string, string>>({});

export const myId = computed(() => me.value?.id ?? '');
export const isAdmin = computed(() => (me.value?.roles ?? '').split(' ').includes('system_admin'));
/** A fresh server: the first account becomes its administrator. */
export const noAccounts = computed(() => config.value.NoAccounts === 'true');
export const siteName = computed(() => config.value.SiteName || 'Muster');
