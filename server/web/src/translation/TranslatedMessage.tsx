import type { Post } from '@mattermost/types/posts';
import { useState } from 'preact/hooks';
import { kindOfPost } from '../posts/kind';
import { Markdown } from '../posts/Markdown';
import { me } from '../store/session';
import { Icon } from '../ui/Icon';
import { chooseText, readerLanguages } from './choose';
import { languageName } from './languages';
import { myLanguage } from './load';

export const isTranslated = (post: Post) => kindOfPost(post) === 'custom_translation';

/** The message in the reader's language, with the way back to the original. */
export function TranslatedMessage({ post }: { post: Post }) {
  const [original, setOriginal] = useState(false);
  const shown = chooseText(post.message, post.props?.translations, readerLanguages(myLanguage.value, me.value?.locale ?? ''));
  return (
    <>
      <Markdown text={original ? post.message : shown.text} />
      {shown.language && (
        <div class="translated" title={`Into ${languageName(shown.language)}`}>
          <Icon name="globe" size={12} /> {original ? 'original' : 'translated'} ·{' '}
          <button type="button" class="link" onClick={() => setOriginal(!original)}>
            {original ? 'show translation' : 'show original'}
          </button>
        </div>
      )}
    </>
  );
}
