// Which channels are translated, into what, and the reader's own language.
import { computed, signal } from '@preact/signals';
import { plugin } from '../api/client';
import { preference, savePreference } from '../store/preferences';
import { me } from '../store/session';

const TRANSLATIONS = 'mattermost-channel-translations';
/** The category is cut to 32 characters upstream. */
const CATEGORY = 'pp_mattermost-channel-translatio';
const NAME = 'translation_language';

export const languages = signal<string[]>([]);
export const translationAvailable = signal(false);
export const translatedChannels = signal<Record<string, boolean>>({});

export const myLanguage = computed(() => preference(CATEGORY, NAME) || me.value?.locale || 'en');

export async function loadTranslation(): Promise<void> {
  try {
    const answer = await plugin<{ languages: string[] | null; userPreference: string }>(TRANSLATIONS, '/translation/languages');
    languages.value = (answer.languages ?? []).map((code) => code.trim()).filter(Boolean);
    translationAvailable.value = true;
  } catch {
    // A server without translation: nothing about it is shown.
    translationAvailable.value = false;
  }
}

export async function loadChannelTranslation(channelId: string): Promise<void> {
  try {
    const { enabled } = await plugin<{ enabled: boolean }>(TRANSLATIONS, `/channel/${channelId}/translations`);
    translatedChannels.value = { ...translatedChannels.value, [channelId]: enabled };
  } catch {
    // Unknown counts as off.
  }
}

export async function setChannelTranslation(channelId: string, enabled: boolean): Promise<void> {
  const answer = await plugin<{ enabled: boolean }>(TRANSLATIONS, `/channel/${channelId}/translations`, 'post', { enabled });
  translatedChannels.value = { ...translatedChannels.value, [channelId]: answer?.enabled ?? enabled };
}

export async function saveMyLanguage(language: string): Promise<void> {
  await plugin(TRANSLATIONS, '/translation/user_preference', 'post', { language });
  await savePreference(CATEGORY, NAME, language);
}
